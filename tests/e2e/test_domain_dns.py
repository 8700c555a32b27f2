# SPDX-License-Identifier: AGPL-3.0-or-later
"""What DNS must say of a domain, printed as a zone that a real name server takes, and compared with what that says."""
import json
import re

import pytest

from peers.kontor import CommandFailed
from peers.name_server import NameServer

HOST = 'hostname = "mx.example.org"'


@pytest.fixture
def server(make_kontor):
    kontor = make_kontor(server=HOST, more='[dns]\ntrust_anchor_file = ""\n')
    kontor.start()
    kontor.populate()
    kontor.run("domain", "dkim", "add", "example.org")
    return kontor


def zone_of(kontor):
    """The printed records as lines of a zone, with the addresses that only people know."""
    lines = [line for line in kontor.run("domain", "dns", "example.org").stdout.splitlines() if line and not line.startswith(";")]
    return [*lines, "mx A 192.0.2.7"]


def checked(kontor, names, *options):
    done = kontor.run("domain", "check", "example.org", "--server", f"127.0.0.1:{names.port}", "--json", *options, check=False)
    answer = json.loads(done.stdout)
    return done.returncode, answer, {(r["type"], r["name"]): r for r in answer["records"]}


REVERSE = {"2.0.192.in-addr.arpa": ["7 PTR mx.example.org."]}


@pytest.mark.short
def test_what_is_printed_is_what_is_checked(server):
    printed = server.run("domain", "dns", "example.org").stdout
    assert 'example.org. IN MX 10 mx.example.org.' in printed and "mode: testing" in printed and "PRIVATE" not in printed
    names = NameServer({"example.org": zone_of(server), **REVERSE})
    try:
        code, answer, records = checked(server, names)
        assert (code, answer["faults"], answer["unknown"]) == (0, 0, 0), answer
        assert {r["state"] for r in answer["records"] if r["need"] != "may"} == {"ok"}, answer
        text = server.run("domain", "check", "example.org", "--server", f"127.0.0.1:{names.port}").stdout
        assert re.search(r"^ok +MX +example.org$", text, re.M) and "0 faults" in text
    finally:
        names.close()
    server.stop()
    server.config.write_text(server.config.read_text().replace('[imap]\nlisten_tls = ["127.0.0.1:0"]', '[imap]\nlisten_tls = ["*:993"]'))
    assert "_imaps._tcp.example.org. IN SRV 0 1 993 mx.example.org." in server.run("domain", "dns", "example.org").stdout, "without a server"


def test_what_is_wrong_is_told(server):
    zone = [line for line in zone_of(server) if " MX " not in line and "v=spf1" not in line and "k=ed25519" not in line]
    zone += ["$TTL 86400", "@ MX 10 old.example.net.", '@ TXT "v=spf1 ip4:198.51.100.0/24 -all"', "_25._tcp.mx TLSA 3 1 1 " + "00" * 32]
    names = NameServer({"example.org": zone})
    try:
        code, answer, records = checked(server, names)
        assert code == 1
        states = {key: record["state"] for key, record in records.items() if record["state"] not in ("ok", "not needed")}
        ed25519 = next(key["record_name"] for key in server.json("domain", "dkim", "list") if key["algorithm"] == "ed25519")
        assert states == {("MX", "example.org"): "differs", ("TXT", "example.org"): "differs", ("TXT", ed25519): "missing",
                          ("TLSA", "_25._tcp.mx.example.org"): "differs", ("PTR", "mx.example.org"): "unknown"}
        assert records["MX", "example.org"]["found"] == ["10 old.example.net."]
        assert '"fail"' in records["TXT", "example.org"]["note"]
        code, answer, records = checked(server, names, "--before")
        assert records["MX", "example.org"]["state"] == "later" and not records["MX", "example.org"]["fault"]
        assert "86400 seconds" in records["MX", "example.org"]["note"]
    finally:
        names.close()


def test_without_an_answer_nothing_is_known(server):
    names = NameServer({"example.com": []})
    try:
        code, answer, records = checked(server, names)
        assert code == 1 and answer["unknown"] > 0 and records["MX", "example.org"]["state"] == "unknown"
    finally:
        names.close()
    with pytest.raises(CommandFailed):
        server.run("domain", "check", "nowhere.example")
