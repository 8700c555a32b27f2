# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail out of the queue, to real hosts: next hops that say everything, Postfix, smtp-sink, and accounts here."""
import collections
import email
import email.policy
import random
import shutil
import subprocess
import time

import pytest

from peers.authority import Authority
from peers.postfix import Postfix, is_usable as has_postfix
from peers.ports import answers, free_port, wait_for
from peers.smtp_server import SmtpServer
from test_clock import LIBRARY as clock_library
from test_clock import WallClock

MESSAGE = "From: Ada <ada@example.org>\nTo: bob@example.net\nSubject: {subject}\nDate: Sun, 22 Nov 2026 09:00:00 +0000\n" \
          "Message-ID: <{subject}@example.org>\n\nHello\n.leading dot\n"


def config(*smart_hosts, more=""):
    hosts = ", ".join(f'"{host}"' for host in smart_hosts)
    return f'[sending]\nsmart_hosts = [{hosts}]\n{more}\n[queue]\nretry_first = "1s"\n'


@pytest.fixture
def sending(make_kontor):
    """A function that starts a server with ada@ and ben@example.org which sends as configured."""

    def start(*smart_hosts, more="", **options):
        server = make_kontor(more=config(*smart_hosts, more=more), **options)
        server.start()
        server.populate()
        return server

    return start


def put(server, *recipients, sender="ada@example.org", subject="one", options=(), message=None):
    to = [word for one in recipients for word in ("--recipient", one)]
    return server.json("queue", "add", "--sender", sender, *to, *options, input=message or MESSAGE.format(subject=subject))["id"]


def is_empty(server):
    return server.json("queue", "counts")["messages"] == 0


def inbox(server, user="ada@example.org"):
    client = server.imap(user)
    try:
        client.select("INBOX", readonly=True)
        found = client.search(None, "ALL")[1][0].split()
        return [email.message_from_bytes(client.fetch(one, "(BODY.PEEK[])")[1][0][1], policy=email.policy.default) for one in found]
    finally:
        client.logout()


def test_a_smart_host_gets_it_whole(sending):
    with SmtpServer() as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        put(server, "bob@example.net", "eve@example.com", options=["--notify", "failure"])
        wait_for(lambda: is_empty(server), "the queue to be empty")
        assert len(peer.taken) == 1
        taken = peer.taken[0]
        assert (taken.sender, taken.recipients) == ("ada@example.org", ["bob@example.net", "eve@example.com"])
        assert taken.content == MESSAGE.format(subject="one").replace("\n", "\r\n").encode()
        assert any(line.endswith("NOTIFY=FAILURE") for line in peer.commands)
        assert inbox(server) == []


def test_a_login_over_verified_tls(sending, tmp_path):
    authority = Authority(tmp_path / "authority")
    password = tmp_path / "password"
    password.write_text("hunter2\n")
    with SmtpServer(certificate=authority.issue("relay"), passwords={"kontor": "hunter2"}) as peer:
        server = sending(f"* 127.0.0.1:{peer.port} user=kontor password_file={password}", more=f'authorities = "{authority.certificate}"')
        put(server, "bob@example.net")
        wait_for(lambda: is_empty(server), "the queue to be empty")
        assert (peer.taken[0].user, peer.taken[0].is_encrypted) == ("kontor", True)
        assert "hunter2" not in server.log.read_text()


def test_an_unknown_certificate_gets_no_password(sending, tmp_path):
    password = tmp_path / "password"
    password.write_text("hunter2")
    with SmtpServer(certificate=Authority(tmp_path / "other").issue("relay"), passwords={"kontor": "hunter2"}) as peer:
        server = sending(f"* 127.0.0.1:{peer.port} user=kontor password_file={password}")
        one = put(server, "bob@example.net")
        shown = wait_for(lambda: [r for r in server.json("queue", "show", one)["recipients"] if r["attempts"] > 0], "an attempt")
        assert shown[0]["status"] == "4.7.5" and shown[0]["state"] == "waiting"
        assert not any(line.startswith("AUTH") for line in peer.commands)


def test_without_verification_any_tls_is_better_than_none(sending, tmp_path):
    with SmtpServer(certificate=Authority(tmp_path / "other").issue("relay")) as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        put(server, "bob@example.net")
        wait_for(lambda: is_empty(server), "the queue to be empty")
        assert peer.taken[0].is_encrypted


def test_recipients_here_skip_the_network(sending):
    with SmtpServer() as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        put(server, "ada@example.org", "ben+x@example.org", "bob@example.net")
        wait_for(lambda: is_empty(server), "the queue to be empty")
        assert [m["Subject"] for m in inbox(server, "ben@example.org")] == ["one"]
        assert inbox(server)[0]["Return-Path"] == "<ada@example.org>"
        assert [t.recipients for t in peer.taken] == [["bob@example.net"]]


def test_what_is_refused_comes_back(sending):
    with SmtpServer(answers={"RCPT TO:<bob@": "550 5.1.1 No such user"}) as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        put(server, "bob@example.net", "eve@example.net", "nobody@example.org")
        bounces = wait_for(lambda: len(found := inbox(server)) == 2 and found, "two reports")
        assert peer.taken[0].recipients == ["eve@example.net"]
        assert wait_for(lambda: is_empty(server), "the queue to be empty")
        texts = []
        for bounce in bounces:
            assert bounce["Return-Path"] == "<>" and bounce["Auto-Submitted"] == "auto-replied"
            assert bounce.get_content_type() == "multipart/report"
            parts = list(bounce.iter_parts())
            assert [p.get_content_type() for p in parts] == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
            texts.append(parts[1].as_string())
        assert any("rfc822; bob@example.net" in t and "Status: 5.1.1" in t and "Action: failed" in t for t in texts)
        assert any("rfc822; nobody@example.org" in t for t in texts)


def test_a_report_is_never_reported(sending):
    with SmtpServer(answers={"RCPT": "550 5.1.1 No"}) as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        put(server, "bob@example.net", sender="")
        put(server, "bob@example.net", sender="away@example.com")
        wait_for(lambda: is_empty(server), "the queue to be empty")
        senders = [line for line in peer.commands if line.startswith("MAIL")]
        assert len(senders) == 3 and sum("<>" in line for line in senders) == 2, senders


def test_success_is_told_where_it_is_wanted(sending):
    with SmtpServer(offers=()) as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        put(server, "ben@example.org", "bob@example.net", options=["--notify", "success"])
        reports = wait_for(lambda: len(found := inbox(server)) == 2 and found, "two reports")
        actions = sorted(line for r in reports for line in r.as_string().splitlines() if line.startswith("Action:"))
        assert actions == ["Action: delivered", "Action: relayed"]


def test_a_temporary_no_is_tried_again(sending):
    with SmtpServer(answers={"RCPT": "450 4.2.0 Greylisted"}) as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        one = put(server, "bob@example.net")
        wait_for(lambda: server.json("queue", "show", one)["recipients"][0]["attempts"] > 0, "an attempt")
        shown = server.json("queue", "show", one)["recipients"][0]
        assert (shown["code"], shown["status"], shown["said"], shown["state"]) == (450, "4.2.0", "Greylisted", "waiting")
        peer.answers.clear()
        wait_for(lambda: is_empty(server), "the next attempt")
        assert len(peer.taken) == 1


def test_a_host_that_is_away_is_not_hammered_and_retry_helps(sending):
    port = free_port()
    server = sending(f"* 127.0.0.1:{port}", more="connections_per_destination = 1")
    for number in range(3):
        put(server, "bob@example.net", subject=f"m{number}")
    wait_for(lambda: any(r["attempts"] for m in server.json("queue", "list") for r in m["recipients"]), "an attempt")
    with SmtpServer(port=port) as peer:
        server.run("queue", "retry", "all")
        wait_for(lambda: is_empty(server), "the queue to be empty")
        assert len(peer.taken) == 3
        assert peer.connections <= 3


@pytest.mark.skipif(clock_library is None, reason="libfaketime is not installed")
def test_nobody_waits_unheard_for_a_host_that_is_away(sending, tmp_path):
    """One connection at a time, and each failure makes a longer pause: still everybody is told in time."""
    clock = WallClock(tmp_path)
    server = sending(f"* 127.0.0.1:{free_port()}", more="connections_per_destination = 1", environment=clock.environment)
    with server.imap() as client:
        client.select()
        for number in range(8):
            put(server, "bob@example.net", subject=f"m{number}")
        for jump, subject in ((5, "Delayed"), (24 * 6, "Undelivered")):
            clock.set(jump * 3600)
            wait_for(lambda word=subject: client.noop() and len(client.search(None, "SUBJECT", word)[1][0].split()) == 8,
                     f"8 reports that begin with {subject}", 30)
    wait_for(lambda: is_empty(server), "the queue to be empty")


def test_hold_release_and_remove(sending):
    with SmtpServer() as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        one = put(server, "bob@example.net", options=["--held"])
        two = put(server, "eve@example.com", options=["--held"])
        assert [m["id"] for m in server.json("queue", "list", "--state", "held")] == [one, two]
        assert server.json("queue", "remove", "all", "--recipient", "@example.com") == {"changed": 1}
        assert server.run("queue", "show", two, check=False).returncode != 0
        server.stop()
        server.start()
        assert server.json("queue", "counts")["held"] == 1
        assert server.json("queue", "release", one) == {"changed": 1}
        wait_for(lambda: is_empty(server), "the queue to be empty")
        assert [t.recipients for t in peer.taken] == [["bob@example.net"]]


def test_what_is_signed_others_can_verify(sending):
    import dkim

    with SmtpServer() as peer:
        server = sending(f"* 127.0.0.1:{peer.port}")
        keys = server.json("domain", "dkim", "add", "example.org")
        assert "PRIVATE" not in str(keys)
        put(server, "bob@example.net")
        put(server, "bob@example.net", message=MESSAGE.replace("ada@example.org", "mallory@example.com").format(subject="two"))
        wait_for(lambda: is_empty(server), "the queue to be empty")
        content = next(t.content for t in peer.taken if b"ada@example.org" in t.content)
        assert content.count(b"DKIM-Signature:") == 2
        records = {key["record_name"] + ".": key["record"].encode() for key in keys}
        for index in range(2):
            verifier = dkim.DKIM(content)
            assert verifier.verify(index, dnsfunc=lambda name, timeout=5: records.get(name.decode() if isinstance(name, bytes) else name))
        assert not any(b"DKIM-Signature" in t.content for t in peer.taken if b"mallory" in t.content)


@pytest.mark.skipif(not has_postfix(), reason="Postfix needs root")
def test_postfix_takes_it(sending, tmp_path):
    authority = Authority("/tmp/kontor-postfix-authority")
    try:
        with Postfix(certificate=authority.issue("mx")) as postfix:
            server = sending(f"to:example.net 127.0.0.1:{postfix.port} tls=verify", more=f'authorities = "{authority.certificate}"')
            put(server, "bob@example.net", "unknown@example.net")
            wait_for(lambda: b"Subject: one" in postfix.box("bob"), "Postfix to deliver: " + postfix.log())
            bounce = wait_for(lambda: inbox(server), "the report about the unknown user")[0]
            assert "unknown@example.net" in bounce.as_string() and "mx.example.net" not in bounce["From"]
            assert b"TLS" in postfix.box("bob") or "TLS connection established" in postfix.log() or b"ESMTPS" in postfix.box("bob")
    finally:
        shutil.rmtree("/tmp/kontor-postfix-authority", ignore_errors=True)


def test_kill_loses_nothing_and_doubles_little(sending, tmp_path):
    """kill -9 while messages are put and sent: all that was put arrives; what arrives twice was on its way at a kill."""
    with SmtpServer() as peer:
        server = sending(f"* 127.0.0.1:{peer.port}", more="connections = 4\nconnections_per_destination = 4")
        sent, kills, at_once = [], 4, 4
        for round_ in range(kills + 1):
            for number in range(6):
                subject = f"r{round_}n{number}"
                put(server, "bob@example.net", subject=subject)
                sent.append(subject)
            if round_ < kills:
                time.sleep(random.uniform(0, 0.1))
                server.kill()
                server.start()
        wait_for(lambda: is_empty(server), "the queue to be empty", 60)
        counts = collections.Counter(email.message_from_bytes(t.content)["Subject"] for t in peer.taken)
        assert set(counts) == set(sent)
        doubled = sum(count - 1 for count in counts.values())
        print(f"{doubled} of {len(sent)} came twice over {kills} kills")
        assert doubled <= kills * at_once


@pytest.mark.skipif(shutil.which("smtp-sink") is None, reason="no smtp-sink")
def test_many_messages_to_smtp_sink(sending, tmp_path):
    port = free_port()
    sink = subprocess.Popen(["smtp-sink", "-c", *(["-u", "nobody"] if has_postfix() else []), f"127.0.0.1:{port}", "100"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port), "smtp-sink to listen")
        server = sending(f"* 127.0.0.1:{port}")
        ids = [put(server, *[f"user{n}@example.net" for n in range(250)], options=["--held"], subject=f"s{m}") for m in range(4)]
        assert server.json("queue", "counts")["held"] == 1000
        server.run("queue", "release", "all")
        wait_for(lambda: is_empty(server), "the queue to be empty", 60)
        assert len(ids) == 4
    finally:
        sink.kill()
        sink.wait()
