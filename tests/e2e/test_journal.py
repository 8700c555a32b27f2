# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies of a tenant's mail for its archive: complete, byte for byte, once, and never lost."""
import email
import email.policy
import smtplib

import pytest

from peers.kontor import Kontor
from peers.ports import wait_for
from peers.smtp_server import SmtpServer

CONFIG = """
[submission]
listen_tls = ["127.0.0.1:0"]
[sending]
smart_hosts = ["* 127.0.0.1:{port}"]
[queue]
retry_first = "1s"
"""
ARCHIVE = "vault@archive.example"


@pytest.fixture(scope="module")
def peer():
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory, peer):
    made = Kontor(tmp_path_factory.mktemp("journal"), more=CONFIG.format(port=peer.port))
    made.start()
    made.populate(("ada", "ben"))
    made.run("group", "add", "all@example.org", "--member", "ada@example.org", "--member", "ben@example.org")
    made.run("tenant", "journal", "set", "acme", "--to", ARCHIVE)
    yield made
    made.close()


def copies(peer):
    return [one for one in peer.taken if ARCHIVE in one.recipients]


def subjects(peer):
    return [str(report(one)["Subject"]) for one in copies(peer)]


def report(taken):
    return email.message_from_bytes(taken.content, policy=email.policy.SMTP)


def original(taken):
    """The bytes of the message/rfc822 part."""
    boundary = report(taken).get_boundary().encode()
    part = taken.content.split(b"--" + boundary)[2]
    return part.split(b"\r\n\r\n", 1)[1][:-2]


def test_sent_mail_is_copied_with_its_envelope(server, peer):
    text = "From: ada@example.org\r\nTo: all@example.org\r\nCc: x@example.net\r\nSubject: sent\r\n\r\nGr\u00fc\u00dfe\r\n--x--\r\n.\r\n"
    with smtplib.SMTP_SSL("127.0.0.1", server.port("submissions"), context=server.tls(), timeout=60) as client:
        client.login("ada@example.org", "secret")
        client.sendmail("ada@example.org", ["all@example.org", "x@example.net", "y@example.net"], text.encode(), mail_options=["BODY=8BITMIME"])
    wait_for(lambda: "sent" in subjects(peer), "the archive to get a copy")
    wait_for(lambda: any("x@example.net" in one.recipients for one in peer.taken), "the mail itself to go out")
    copy = next(one for one in copies(peer) if str(report(one)["Subject"]) == "sent")
    assert copy.sender == "" and copy.recipients == [ARCHIVE]
    words = report(copy).get_payload()[0].get_payload(decode=True).decode()
    assert words.startswith("Sender: ada@example.org\r\nSubject: sent\r\n")
    for line in ("To: ada@example.org, Expanded: all@example.org", "To: ben@example.org, Expanded: all@example.org", "Cc: x@example.net",
                 "Bcc: y@example.net"):
        assert line + "\r\n" in words
    out = next(one for one in peer.taken if "x@example.net" in one.recipients)
    assert original(copy).endswith(text.encode().split(b"\r\n\r\n", 1)[1])
    assert original(copy).strip() == out.content.strip(), "byte for byte what went out"


def test_received_mail_is_copied_even_after_a_crash(server, peer):
    with server.smtp() as client:
        client.sendmail("x@example.net", ["ada@example.org", "ben@example.org"], "From: x@example.net\r\nSubject: received\r\n\r\nHi\r\n")
    server.kill()
    server.start()
    wait_for(lambda: "received" in subjects(peer), "the archive to get a copy")
    copy = next(one for one in copies(peer) if str(report(one)["Subject"]) == "received")
    words = report(copy).get_payload()[0].get_payload(decode=True).decode()
    assert "Recipient: ada@example.org\r\nRecipient: ben@example.org\r\n" in words
    imap = server.imap("ben@example.org")
    imap.select("INBOX", readonly=True)
    kept = imap.fetch(imap.search(None, "SUBJECT", "received")[1][0].split()[0], "(BODY.PEEK[])")[1][0][1]
    imap.logout()
    assert original(copy) == kept
    assert subjects(peer).count("received") == 1


def test_what_the_archive_refuses_is_held(server, peer):
    peer.answers["RCPT TO:<vault@"] = "550 5.1.1 no such archive"
    try:
        with smtplib.SMTP_SSL("127.0.0.1", server.port("submissions"), context=server.tls(), timeout=60) as client:
            client.login("ada@example.org", "secret")
            client.sendmail("ada@example.org", ["ben@example.org"], "From: ada@example.org\r\nSubject: held\r\n\r\nHi\r\n")
        wait_for(lambda: server.json("queue", "list", "--state", "held"), "the copy to be held")
        assert not any("Undelivered" in one.content.decode("latin-1") for one in peer.taken)
    finally:
        del peer.answers["RCPT TO:<vault@"]
    server.run("queue", "release", "all")
    wait_for(lambda: "held" in subjects(peer), "the archive to get it after all")
    wait_for(lambda: server.json("queue", "counts")["messages"] == 0, "the queue to be empty")


def test_rules_are_shown_and_end(server, peer):
    server.run("tenant", "journal", "set", "acme", "--to", ARCHIVE, "--direction", "out", "--only", "ben@example.org", "--only", "@example.org")
    rules = server.json("tenant", "journal", "list", "acme")["rules"]
    assert rules == [{"to": ARCHIVE, "directions": ["out"], "only": ["ben@example.org", "@example.org"]}]
    for wrong in (["--only", "@example.net"], ["--only", "nobody@example.org"], ["--direction", "up"]):
        assert server.run("tenant", "journal", "set", "acme", "--to", ARCHIVE, *wrong, check=False).returncode != 0
    server.run("tenant", "journal", "remove", "acme", "--to", ARCHIVE)
    assert server.json("tenant", "journal", "list", "acme")["rules"] == []
