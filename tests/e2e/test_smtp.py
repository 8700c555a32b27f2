# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail from other servers by SMTP: with real senders, and with those who mean no good."""
import email
import smtplib
import socket
import subprocess
import time

import pytest

from peers.kontor import IS_SANITIZED, NO_CHECKS
from peers.mailbox import snapshot
from peers.ports import wait_for
from peers.postfix import Postfix, is_usable as has_postfix

pytestmark = pytest.mark.short


def inbox(kontor, user="ada@example.org"):
    with kontor.imap(user) as client:
        return [content for *_, content in snapshot(client)["INBOX"][1]]


def test_swaks_with_tls(kontor):
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{kontor.port('smtp')}", "--tls", "--from", "x@example.com",
                           "--to", "ada@example.org,ben@example.org", "--header", "Subject: by swaks"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    message, = inbox(kontor)
    received = email.message_from_bytes(message)["Received"]
    assert "with ESMTPS id" in received and "(using TLSv1.3" in received
    assert message.startswith(b"Return-Path: <x@example.com>\r\n")
    assert len(inbox(kontor, "ben@example.org")) == 1


def test_recipients_are_refused_before_the_data(kontor):
    with kontor.smtp() as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("x@example.com", ["nobody@example.org", "x@elsewhere.example"], b"Subject: x\r\n\r\nx\r\n")
    assert {code for code, _ in refused.value.recipients.values()} == {550}


def test_many_senders_at_once(kontor):
    """Postfix's own load generator: 20 sessions, 400 messages, each of which must be there afterwards."""
    done = subprocess.run(["/usr/sbin/smtp-source", "-s", "20", "-m", "400", "-l", "4000", "-f", "x@example.com", "-t", "ada@example.org",
                           f"127.0.0.1:{kontor.port('smtp')}"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    with kontor.imap() as client:
        assert client.select("INBOX")[1] == [b"400"]


@pytest.mark.skipif(IS_SANITIZED, reason="measures memory")
def test_a_large_message_in_flat_memory(kontor):
    kontor.deliver("ada@example.org", b"Subject: warm\r\n\r\nx\r\n")
    before = kontor.memory_kib()
    line = b"x" * 76 + b"\r\n"
    with socket.create_connection(("127.0.0.1", kontor.port("smtp")), timeout=120) as peer:
        answers = peer.makefile("rb")
        answers.readline()
        for command in (b"HELO x", b"MAIL FROM:<x@example.com>", b"RCPT TO:<ada@example.org>", b"DATA"):
            peer.sendall(command + b"\r\n")
            answers.readline()
        peer.sendall(b"Subject: large\r\n\r\n")
        peak = 0
        for _ in range(95):
            peer.sendall(line * 13444)  # 1 MiB
            peak = max(peak, kontor.memory_kib())
        peer.sendall(b".\r\n")
        assert answers.readline().startswith(b"250 "), "a message of 95 MiB"
    assert peak - before < 48 << 10, f"{(peak - before) >> 10} MiB more while it came"
    with kontor.imap() as client:
        client.select("INBOX")
        assert int(client.fetch("2", "(RFC822.SIZE)")[1][0].split()[-1].rstrip(b")")) > 95 * len(line) * 13444
    assert list((kontor.data / "spool").iterdir()) == []


def test_ten_thousand_recipients(kontor):
    """All in one connection: those above the limit come in later transactions, and everybody is answered."""
    with socket.create_connection(("127.0.0.1", kontor.port("smtp")), timeout=120) as peer:
        answers = peer.makefile("rb")
        answers.readline()
        peer.sendall(b"HELO x\r\nMAIL FROM:<x@example.com>\r\n")
        answers.readline(), answers.readline()
        counts = {}
        for start in range(0, 10000, 500):
            peer.sendall(b"".join(b"RCPT TO:<ada+%d@example.org>\r\n" % i for i in range(start, start + 500)))
            for _ in range(500):
                code = answers.readline()[:3]
                counts[code] = counts.get(code, 0) + 1
        assert counts == {b"250": 1000, b"452": 9000}


def test_endless_data_and_slow_lines_end(make_kontor):
    kontor = make_kontor(smtp=NO_CHECKS + 'largest_message = "1M"\nmessage_time = "2s"\nidle_timeout = "2s"')
    kontor.start()
    kontor.populate()

    def converse(*commands):
        peer = socket.create_connection(("127.0.0.1", kontor.port("smtp")), timeout=60)
        peer.recv(1000)
        for command in commands:
            peer.sendall(command + b"\r\n")
            peer.recv(1000)
        return peer

    begin = (b"HELO x", b"MAIL FROM:<x@example.com>", b"RCPT TO:<ada@example.org>", b"DATA")
    with converse(*begin) as peer, pytest.raises((ConnectionError, AssertionError)):
        for _ in range(1000):
            peer.sendall(b"x" * 65536)
        assert False, "64 MiB were taken where 1 MiB is allowed"
    for commands in (begin, ()):
        with converse(*commands) as peer:
            start = time.monotonic()
            answer = b""
            peer.settimeout(0.2)
            while not answer and time.monotonic() - start < 20:
                try:
                    peer.sendall(b"x")
                    answer = peer.recv(1000)
                except TimeoutError:
                    continue
            assert answer.startswith(b"421 4.4.2") and time.monotonic() - start < 8


def test_proxy_protocol_and_limits_by_address(make_kontor):
    kontor = make_kontor(server='proxy_from = ["127.0.0.1"]', smtp=NO_CHECKS + "connections_per_address = 2\n")
    kontor.start()
    kontor.populate()

    def connect(address):
        peer = socket.create_connection(("127.0.0.1", kontor.port("smtp")), timeout=60)
        peer.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(address) + socket.inet_aton("127.0.0.1") + b"\x12\x34\0\x19")
        return peer, peer.recv(1000)

    peers = [connect("192.0.2.7") for _ in range(3)]
    assert [answer[:3] for _, answer in peers] == [b"220", b"220", b"421"]
    other, answer = connect("192.0.2.8")
    assert answer.startswith(b"220")
    for command in (b"HELO x", b"MAIL FROM:<x@example.com>", b"RCPT TO:<ada@example.org>", b"DATA", b"Subject: x\r\n\r\nx\r\n."):
        other.sendall(command + b"\r\n")
        assert other.recv(1000)[:1] in b"23"
    for peer, _ in [*peers, (other, b"")]:
        peer.close()
    delivered, = (line for line in kontor.log.read_text().splitlines() if "smtp.delivered" in line)
    assert "192.0.2.8:" in delivered


@pytest.mark.skipif(not has_postfix(), reason="Postfix needs root")
def test_postfix_as_the_sender(kontor):
    with Postfix(relay=kontor.port("smtp"), more="smtp_tls_security_level = encrypt\n") as postfix:
        with postfix.smtp() as client:
            for i in range(20):
                client.sendmail("x@example.com", ["ada@example.org", "ben@example.org"], b"Subject: by Postfix %d\r\n\r\nx\r\n" % i)
        wait_for(lambda: not postfix.queue(), "Postfix to bring it: " + postfix.log()[-3000:], 60)
        log = postfix.log()
    messages = inbox(kontor)
    assert len(messages) == 20, log[-3000:]
    assert len(inbox(kontor, "ben@example.org")) == 20
    assert all(b"with ESMTPS id" in message for message in messages)


def test_who_has_it_does_not_get_it_twice(kontor):
    """Of two recipients one has no room: the message comes again, also after the server was killed in between."""
    kontor.run("user", "set", "ben@example.org", "--quota", "100K")
    message = b"Subject: long\r\n\r\n" + (b"x" * 70 + b"\r\n") * 3000

    def bring():
        with kontor.smtp() as client:
            client.ehlo()
            client.mail("x@example.com")
            assert [client.rcpt(f"{user}@example.org")[0] for user in ("ada", "ben")] == [250, 250]
            return client.data(message)[0]

    assert bring() == 451
    kontor.kill()
    kontor.start()
    assert bring() == 451
    kontor.run("user", "set", "ben@example.org", "--quota", "unlimited")
    assert bring() == 250
    assert [len(inbox(kontor, f"{user}@example.org")) for user in ("ada", "ben")] == [1, 1]
    assert bring() == 250
    assert [len(inbox(kontor, f"{user}@example.org")) for user in ("ada", "ben")] == [2, 2], "sent anew, not again"
