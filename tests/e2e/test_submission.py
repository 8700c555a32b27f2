# SPDX-License-Identifier: AGPL-3.0-or-later
"""Users send mail: who may send as whom, what is made of it, where it goes."""
import smtplib
import subprocess
import time

import pytest

from peers.ports import wait_for
from peers.smtp_server import SmtpServer

CONFIG = """
[submission]
listen_tls = ["127.0.0.1:0"]
listen = ["127.0.0.1:0"]
recipients = 100
{more}
[sending]
smart_hosts = ["* 127.0.0.1:{port}"]
[queue]
retry_first = "1s"
"""
MESSAGE = "From: {sender}\r\nTo: bob@example.net\r\nBcc: eve@example.com\r\nSubject: hello\r\n\r\nHi\r\n"


@pytest.fixture
def peer():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def server(make_kontor, peer):
    made = make_kontor(more=CONFIG.format(port=peer.port, more=""))
    made.start()
    made.populate(("ada", "ben", "boss"))
    return made


def login(server, user="ada@example.org", password="secret"):
    client = smtplib.SMTP_SSL("127.0.0.1", server.port("submissions"), context=server.tls(), timeout=60)
    client.login(user, password)
    return client


def subjects(server, user):
    client = server.imap(user)
    try:
        return int(client.select("INBOX", readonly=True)[1][0])
    finally:
        client.logout()


def test_mail_goes_out_completed(server, peer):
    with login(server) as client:
        client.sendmail("ada@example.org", ["bob@example.net", "eve@example.com", "ben@example.org"], MESSAGE.format(sender="ada@example.org"))
    wait_for(lambda: peer.taken, "the next hop to get it")
    wait_for(lambda: subjects(server, "ben@example.org") == 1, "ben to get it")
    taken = peer.taken[0]
    assert sorted(taken.recipients) == ["bob@example.net", "eve@example.com"]
    text = taken.content.decode()
    assert "Bcc" not in text and "eve@" not in text and "127.0.0.1" not in text
    assert "\r\nDate: " in text and "\r\nMessage-ID: <" in text and "with ESMTPSA" in text


def test_nobody_reaches_this_machine_by_its_address(server, peer):
    with login(server) as client:
        client.mail("ada@example.org")
        for address in ("x@[127.0.0.1]", "x@[IPv6:::1]", "x@[IPv6:::ffff:127.0.0.1]", "x@[192.168.1.1]", "x@[localhost]"):
            assert client.rcpt(address)[0] in (501, 550), address
        assert client.rcpt("x@[9.9.9.9]")[0] == 250


def test_by_starttls_with_swaks(server, peer):
    done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(server.port("submission")), "--tls", "--auth", "PLAIN", "--auth-user",
                           "ada@example.org", "--auth-password", "secret", "--from", "ada@example.org", "--to", "bob@example.net"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: peer.taken, "the next hop to get it")


def test_without_login_or_tls_nothing_goes(server, peer):
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=60) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AGFkYQBzZWNyZXQ=")[0] == 538
        assert client.mail("ada@example.org")[0] == 530
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login(server, password="wrong")


def test_nobody_sends_as_another(server, peer):
    with login(server) as client:
        assert client.mail("ben@example.org")[0] == 550
        client.rset()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("ada@example.org", ["bob@example.net"], MESSAGE.format(sender="ben@example.org"))
        assert refused.value.smtp_code == 550
        assert client.mail("ada@example.org")[0] == 250
        assert client.rcpt("nobody@example.org")[0] == 550
    assert peer.taken == [] and server.json("queue", "counts")["messages"] == 0


def test_later_and_with_reports(server, peer):
    with login(server) as client:
        assert client.has_extn("dsn") and client.has_extn("futurerelease")
        client.sendmail("ada@example.org", ["bob@example.net"], MESSAGE.format(sender="ada@example.org"),
                        mail_options=["HOLDFOR=2", "RET=HDRS", "ENVID=x1"], rcpt_options=["NOTIFY=SUCCESS,FAILURE"])
        assert client.docmd("MAIL", "FROM:<ada@example.org> HOLDFOR=999999999")[0] == 501
    began = time.monotonic()
    assert peer.taken == []
    wait_for(lambda: peer.taken, "the message to leave")
    assert time.monotonic() - began > 0.5
    assert any("RET=HDRS ENVID=x1" in line for line in peer.commands) and any("NOTIFY=SUCCESS,FAILURE" in line for line in peer.commands)


def test_limits(make_kontor, peer):
    server = make_kontor(more=CONFIG.format(port=peer.port, more="messages_per_hour = 2\ncopies_to_sent = true"))
    server.start()
    server.populate()
    with login(server) as client:
        for _ in range(2):
            client.sendmail("ada@example.org", ["bob@example.net"], MESSAGE.format(sender="ada@example.org"))
        assert client.mail("ada@example.org")[0] == 452
    imap = server.imap()
    assert imap.select("Sent", readonly=True)[1][0] == b"2"
    imap.logout()
