# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes by SMTP and goes on: trusted networks, reports of deliveries, rules that forward."""
import email
import smtplib
import subprocess

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


def test_others_are_no_trusted_network(make_kontor, peer):
    kontor = make_kontor(smtp=NO_CHECKS + 'trusted_networks = ["192.0.2.0/24"]\n')
    kontor.start()
    kontor.populate()
    with kontor.smtp() as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("scan@example.org", ["bob@example.net"], b"Subject: no\r\n\r\nx\r\n")
