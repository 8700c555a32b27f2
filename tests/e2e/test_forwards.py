# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail that a user's rule sends on: under which sender it leaves (SRS), and how reports about it find back."""
import smtplib

import pytest

from peers.kontor import NO_CHECKS
from peers.ports import wait_for
from peers.smtp_server import SmtpServer
from test_sending import config, is_empty

LETTER = "From: Bea <bea@example.net>\r\nTo: ada@example.org\r\nSubject: {0}\r\nMessage-ID: <{0}@example.net>\r\n\r\n{1}\r\n"
REPORT = "From: Mail <mailer-daemon@{1}>\r\nTo: <bea@example.net>\r\nSubject: {0}\r\n\r\nIt could not be delivered\r\n"


def put_script(server, text):
    script = server.folder / "filter.sieve"
    script.write_text(text)
    server.run("sieve", "put", "ada@example.org", "mine", "--script", script)
    server.run("sieve", "activate", "ada@example.org", "--name", "mine")


@pytest.fixture
def forwarding(make_kontor):
    """A server whose user ada sends all her mail on to cleo@example.com, and the host that takes everything."""
    with SmtpServer() as peer:
        server = make_kontor(more=config(f"* 127.0.0.1:{peer.port}"), smtp=NO_CHECKS)
        server.start()
        server.populate()
        put_script(server, 'redirect "cleo@example.com";')
        yield server, peer


def forwarded(server, peer, subject="one", body="Hello"):
    """The sender under which a letter leaves."""
    server.deliver("ada@example.org", LETTER.format(subject, body), sender="bea@example.net")
    wait_for(lambda: any(subject.encode() in taken.content for taken in peer.taken), "the letter to be sent on")
    return [taken for taken in peer.taken if taken.recipients == ["cleo@example.com"]][-1].sender


@pytest.mark.short
def test_a_report_about_a_forward_goes_back_to_its_sender(forwarding):
    server, peer = forwarding
    sender = forwarded(server, peer)
    assert sender.startswith("SRS0=") and sender.endswith("=example.net=bea@example.org")
    with server.smtp() as client:
        client.sendmail("", [sender.upper().replace("EXAMPLE.ORG", "Example.org")], REPORT.format("sorry", "example.com"))
    report = wait_for(lambda: [t for t in peer.taken if b"Subject: sorry" in t.content], "the report to go back")[0]
    assert (report.sender, [one.lower() for one in report.recipients]) == ("", ["bea@example.net"])
    assert b"Return-Path" not in report.content and b"Delivered-To" not in report.content
    # The same by LMTP, behind another server.
    with server.lmtp() as client:
        client.sendmail("", [sender], REPORT.format("again", "example.com"))
    wait_for(lambda: any(b"Subject: again" in t.content for t in peer.taken), "the second report")
    # A new secret: what was made before is still known. Without it no more.
    server.run("srs", "rotate")
    assert forwarded(server, peer, "two") != sender
    with server.smtp() as client:
        client.sendmail("", [sender, sender.upper()], REPORT.format("third", "example.com"))
    third = wait_for(lambda: [t for t in peer.taken if b"Subject: third" in t.content], "the third report")[0]
    assert len(third.recipients) == 1, "one report, though its address was said twice"
    server.run("srs", "rotate", "--forget")
    with server.smtp() as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("", [sender], REPORT.format("no", "example.com"))


def test_such_an_address_is_no_relay(forwarding):
    server, peer = forwarding
    sender = forwarded(server, peer)
    probes = [
        ("mallory@example.com", sender, 550, "with a sender of its own"),
        ("", sender.replace("example.net=bea", "victim.test=eve"), 550, "another address"),
        ("", sender.replace("SRS0=", "SRS0=a"), 550, "another mark"),
        ("", sender.replace("example.org", "example.com"), 550, "no domain of ours"),
        ("", "SRS0=@example.org", 550, "nothing in it"),
        ("", "SRS1=abcdef=victim.test==x=y=z=eve@example.org", 550, "a forged second hop"),
    ]
    for mail_from, to, code, why in probes:
        with server.smtp() as client:
            client.ehlo()
            client.mail(mail_from)
            assert client.rcpt(to)[0] == code, why
    assert is_empty(server)


def test_a_forward_that_comes_back_at_once_is_reported_to_its_sender(forwarding):
    server, peer = forwarding
    peer.answers["RCPT TO:<cleo"] = "550 5.1.1 No such user"
    server.deliver("ada@example.org", LETTER.format("one", "Hello"), sender="bea@example.net")
    report = wait_for(lambda: peer.taken, "the report")[0]
    assert (report.sender, report.recipients) == ("", ["bea@example.net"])
    assert b"To: <bea@example.net>" in report.content and b"cleo@example.com" in report.content


def test_one_id_on_two_messages_is_two_forwards(forwarding):
    server, peer = forwarding
    for body in ("Hello", "Hello", "Hello again"):
        server.deliver("ada@example.org", LETTER.format("one", body), sender="bea@example.net")
    wait_for(lambda: len(peer.taken) == 2 and is_empty(server), "both to be sent on")


def test_srs_can_be_turned_off(make_kontor):
    with SmtpServer() as peer:
        server = make_kontor(more=config(f"* 127.0.0.1:{peer.port}", more="srs = false"))
        server.start()
        server.populate()
        put_script(server, 'redirect "cleo@example.com";')
        assert forwarded(server, peer) == "bea@example.net"
