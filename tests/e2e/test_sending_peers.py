# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending by DNS to real peers: DANE with signed zones, policies of MTA-STS, Postfix as next hop and as smart host with a login."""
import hashlib
import shutil
import subprocess

import pytest

from peers.authority import Authority
from peers.name_server import NameServer
from peers.policy_server import PolicyServer
from peers.ports import wait_for
from peers.postfix import Postfix, is_usable as has_postfix
from peers.smtp_server import SmtpServer
from test_sending import MESSAGE, inbox, is_empty, put, sending  # noqa: F401


def tlsa_of(certificate):
    """DANE-EE of the certificate's key, as openssl finds it."""
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    return "3 1 1 " + hashlib.sha256(der).hexdigest()


def attempted(server, message):
    """What became of the message's only recipient, once it was tried."""
    return wait_for(lambda: [r for r in server.json("queue", "show", message)["recipients"] if r["attempts"] > 0], "an attempt")[0]


def taken_for(peer, address):
    return [taken for taken in peer.taken if address in taken.recipients]


@pytest.mark.skipif(shutil.which("ldns-signzone") is None, reason="no ldns-signzone")
def test_dane(sending, tmp_path):  # noqa: F811
    """The certificate comes from an authority that nobody knows: only what a signed zone says of it counts."""
    chain, key = Authority(tmp_path / "authority").issue("mx")
    good, wrong = tlsa_of(chain), "3 1 1 " + "0" * 64
    with SmtpServer(certificate=(chain, key)) as peer:
        def zone(tlsa):
            return ["@ MX 10 mx", "mx A 127.0.0.1", f"_{peer.port}._tcp.mx TLSA {tlsa}"]

        names = NameServer({"good.example": zone(good), "wrong.example": zone(wrong), "plain.example": zone(wrong)},
                           signed=("good.example", "wrong.example"))
        try:
            server = sending(more=f"port = {peer.port}\nmta_sts = false\nipv6 = false\n" + names.toml())
            ids = {domain: put(server, f"bob@{domain}.example") for domain in ("good", "wrong", "plain")}
            wait_for(lambda: len(peer.taken) == 2, "two to be taken")
            assert [taken_for(peer, f"bob@{domain}.example")[0].is_encrypted for domain in ("good", "plain")] == [True, True]
            refused = attempted(server, ids["wrong"])
            assert (refused["status"], refused["state"]) == ("4.7.5", "waiting")
            assert not taken_for(peer, "bob@wrong.example")
            # A host under DANE that offers no TLS any more gets nothing in the clear.
            peer.tls = None
            stripped = attempted(server, put(server, "eve@good.example"))
            assert stripped["status"].startswith("4.7") and not taken_for(peer, "eve@good.example")
        finally:
            names.close()


def policy(mode, host):
    return f"version: STSv1\nmode: {mode}\nmx: {host}\nmax_age: 86400\n"


def test_mta_sts(sending, tmp_path):  # noqa: F811
    authority = Authority(tmp_path / "authority")
    modes = {"good": ("enforce", "mx.good.example"), "strict": ("enforce", "*.strict.example"), "other": ("enforce", "mx.elsewhere.example"),
             "trying": ("testing", "mx.elsewhere.example"), "off": ("none", "mx.elsewhere.example")}
    hosts = authority.issue("policies", ",".join(f"DNS:mta-sts.{name}.example" for name in modes))
    web = PolicyServer({f"{name}.example": policy(*how) for name, how in modes.items()}, hosts)
    # Good for the host of one domain alone; that of "strict" is named by its policy, but not by the certificate.
    with SmtpServer(certificate=authority.issue("mx", "DNS:mx.good.example")) as peer:
        names = NameServer({f"{name}.example": ["@ MX 10 mx", "mx A 127.0.0.1", "mta-sts A 127.0.0.1", '_mta-sts TXT "v=STSv1; id=1"'] for name in modes})
        try:
            server = sending(more=f'port = {peer.port}\nmta_sts_port = {web.port}\nipv6 = false\nauthorities = "{authority.certificate}"\n' + names.toml())
            ids = {name: put(server, f"bob@{name}.example") for name in modes}
            wait_for(lambda: len(peer.taken) == 3, "three to be taken")
            assert all(taken_for(peer, f"bob@{name}.example") for name in ("good", "trying", "off"))
            for name in ("strict", "other"):
                refused = attempted(server, ids[name])
                assert (refused["status"], refused["state"]) == ("4.7.5", "waiting"), name
            # What is known holds while the policies cannot be had, also after a restart.
            web.close()
            server.stop()
            server.start()
            assert attempted(server, put(server, "eve@strict.example"))["status"] == "4.7.5"
            put(server, "eve@good.example")
            wait_for(lambda: taken_for(peer, "eve@good.example"), "one more to be taken")
            assert set(web.asked.values()) == {1}, "each policy is fetched once"
        finally:
            names.close()


@pytest.mark.skipif(not has_postfix(), reason="Postfix needs root")
def test_one_message_for_all_kinds_of_recipients(sending):  # noqa: F811
    """Postfix, found by MX, takes what is its own; who is here, by name and by list, gets it without the network."""
    with Postfix() as postfix:
        names = NameServer({"example.net": ["@ MX 10 mx", "mx A 127.0.0.1"]})
        try:
            server = sending(more=f"port = {postfix.port}\nmta_sts = false\nipv6 = false\n" + names.toml())
            server.run("group", "add", "team@example.org", "--member", "ada@example.org,ben@example.org")
            put(server, "ben@example.org", "team@example.org", "bob@example.net", "unknown@example.net", options=["--notify", "failure"])
            wait_for(lambda: is_empty(server), "the queue to be empty")
            wait_for(lambda: postfix.box("bob"), "Postfix to file what it has taken: " + postfix.log())
            assert postfix.box("bob").count(b"Subject: one") == 1
            assert [m["Subject"] for m in inbox(server, "ben@example.org")] == ["one", "one"], "for himself and by the list"
            subjects = [m["Subject"] for m in inbox(server)]
            assert sorted(subjects) == ["Undelivered mail", "one"]
        finally:
            names.close()


@pytest.mark.skipif(not has_postfix(), reason="Postfix needs root")
def test_a_smart_host_for_one_tenant(sending, tmp_path):  # noqa: F811
    password = tmp_path / "password"
    password.write_text("hunter2\n")
    with SmtpServer() as end, Postfix(relay=end.port, logins={"kontor": "hunter2"}) as postfix, SmtpServer() as direct:
        server = sending(f"tenant:acme 127.0.0.1:{postfix.port} user=kontor password_file={password} tls=none", f"* 127.0.0.1:{direct.port}")
        server.run("tenant", "add", "other")
        server.run("domain", "add", "example.com", "--tenant", "other")
        server.add_user("cleo@example.com")
        put(server, "bob@elsewhere.example")
        put(server, "bob@elsewhere.example", sender="cleo@example.com")
        wait_for(lambda: end.taken and direct.taken, "both to arrive")
        assert (end.taken[0].sender, direct.taken[0].sender) == ("ada@example.org", "cleo@example.com")
        assert b"by mx.example.net (Postfix)" in end.taken[0].content and b"Postfix" not in direct.taken[0].content
        assert "sasl_username=kontor" in postfix.log()
        # A password that is wrong now: mail waits, and goes once it is mended.
        password.write_text("wrong\n")
        server.stop()
        server.start()
        waiting = attempted(server, (message := put(server, "eve@elsewhere.example")))
        assert (waiting["code"], waiting["state"]) == (535, "waiting")
        password.write_text("hunter2\n")
        server.run("queue", "retry", message)
        wait_for(lambda: taken_for(end, "eve@elsewhere.example"), "the mended one")


# A machine of its own, as far as names go: the verifiers ask whom /etc/resolv.conf names, on port 53.
VERIFY = """
ip link set lo up && mount --bind {folder}/resolv.conf /etc/resolv.conf || exit 99
/usr/sbin/nsd -d -c {folder}/nsd.conf &
names=$!
for i in 1 2 3 4 5 6 7 8 9 10; do python3 -c 'import dns.resolver; dns.resolver.resolve("example.org", "NS", lifetime=1)' 2>/dev/null && break; sleep 0.2; done
opendkim-testmsg -C < {folder}/message; echo "opendkim $?"
for i in 0 1; do dkimverify --index $i < {folder}/message; echo "dkimverify $?"; done
kill $names; wait
"""
NSD = """server:
  port: 53
  ip-address: 127.0.0.1
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "{folder}/zones"
remote-control:
  control-enable: no
zone:
  name: "example.org"
  zonefile: "example.org"
"""


@pytest.mark.skipif(not has_postfix() or not all(map(shutil.which, ("unshare", "opendkim-testmsg", "dkimverify"))), reason="needs root and the verifiers")
def test_the_verifiers_of_others_find_our_signatures_good(sending, tmp_path):  # noqa: F811
    with SmtpServer() as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        server.run("domain", "dkim", "add", "example.org")
        put(server, "bob@example.net")
        wait_for(lambda: peer.taken, "the message")
        records = [line for line in server.run("domain", "dkim", "list").stdout.splitlines() if " IN TXT " in line]
    (tmp_path / "example.org").write_text("\n".join(["$ORIGIN example.org.", "$TTL 60", "@ SOA ns hostmaster 1 60 60 60 60", "@ NS ns", "ns A 127.0.0.1", *records, ""]))
    (tmp_path / "nsd.conf").write_text(NSD.format(folder=tmp_path))
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")

    def verify(message):
        (tmp_path / "message").write_bytes(message)
        done = subprocess.run(["unshare", "-mn", "sh", "-c", VERIFY.format(folder=tmp_path)], capture_output=True, text=True, timeout=60)
        return [line for line in done.stdout.splitlines() if line.startswith(("opendkim ", "dkimverify "))], done

    good, done = verify(peer.taken[0].content)
    assert good == ["opendkim 0", "dkimverify 0", "dkimverify 0"], done
    forged, done = verify(peer.taken[0].content.replace(b"Hello", b"Hallo"))
    assert forged[0] != "opendkim 0" and forged[1:] == ["dkimverify 1", "dkimverify 1"], done
