# SPDX-License-Identifier: AGPL-3.0-or-later
"""LMTP with the tools that mail servers' people use."""
import smtplib
import subprocess

import pytest

from peers.mailbox import own_messages, snapshot

pytestmark = pytest.mark.short


def inbox(kontor, user):
    with kontor.imap(user) as client:
        return [content for *_, content in snapshot(client)["INBOX"][1]]


def test_swaks_over_tcp_and_unix_socket(kontor):
    for server in (f"127.0.0.1:{kontor.port('lmtp')}", str(kontor.data / "lmtp.sock")):
        place = ["--socket", server] if server.startswith("/") else ["--server", server]
        done = subprocess.run(["swaks", "--protocol", "LMTP", *place, "--from", "x@example.com", "--to", "ada@example.org",
                               "--header", f"Subject: via {server}"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    bodies = inbox(kontor, "ada@example.org")
    assert len(bodies) == 2
    assert all(b"Return-Path: <x@example.com>" in body for body in bodies)


def test_recipients_are_answered_one_by_one(kontor):
    kontor.run("group", "add", "all@example.org", "--name", "All")
    kontor.run("group", "set", "all@example.org", "--add-member", "ada@example.org", "--add-member", "ben@example.org")
    with kontor.lmtp() as client:
        client.ehlo_or_helo_if_needed()
        assert client.mail("x@example.com")[0] == 250
        codes = [client.rcpt(to)[0] for to in ("ada+lists@example.org", "nobody@example.org", "all@example.org", "x@elsewhere.example")]
        assert codes[0] == 250 and codes[2] == 250
        assert codes[1] == 550 and codes[3] in (550, 551, 554)
        code, _ = client.data(b"Subject: to several\r\n\r\nx\r\n")
        assert code == 250
        assert client.getreply()[0] == 250  # one answer for each accepted recipient
    assert len(inbox(kontor, "ada@example.org")) == 2
    assert len(inbox(kontor, "ben@example.org")) == 1


def test_bytes_arrive_unchanged(kontor):
    for name, data in own_messages():
        if not data or b"\n" in data.replace(b"\r\n", b"") or b"\r" in data.replace(b"\r\n", b""):
            continue  # SMTP knows only CRLF lines
        if not data.endswith(b"\r\n"):
            continue
        with kontor.lmtp() as client:
            client.sendmail("x@example.com", ["ada@example.org"], data)
        assert inbox(kontor, "ada@example.org")[-1].endswith(data), name


@pytest.mark.parametrize("policy,code", [("defer", 452), ("reject", 552)])
def test_full_mailbox(make_kontor, policy, code):
    kontor = make_kontor(lmtp=f'over_quota = "{policy}"')
    kontor.start()
    kontor.populate()
    kontor.add_user("small@example.org", quota="10K")
    kontor.deliver("small@example.org", b"Subject: x\r\n\r\n" + b"x" * 60 + b"\r\n")
    with kontor.lmtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("x@example.com")
        client.rcpt("small@example.org")
        answer = client.data(b"Subject: large\r\n\r\n" + (b"y" * 70 + b"\r\n") * 400)
        assert answer[0] == code, answer


def test_status_of_the_user_decides(kontor):
    def answer():
        with kontor.lmtp() as client:
            client.ehlo_or_helo_if_needed()
            client.mail("x@example.com")
            return client.rcpt("ada@example.org")[0]

    assert answer() == 250
    kontor.run("user", "set", "ada@example.org", "--status", "inactive")
    assert answer() == 250, "an account that is being moved in takes mail"
    kontor.run("user", "set", "ada@example.org", "--status", "suspended")
    assert 400 <= answer() < 500
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        kontor.deliver("ada@example.org", b"x\r\n")


def test_bare_line_feeds_do_not_end_a_message(kontor):
    """No smuggling: only <CRLF>.<CRLF> ends the data."""
    with kontor.lmtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("x@example.com")
        client.rcpt("ada@example.org")
        client.docmd("DATA")
        client.send(b"Subject: a\r\n\r\nfirst\n.\nMAIL FROM:<evil@example.com>\r\n.\r\n")
        code, _ = client.getreply()
    bodies = inbox(kontor, "ada@example.org")
    assert len(bodies) <= 1
    if code == 250:
        assert b"MAIL FROM:<evil@example.com>" in bodies[0]
