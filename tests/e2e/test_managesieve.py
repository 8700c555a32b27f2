# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scripts managed by sieve-connect, run at delivery, and surviving kill -9."""
import base64
import re
import socket
import subprocess
import threading
import time

import pytest

from peers.mailbox import snapshot

pytestmark = pytest.mark.short


def sieve_connect(kontor, *options, user="ada@example.org", password="secret", check=True):
    done = subprocess.run(["sieve-connect", "--server", "127.0.0.1", "--port", str(kontor.port("managesieve")), "--user", user, "--tlscafile",
                           str(kontor.certificate), "--tlshostname", "localhost", "--nosslverify", "--passwordfd", "0", *options],
                          input=password + "\n", capture_output=True, text=True, timeout=60)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


class Client:
    """The protocol by hand, over TLS from the first byte."""

    def __init__(self, kontor, user="ada@example.org"):
        context = kontor.tls()
        self.stream = context.wrap_socket(socket.create_connection(("127.0.0.1", kontor.port("managesieves")), timeout=30)).makefile("rwb")
        self.answer()
        secret = base64.b64encode(f"\0{user}\0secret".encode()).decode()
        assert self.command(f'AUTHENTICATE "PLAIN" "{secret}"').startswith("OK")

    def answer(self):
        while True:
            line = self.stream.readline().decode()
            if not line:
                raise ConnectionError("closed")
            if line.startswith(("OK", "NO", "BYE")):
                return line.strip()

    def command(self, line):
        self.stream.write(line.encode() + b"\r\n")
        self.stream.flush()
        return self.answer()

    def put(self, name, script):
        return self.command(f'PUTSCRIPT "{name}" {{{len(script.encode())}+}}\r\n{script}')


def folders(kontor, user="ada@example.org"):
    with kontor.imap(user) as client:
        return {name: [content for *_, content in messages[1]] for name, messages in snapshot(client).items()}


def use(kontor, tmp_path, text, user="ada@example.org"):
    file = tmp_path / "main.sieve"
    file.write_text(text)
    kontor.run("sieve", "put", user, "main", "--script", file, "--activate")


def test_sieve_connect_manages_scripts(kontor, tmp_path):
    script = tmp_path / "filter.sieve"
    script.write_text('require "fileinto";\nif header :contains "subject" "list" { fileinto "Archive"; }\n')
    sieve_connect(kontor, "--localsieve", str(script), "--remotesieve", "filter", "--upload")
    assert "filter" in sieve_connect(kontor, "--list").stdout
    sieve_connect(kontor, "--remotesieve", "filter", "--activate")
    assert re.search(r'"filter"\s+ACTIVE', sieve_connect(kontor, "--list").stdout)
    kontor.deliver("ada@example.org", b"Subject: a list\r\n\r\nx\r\n")
    kontor.deliver("ada@example.org", b"Subject: another\r\n\r\nx\r\n")
    found = folders(kontor)
    assert len(found["Archive"]) == 1 and len(found["INBOX"]) == 1
    copy = tmp_path / "copy.sieve"
    sieve_connect(kontor, "--localsieve", str(copy), "--remotesieve", "filter", "--download")
    assert copy.read_text().split() == script.read_text().split()
    script.write_text("nonsense;\n")
    bad = sieve_connect(kontor, "--localsieve", str(script), "--remotesieve", "bad", "--upload", check=False)
    assert "line 1" in bad.stdout + bad.stderr
    assert "bad" not in sieve_connect(kontor, "--list").stdout
    sieve_connect(kontor, "--deactivate")
    sieve_connect(kontor, "--remotesieve", "filter", "--delete")
    assert "filter" not in sieve_connect(kontor, "--list").stdout
    wrong = sieve_connect(kontor, "--list", password="wrong", check=False)
    assert wrong.returncode != 0


def test_delivery_does_as_the_script_says(kontor, tmp_path):
    use(kontor, tmp_path, r'''require ["fileinto", "mailbox", "imap4flags", "reject", "duplicate", "editheader", "copy"];
if header :is "subject" "no" { reject "Please do not."; stop; }
if duplicate { discard; stop; }
if header :is "subject" "new" { fileinto :create :flags "\\Flagged" "Made/Here"; stop; }
if header :is "subject" "edit" { addheader "X-Filtered" "yes"; keep; }
if header :is "subject" "gone" { discard; }
''')
    with kontor.lmtp() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("x@example.com")
        for to in ("ada@example.org", "ben@example.org"):
            assert client.rcpt(to)[0] == 250
        code, text = client.data(b"Subject: no\r\n\r\nx\r\n")
        assert code == 550 and b"Please do not." in text
        assert client.getreply()[0] == 250
    for subject in ("new", "edit", "gone", "plain"):
        for _ in range(2):
            kontor.deliver("ada@example.org", f"Message-ID: <{subject}@example.com>\r\nSubject: {subject}\r\n\r\nx\r\n".encode())
    found = folders(kontor)
    assert len(found["Made/Here"]) == 1
    assert len(found["INBOX"]) == 2
    assert sum(b"X-Filtered: yes\r\n" in content for content in found["INBOX"]) == 1
    assert len(folders(kontor, "ben@example.org")["INBOX"]) == 1
    with kontor.imap() as client:
        client.select("Made/Here")
        assert b"\\Flagged" in client.fetch("1", "(FLAGS)")[1][0]


def test_a_failing_script_loses_nothing_and_is_told_of_once(kontor, tmp_path):
    use(kontor, tmp_path, 'require "fileinto"; fileinto "Absent";')
    for i in range(3):
        kontor.deliver("ada@example.org", f"Subject: n{i}\r\n\r\nx\r\n".encode())
    messages = folders(kontor)["INBOX"]
    assert sum(b"Subject: n" in m for m in messages) == 3
    assert sum(b"needs attention" in m for m in messages) == 1


def arrives(kontor, user, count):
    messages = []
    for _ in range(100):
        messages = folders(kontor, user)["INBOX"]
        if len(messages) >= count:
            return messages
        time.sleep(0.2)
    raise AssertionError(f"{user} has {len(messages)} messages, not {count}")


def test_forwards_and_answers_travel_through_the_queue(kontor, tmp_path):
    use(kontor, tmp_path, 'require ["copy", "vacation"]; redirect :copy "ben@example.org"; vacation :days 1 :subject "Away" "I am away.";')
    letter = b"Message-ID: <1@example.com>\r\nFrom: ben@example.org\r\nTo: ada@example.org\r\nSubject: hello\r\n\r\nx\r\n"
    for _ in range(2):
        kontor.deliver("ada@example.org", letter, sender="ben@example.org")
    arrives(kontor, "ben@example.org", 2)
    time.sleep(1)
    messages = folders(kontor, "ben@example.org")["INBOX"]
    assert len(messages) == 2, "forwarded once, answered once"
    forwarded = next(m for m in messages if b"X-Sieve-Redirected-From: ada@example.org" in m)
    assert forwarded.count(b"Return-Path:") == 1 and forwarded.endswith(b"Subject: hello\r\n\r\nx\r\n")
    answer = next(m for m in messages if b"Subject: Away" in m)
    assert b"Return-Path: <>" in answer and b"Auto-Submitted: auto-replied" in answer and b"In-Reply-To: <1@example.com>" in answer
    assert len(folders(kontor)["INBOX"]) == 2


def test_two_who_forward_to_each_other_keep_the_message(kontor, tmp_path):
    use(kontor, tmp_path, 'redirect "ben@example.org";')
    use(kontor, tmp_path, 'redirect "ada@example.org";', user="ben@example.org")
    kontor.deliver("ada@example.org", b"Subject: round\r\n\r\nx\r\n")
    assert len(arrives(kontor, "ada@example.org", 1)) == 1
    time.sleep(1)
    assert len(folders(kontor)["INBOX"]) == 1 and len(folders(kontor, "ben@example.org")["INBOX"]) == 0


def test_out_of_office_and_forward_by_command(kontor):
    kontor.run("rule", "out-of-office", "ada@example.org", "--text", "Ask Ben.", "--external-text", "")
    kontor.run("rule", "forward", "ada@example.org", "--to", "ben@example.org")
    for sender in ("ben@example.org", "x@else.example"):
        kontor.deliver("ada@example.org", f"Message-ID: <{sender}>\r\nFrom: {sender}\r\nTo: ada@example.org\r\n\r\nx\r\n".encode(), sender=sender)
    messages = arrives(kontor, "ben@example.org", 3)
    assert sum(b"Ask Ben." in m for m in messages) == 1
    kontor.run("rule", "out-of-office", "ada@example.org", "--off")
    assert [rule["kind"] for rule in kontor.json("rule", "list", "ada@example.org")["rules"]] == ["forward"]


def test_what_was_acknowledged_survives_kill(kontor):
    """Of each script the last acknowledged version or a later one is there, whole."""
    acknowledged = {}

    def work(name):
        try:
            client = Client(kontor)
            for number in range(1000):
                assert client.put(name, f"# {number}\r\n" + "keep;\r\n" * 50).startswith("OK")
                acknowledged[name] = number
        except OSError:
            pass

    for _ in range(3):
        workers = [threading.Thread(target=work, args=(f"s{i}",)) for i in range(3)]
        for worker in workers:
            worker.start()
        time.sleep(0.5)
        kontor.kill()
        for worker in workers:
            worker.join()
        kontor.check()
        kontor.start()
        assert len(acknowledged) == 3
        for name, number in acknowledged.items():
            text = kontor.json("sieve", "show", "ada@example.org", "--name", name)["text"]
            assert text.count("keep;") == 50
            assert int(re.match(r"# (\d+)", text).group(1)) >= number
        acknowledged.clear()


def test_rules_are_a_script_beside_the_users_own(kontor, tmp_path):
    client = Client(kontor)
    assert client.put("mine", 'require "imap4flags"; addflag "mine";').startswith("OK")
    assert client.command('SETACTIVE "mine"').startswith("OK")
    kontor.run("rule", "junk", "ada@example.org", "--always", "@ads.example", "--never", "shop@ads.example")
    for sender in ("x@ads.example", "shop@ads.example", "x@else.example"):
        kontor.deliver("ada@example.org", f"From: {sender}\r\nSubject: x\r\n\r\nx\r\n".encode(), sender=sender)
    found = folders(kontor)
    assert len(found["Junk"]) == 1 and len(found["INBOX"]) == 2
    with kontor.imap() as imap:
        imap.select("INBOX")
        assert all(b"mine" in line for line in imap.fetch("1:2", "(FLAGS)")[1])
    rules = kontor.json("rule", "list", "ada@example.org")
    assert [rule["kind"] for rule in rules["rules"]] == ["junk", "include"] and rules["active"]
    file = tmp_path / "rules.json"
    file.write_text('{"rules": [{"kind": "filter", "conditions": [{"what": "subject", "values": ["x"]}], "actions": [{"what": "file", "value": "Made"}]}]}')
    kontor.run("rule", "set", "ada@example.org", "--rules", file)
    kontor.deliver("ada@example.org", b"Subject: axa\r\n\r\nx\r\n")
    assert len(folders(kontor)["Made"]) == 1
    assert kontor.run("rule", "forward", "ada@example.org", "--to", "nobody", check=False).returncode != 0


def test_single_rules_and_out_of_office_by_command(kontor):
    who = "ada@example.org"
    kontor.run("user", "out-of-office", "set", who, "--internal", "Away.", "--external", "", "--from", "2020-01-01", "--until", "2020-02-01")
    shown = kontor.json("user", "out-of-office", "show", who)
    assert (shown["internal"], shown["external"], shown["until"], shown["answers"]) == ("Away.", "", "2020-02-01T00:00:00Z", False)
    assert kontor.json("user", "out-of-office", "set", who, "--internal", "Away again.")["answers"]
    kontor.run("rule", "forward", who, "--to", "ada@example.com")
    kinds = [rule["kind"] for rule in kontor.json("rule", "list", who)["rules"]]
    assert kinds == ["forward", "out_of_office"]
    assert [rule["kind"] for rule in kontor.json("rule", "first", who, "--number", "2")["rules"]] == ["out_of_office", "forward"]
    kontor.run("rule", "off", who, "--number", "1")
    assert not kontor.json("user", "out-of-office", "show", who)["answers"]
    assert kontor.json("user", "out-of-office", "set", who, "--internal", "Away.")["answers"], "who sets it wants it"
    kontor.run("rule", "off", who, "--number", "1")
    kontor.run("rule", "on", who, "--number", "1")
    assert kontor.json("user", "out-of-office", "show", who)["answers"]
    assert kontor.run("rule", "remove", who, "--number", "3", check=False).returncode != 0
    kontor.run("rule", "remove", who, "--number", "2")
    assert not kontor.json("user", "out-of-office", "off", who)["set"]
    assert kontor.json("rule", "list", who)["rules"] == []
