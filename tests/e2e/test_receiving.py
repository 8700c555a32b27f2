# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes by SMTP and goes on: trusted networks, reports of deliveries, rules that forward."""
import email
import smtplib
import subprocess

import dkim
import pytest

from peers.kontor import NO_CHECKS, Kontor
from peers.mailbox import snapshot
from peers.ports import wait_for
from peers.smtp_server import SmtpServer

LOCAL = "127.0.0.0/8"


@pytest.fixture(scope="module")
def peer():
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def relay(tmp_path_factory, peer):
    """A server that sends everything to `peer`, for whoever is on this machine."""
    server = Kontor(tmp_path_factory.mktemp("relay"), smtp=NO_CHECKS + f'trusted_networks = ["{LOCAL}"]\n',
                    more=f'[sending]\nsmart_hosts = ["* 127.0.0.1:{peer.port} tls=none"]\n')
    server.start()
    server.populate()
    yield server
    server.close()


def inbox(kontor, user="ada@example.org"):
    with kontor.imap(user) as client:
        return [content for *_, content in snapshot(client)["INBOX"][1]]


def taken(peer, subject):
    return [one for one in list(peer.taken) if email.message_from_bytes(one.content)["Subject"] == subject]


def test_swaks_sends_through_a_trusted_network(relay, peer):
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{relay.port('smtp')}", "--tls", "--from", "scan@example.org",
                           "--to", "bob@example.net,ada@example.org", "--header", "Subject: a page"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Queued as" in done.stdout, done.stdout + done.stderr
    one = wait_for(lambda: taken(peer, "a page"), "the page to leave")[0]
    assert one.recipients == ["bob@example.net"] and one.sender == "scan@example.org"
    assert b"with ESMTPS id" in one.content
    wait_for(lambda: [m for m in inbox(relay) if b"Subject: a page" in m], "the page to arrive here")


def test_nobody_reaches_this_machine_by_its_address(relay):
    with relay.smtp() as client:
        client.ehlo()
        client.mail("scan@example.org")
        for address in ("x@[127.0.0.1]", "x@[IPv6:::1]", "x@[10.1.2.3]", "x@[IPv6:fe80::1]"):
            assert client.rcpt(address)[0] == 550, address


def test_who_asks_is_told_of_a_delivery_here_and_elsewhere(relay, peer):
    with relay.smtp() as client:
        client.sendmail("cy@example.com", ["ben@example.org"], b"Subject: told\r\n\r\nx\r\n", ["RET=HDRS", "ENVID=e7"],
                        ["NOTIFY=SUCCESS", "ORCPT=rfc822;b@example.org"])
        report = email.message_from_bytes(wait_for(lambda: [t for t in list(peer.taken) if t.recipients == ["cy@example.com"]], "the report")[0].content)
    told = report.get_payload()[1].get_payload()
    assert told[0]["Original-Envelope-Id"] == "e7"
    assert (told[1]["Action"], told[1]["Final-Recipient"], told[1]["Original-Recipient"]) == ("delivered", "rfc822; ben@example.org", "rfc822; b@example.org")
    # The peer reports on its own: it is told who wants to know.
    with relay.smtp() as client:
        client.sendmail("cy@example.com", ["bob@example.net"], b"Subject: passed on\r\n\r\nx\r\n", ["RET=HDRS", "ENVID=e8"], ["NOTIFY=SUCCESS,DELAY"])
    wait_for(lambda: taken(peer, "passed on"), "the message to leave")
    assert any("ENVID=e8" in line and "RET=HDRS" in line for line in peer.commands)
    assert any("bob@example.net" in line and "NOTIFY=SUCCESS,DELAY" in line for line in peer.commands)


def test_a_forward_keeps_what_was_asked_about_failures(relay, peer, tmp_path):
    (tmp_path / "script").write_text('require "copy"; redirect :copy "far@example.net";')
    relay.run("sieve", "put", "ben@example.org", "on", "--script", tmp_path / "script", "--activate")
    with relay.smtp() as client:
        client.sendmail("cy@example.com", ["ben@example.org"], b"Subject: onward\r\nMessage-ID: <onward@x>\r\n\r\nx\r\n", ["ENVID=e9"],
                        ["NOTIFY=SUCCESS,FAILURE"])
    wait_for(lambda: taken(peer, "onward"), "the forward")
    assert any("far@example.net" in line and line.endswith("NOTIFY=FAILURE") for line in peer.commands), peer.commands


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """A server and three peers: one takes everything, one 8-bit text, one ASCII."""
    everything = ("PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME")
    with SmtpServer(offers=everything) as any_peer, SmtpServer(offers=("PIPELINING", "8BITMIME")) as eight, SmtpServer(offers=("PIPELINING",)) as seven:
        hosts = ", ".join(f'"to:{name}.example 127.0.0.1:{peer.port}"' for name, peer in (("any", any_peer), ("eight", eight), ("seven", seven)))
        server = Kontor(tmp_path_factory.mktemp("narrow"), smtp=NO_CHECKS + f'trusted_networks = ["{LOCAL}"]\n', more=f"[sending]\nsmart_hosts = [{hosts}]\n")
        server.start()
        server.populate()
        keys = server.json("domain", "dkim", "add", "example.org")
        yield server, any_peer, eight, seven, {key["record_name"] + ".": key["record"].encode() for key in keys}
        server.close()


def bring(server, message, *recipients, body="BINARYMIME"):
    with server.smtp() as client:
        client.ehlo()
        assert client.mail("ada@example.org", [f"BODY={body}"])[0] == 250
        for one in recipients:
            assert client.rcpt(one)[0] == 250
        for start in range(0, len(message), 100_000):
            piece = message[start:start + 100_000]
            client.send(b"BDAT %d%s\r\n" % (len(piece), b" LAST" if start + 100_000 >= len(message) else b"") + piece)
            assert client.getreply()[0] == 250


PICTURE = bytes(range(256)) * 2000
BINARY = b"From: ada@example.org\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <picture@example.org>\r\nMIME-Version: 1.0\r\n" \
    b"Subject: picture\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n" \
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe aus dem Norden der Republik\r\n" \
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" + PICTURE + b"\r\n--b--\r\n"


def test_a_binary_message_is_made_over_for_hosts_that_take_less(narrow):
    server, any_peer, eight, seven, records = narrow
    bring(server, BINARY, "x@any.example", "x@eight.example", "x@seven.example", "ada@example.org")
    for peer in (any_peer, eight, seven):
        wait_for(lambda: peer.taken, "the message to leave")
    mine, = wait_for(lambda: inbox(server), "the message to arrive here")
    assert mine.endswith(BINARY) and any_peer.taken[0].content.endswith(BINARY), "byte for byte"
    assert b"\0" not in eight.taken[0].content and b"Gr\xc3\xbc\xc3\x9fe" in eight.taken[0].content
    assert max(seven.taken[0].content) < 128
    for peer in (eight, seven):
        content = peer.taken[0].content
        text, picture = email.message_from_bytes(content).get_payload()
        assert text.get_payload(decode=True).decode().rstrip() == "Grüße aus dem Norden der Republik"
        assert picture.get_payload(decode=True) == PICTURE
    # (The verifier itself takes LF alone for a line's end, and so cannot judge the binary one.)
    for peer in (eight, seven):
        for index in range(2):
            verifier = dkim.DKIM(peer.taken[0].content)
            assert verifier.verify(index, dnsfunc=lambda name, timeout=5: records.get(name.decode() if isinstance(name, bytes) else name)), "what is sent is signed"


def test_what_is_signed_by_its_author_comes_back_instead(narrow):
    server, _, eight, seven, _ = narrow
    signed = b"From: ada@example.org\r\nSubject: signed\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n" \
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n" \
        b"--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"
    bring(server, signed, "x@seven.example", "x@eight.example", body="8BITMIME")
    report = wait_for(lambda: [m for m in inbox(server) if b"multipart/report" in m], "the report")[0]
    assert b"5.6.3" in report and b"x@seven.example" in report and b"x@eight.example" not in report
    wait_for(lambda: taken(eight, "signed"), "the other copy to leave")
    assert not taken(seven, "signed")


def test_others_are_no_trusted_network(make_kontor, peer):
    kontor = make_kontor(smtp=NO_CHECKS + 'trusted_networks = ["192.0.2.0/24"]\n')
    kontor.start()
    kontor.populate()
    with kontor.smtp() as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("scan@example.org", ["bob@example.net"], b"Subject: no\r\n\r\nx\r\n")
