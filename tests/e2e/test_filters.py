# SPDX-License-Identifier: AGPL-3.0-or-later
"""Filters: milters on libmilter, opendkim, an HTTP endpoint and programs, at every place where they can stand."""
import base64
import contextlib
import email
import getpass
import http.server
import json
import pathlib
import smtplib
import tempfile
import threading

import dkim
import pytest

from peers.kontor import Kontor
from peers.milters import ActionsMilter, OpenDkim
from peers.name_server import NameServer
from peers.ports import free_port, wait_for
from peers.smtp_server import SmtpServer

CONFIG = """
[submission]
listen_tls = ["127.0.0.1:0"]
[sending]
smart_hosts = ["* 127.0.0.1:{hop}"]
[filters]
received = ["milter unix:{milter} timeout=15s on_failure=tempfail"]
lmtp = ["milter unix:{milter} timeout=15s"]
submitted = ["milter 127.0.0.1:{opendkim}"]
"""


class Surroundings:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.short = tempfile.TemporaryDirectory(prefix="filters-")
        short = pathlib.Path(self.short.name)
        # What was started ends also if what comes then does not start.
        with contextlib.ExitStack() as started:
            started.callback(self.short.cleanup)
            self.hop = SmtpServer()
            started.callback(self.hop.close)
            self.milter = ActionsMilter(short)
            started.callback(self.milter.close)
            port = free_port()
            self.opendkim = OpenDkim(port, getpass.getuser())
            started.callback(self.opendkim.close)
            self.kontor = Kontor(self.folder / "kontor", more=CONFIG.format(hop=self.hop.port, milter=self.milter.socket, opendkim=port))
            started.callback(self.kontor.close)
            self.kontor.start()
            self.kontor.populate()
            self.close = started.pop_all().close


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Surroundings(tmp_path_factory.mktemp("filters"))
    yield made
    made.close()


def empty(kontor, user="ada@example.org"):
    """Takes all messages out of a user's folders: name to their contents."""
    out = {}
    with kontor.imap(user) as client:
        for folder in ("INBOX", "Junk"):
            count = int(client.select(folder)[1][0])
            if not count:
                continue
            out[folder] = [part[1] for part in client.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
            client.store("1:*", "+FLAGS", "\\Deleted")
            client.expunge()
    return out


def send(kontor, wanted, to=("ada@example.org",), sender="x@example.com", extra="", body="Hi\r\n"):
    message = f"From: x@example.com\r\nSubject: first\r\n" + "".join(f"X-Milter: {one}\r\n" for one in wanted) + extra + "\r\n" + body
    with kontor.smtp() as client:
        return client.sendmail(sender, list(to), message)


def refusal(kontor, *wanted, **how):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(kontor, wanted, **how)
    return refused.value.smtp_code, refused.value.smtp_error.decode()


def test_milter_hears_the_whole_conversation(place):
    before = len(place.milter.noted())
    send(place.kontor, ["nothing"], to=("ada@example.org", "ben@example.org"), extra="Folded: a\r\n\tb\r\n", body="x" * 70 + "\r\n")
    noted = place.milter.noted()[before:]
    assert [one["on"] for one in noted if one["on"] != "close"] == ["connect", "hello", "mail", "rcpt", "rcpt", "data", "eom"]
    connect, mail, eom = (next(one for one in noted if one["on"] == what) for what in ("connect", "mail", "eom"))
    assert connect["address"] == "127.0.0.1" and connect["daemon"] == "received" and connect["j"]
    assert mail["sender"] == "<x@example.com>" and mail["id"]
    assert ["Folded", "a\n\tb"] in eom["fields"] and eom["size"] == 72
    assert len(empty(place.kontor)["INBOX"]) == 1 and len(empty(place.kontor, "ben@example.org")["INBOX"]) == 1


def test_milter_connection_serves_many_messages(place):
    """The protocol has an order for it; every message gets its own conversation all the same."""
    before = len(place.milter.noted("connect"))
    for _ in range(5):
        send(place.kontor, ["nothing"])
    assert len(place.milter.noted("connect")) == before + 5
    done = place.kontor.run("status", "--json")
    assert done.returncode == 0
    assert len(empty(place.kontor)["INBOX"]) == 5


@pytest.mark.short
def test_milter_changes_what_it_likes(place):
    send(place.kontor, ["headers", "body"], extra="X-Gone: 1\r\nX-Gone: 2\r\n", body="old\r\n" * 10)
    content, = empty(place.kontor)["INBOX"]
    message = email.message_from_bytes(content)
    assert message["Subject"] == "changed" and message["X-Added"] == "first\r\n second" and message.get_all("X-Gone") == ["1"]
    assert content.index(b"X-On-Top: 1") < content.index(b"From: ")
    assert message.get_payload() == "new body\r\n" * 20000


def test_milter_refuses(place):
    assert refusal(place.kontor, "reject") == (550, "5.7.1 The message was refused by a filter")
    assert refusal(place.kontor, "words") == (554, "5.7.9 First line\n5.7.9 Second line")
    assert refusal(place.kontor, "tempfail")[0] == 451
    assert refusal(place.kontor, "nothing", sender="wait@example.com")[0] == 451
    assert empty(place.kontor) == {}


def test_milter_discards_and_ends_early(place):
    send(place.kontor, ["discard"])
    assert empty(place.kontor) == {}
    send(place.kontor, ["early", "reject"])
    send(place.kontor, ["skip", "headers"], body="x\r\n" * 100_000)
    assert len(empty(place.kontor)["INBOX"]) == 2


def test_milter_changes_the_envelope(place):
    send(place.kontor, ["recipients", "sender"])
    assert empty(place.kontor) == {}
    content, = empty(place.kontor, "ben@example.org")["INBOX"]
    assert content.startswith(b"Return-Path: <other@example.com>\r\n")
    wait_for(lambda: place.hop.taken, "the next hop to get its copy")
    taken = place.hop.taken.pop()
    assert taken.recipients == ["far@elsewhere.example"] and b"\r\nSubject: first\r\n" in taken.content
    assert taken.content.count(b"Received: ") == 1


def test_milter_at_lmtp(place):
    place.kontor.deliver("ada@example.org", b"From: x@example.com\r\nX-Milter: headers\r\nSubject: x\r\n\r\nHi\r\n")
    content, = empty(place.kontor)["INBOX"]
    assert b"\r\nSubject: changed\r\n" in content
    with pytest.raises(smtplib.SMTPDataError) as refused:
        place.kontor.deliver("ada@example.org", b"From: x@example.com\r\nX-Milter: words\r\n\r\nHi\r\n")
    assert refused.value.smtp_code == 554


def test_quarantine(place):
    kontor = place.kontor
    send(kontor, ["quarantine"], to=("ada@example.org", "ben@example.org"))
    send(kontor, ["quarantine"])
    assert empty(kontor) == {} and kontor.json("queue", "list") == []
    first, second = kontor.json("quarantine", "list")
    assert first["to"] == "ada@example.org and 1 more" and first["reason"].endswith("looks odd") and first["sender"] == "x@example.com"
    assert kontor.json("quarantine", "show", second["id"])["content"].startswith("Received: ")
    kontor.run("queue", "release", "all")
    assert len(kontor.json("quarantine", "list")) == 2, "the queue's commands are not about it"
    kontor.run("quarantine", "release", first["id"])
    wait_for(lambda: empty(kontor), "ada to get it")
    wait_for(lambda: empty(kontor, "ben@example.org"), "ben to get it")
    kontor.run("quarantine", "remove", second["id"])
    assert kontor.json("quarantine", "list") == [] and empty(kontor) == {}


def test_milter_that_fails_or_is_gone(place):
    """It must not take mail with it: the sender tries again."""
    assert refusal(place.kontor, "sleep") == (451, "4.3.0 A filter cannot be reached; try again later")
    assert refusal(place.kontor, "crash") == (451, "4.3.0 A filter cannot be reached; try again later")
    place.milter.process.wait()
    assert refusal(place.kontor, "nothing")[0] == 451
    place.milter.start()
    send(place.kontor, ["nothing"])
    assert len(empty(place.kontor)["INBOX"]) == 1


def test_opendkim_signs_what_users_send(place):
    """A signature over the bytes as they are says that a milter sees them so, and that nothing is changed afterwards."""
    message = ("From: Ada  <ada@example.org>\r\nTo: bob@example.net\r\nSubject: folded\r\n\t subject  with   blanks \r\nDate: Sat, 01 Aug 2026 12:00:00 +0000\r\n"
               "Message-ID: <1@example.org>\r\n\r\nHi  there \r\n\r\n\r\n")
    with smtplib.SMTP_SSL("127.0.0.1", place.kontor.port("submissions"), context=place.kontor.tls(), timeout=60) as client:
        client.login("ada@example.org", "secret")
        client.sendmail("ada@example.org", ["bob@example.net"], message)
    wait_for(lambda: place.hop.taken, "the next hop to get it")
    content = place.hop.taken.pop().content
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(place.opendkim.public)
    assert b"DKIM-Signature:" in content and b"c=simple/simple" in content
    assert dkim.verify(content, dnsfunc=lambda name, timeout=5: record)


class Endpoint:
    """An HTTP endpoint that answers what a message's field X-Http says, as JSON, and keeps what it was told."""

    def __init__(self):
        owner = self
        self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                form = email.message_from_bytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
                parts = {part.get_param("name", header="Content-Disposition"): part for part in form.get_payload()}
                envelope = json.loads(parts["envelope"].get_payload())
                message = body.split(b"filename=\"message.eml\"")[1].split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
                owner.told.append((envelope, message, self.headers["Authorization"]))
                wanted = email.message_from_bytes(message)["X-Delivery" if self.path == "/delivery" else "X-Http"]
                if wanted == "error":
                    self.send_response(500)
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                answer = json.dumps({"actions": json.loads(wanted) if wanted else []}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


STUBBORN = """#!/usr/bin/python3
import json, sys
for line in sys.stdin.buffer:
    envelope = json.loads(line)
    message = sys.stdin.buffer.read(envelope["size"])
    assert len(message) == envelope["size"]
    if b"X-Plugin: die" in message:
        sys.exit(3)
    if b"X-Plugin: nonsense" in message:
        print("hello", flush=True)
        continue
    if b"X-Plugin: hog" in message:
        hog = b"x" * (1 << 32)
    print('{"actions":[]}', flush=True)
"""


@pytest.fixture(scope="module")
def plugged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugged")
    endpoint = Endpoint()
    stubborn = folder / "stubborn.py"
    stubborn.write_text(STUBBORN)
    stubborn.chmod(0o755)
    token = folder / "token"
    token.write_text("s3cret\n")
    example = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "plugin.py"
    kontor = Kontor(folder / "kontor", more=f"""
[filters]
received = ["http http://127.0.0.1:{endpoint.port}/check token_file={token}", "program {stubborn} memory=512M",
            "program {example} --away gone@example.org ben@example.org"]
delivery = ["http http://127.0.0.1:{endpoint.port}/delivery"]
""")
    kontor.endpoint = endpoint
    kontor.start()
    kontor.populate(("ada", "ben", "gone"))
    yield kontor
    kontor.close()
    endpoint.server.shutdown()


def ask(kontor, *actions, to=("ada@example.org",), more="", body="Hi\r\n"):
    field = f"X-Http: {json.dumps(actions)}\r\n" if actions else ""
    with kontor.smtp() as client:
        client.sendmail("x@example.com", list(to), f"{field}{more}From: x@example.com\r\nSubject: first\r\n\r\n{body}")


@pytest.mark.short
def test_http_endpoint_is_told_everything(plugged):
    body = "line\r\n" * 100_000
    ask(plugged, {"action": "insert_header", "name": "X-Top", "value": "1"}, {"action": "junk", "reason": "smells"}, body=body)
    (envelope, message, token), (filed, _, _) = plugged.endpoint.told[-2:]
    assert filed["stage"] == "delivery" and filed["tenant"] == "acme" and filed["is_junk"] and filed["recipients"] == ["ada@example.org"]
    assert token == "Bearer s3cret"
    assert envelope["stage"] == "received" and envelope["ip"] == "127.0.0.1" and envelope["sender"] == "x@example.com"
    assert envelope["recipients"] == ["ada@example.org"] and envelope["size"] == len(message) and message.endswith(body.encode())
    content, = empty(plugged)["Junk"]
    assert b"\r\nX-Top: 1\r\nX-Http: " in content and content.endswith(body.encode())


def test_http_endpoint_decides(plugged):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        ask(plugged, {"action": "reject", "code": 554, "status": "5.7.8", "text": "No such thing"})
    assert (refused.value.smtp_code, refused.value.smtp_error) == (554, b"5.7.8 No such thing")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        ask(plugged, {"action": "explode"})
    assert refused.value.smtp_code == 451
    with pytest.raises(smtplib.SMTPDataError) as refused:
        ask(plugged, more="X-Http: error\r\n")
    assert refused.value.smtp_code == 451
    ask(plugged, {"action": "discard"})
    assert empty(plugged) == {}
    new = base64.b64encode(b"From: y@example.com\nSubject: other\n\nNew\n").decode()
    ask(plugged, {"action": "redirect", "address": "ben@example.org"}, {"action": "replace", "message": new})
    assert empty(plugged) == {}
    content, = empty(plugged, "ben@example.org")["INBOX"]
    assert content.endswith(b"From: y@example.com\r\nSubject: other\r\nX-From-Outside: yes\r\n\r\nNew\r\n")


@pytest.mark.short
def test_the_example_of_a_plug_in(plugged):
    ask(plugged, to=("gone@example.org",))
    assert empty(plugged, "gone@example.org") == {}
    content, = empty(plugged, "ben@example.org")["INBOX"]
    assert b"\r\nX-From-Outside: yes\r\n" in content
    with pytest.raises(smtplib.SMTPDataError) as refused:
        ask(plugged, more='MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="run.EXE"\r\n')
    assert refused.value.smtp_code == 552 and b"run.exe" in refused.value.smtp_error


def test_a_program_that_fails_is_replaced(plugged):
    for fault in ("die", "nonsense", "hog"):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            ask(plugged, more=f"X-Plugin: {fault}\r\n")
        assert refused.value.smtp_code == 451, fault
        ask(plugged)
    assert len(empty(plugged)["INBOX"]) == 3


def delivery(kontor, *actions, to=("ada@example.org",)):
    ask(kontor, more=f"X-Delivery: {json.dumps(actions)}\r\n", to=to)


@pytest.mark.short
def test_plug_in_at_delivery(plugged):
    """For each account by itself, before its rules."""
    rules = {"rules": [{"kind": "filter", "all": True, "conditions": [{"what": "subject", "how": "contains", "values": ["changed"]}],
                        "actions": [{"what": "file", "value": "ByRule"}], "stop": True}]}
    file = pathlib.Path(plugged.folder) / "rules.json"
    file.write_text(json.dumps(rules))
    plugged.run("rule", "set", "ada@example.org", "--rules", str(file))
    delivery(plugged, {"action": "change_header", "name": "Subject", "value": "changed"}, to=("ada@example.org", "ben@example.org"))
    assert b"\r\nSubject: changed\r\n" in empty(plugged, "ben@example.org")["INBOX"][0]
    with plugged.imap() as client:
        assert client.select("ByRule")[1] == [b"1"], "the rules see what the plug-in made of it"
    delivery(plugged, {"action": "file", "folder": "Work/New"})
    with plugged.imap() as client:
        assert client.select("Work/New")[1] == [b"1"]
    delivery(plugged, {"action": "redirect", "address": "ben@example.org"})
    wait_for(lambda: empty(plugged, "ben@example.org"), "ben to get it by the queue")
    # At each of them the plug-in adds the other.
    delivery(plugged, {"action": "add_recipient", "address": ["ada@example.org", "ben@example.org"]})
    got = []
    wait_for(lambda: got.extend(empty(plugged).get("INBOX", [])) or len(got) >= 2, "ben's copy to come back")
    wait_for(lambda: plugged.json("queue", "list") == [], "the queue to be empty")
    assert len(got) == 2 and all(content.count(b"Return-Path:") == 1 for content in got)
    assert len(empty(plugged, "ben@example.org")["INBOX"]) == 1 and empty(plugged) == {}
    delivery(plugged, {"action": "discard"})
    with pytest.raises(smtplib.SMTPDataError) as refused:
        delivery(plugged, {"action": "reject", "text": "Not for her"})
    assert refused.value.smtp_code == 550 and b"Not for her" in refused.value.smtp_error
    with pytest.raises(smtplib.SMTPDataError) as refused:
        delivery(plugged, {"action": "tempfail"})
    assert refused.value.smtp_code == 450
    assert empty(plugged) == {}
    plugged.deliver("ada@example.org", b"From: x@example.com\nX-Delivery: [{\"action\":\"junk\"}]\nSubject: bare\n\nHi\n")
    content, = empty(plugged)["Junk"]
    assert content.endswith(b"\nSubject: bare\n\nHi\n\r\n"), "what is not changed stays as it came"


def test_senders_that_are_wanted_or_not(plugged):
    kontor = plugged
    kontor.run("sender", "refuse", "@evil.example", "--tenant", "acme")
    kontor.run("sender", "block", "Ads@Example.com", "--tenant", "acme")
    kontor.run("sender", "block", "pest@example.com", "--user", "ben@example.org")
    assert kontor.json("sender", "list", "--tenant", "acme")["blocked"] == ["ads@example.com"]

    def bring(author, to="ben@example.org"):
        with kontor.smtp() as client:
            client.sendmail("x@example.com", [to], f"From: {author}\r\nSubject: s\r\n\r\nHi\r\n")

    with pytest.raises(smtplib.SMTPDataError) as refused:
        bring("x@evil.example")
    assert refused.value.smtp_code == 550 and b"not taken here" in refused.value.smtp_error
    bring("ads@example.com")
    bring("pest@example.com")
    bring("x@example.com")
    found = empty(kontor, "ben@example.org")
    assert len(found["Junk"]) == 2 and len(found["INBOX"]) == 1
    kontor.run("sender", "forget", "ads@example.com", "--tenant", "acme")
    kontor.run("sender", "forget", "pest@example.com", "--user", "ben@example.org")
    bring("ads@example.com")
    bring("pest@example.com")
    assert len(empty(kontor, "ben@example.org")["INBOX"]) == 2


def test_allowed_senders_must_be_proven(make_kontor):
    """A list of friends is no help to those who write under their names."""
    names = NameServer({"shop.example": ['@ TXT "v=spf1 ip4:127.0.0.1 -all"'], "forged.example": ['@ TXT "v=spf1 ip4:192.0.2.1 ~all"']})
    endpoint = Endpoint()
    try:
        kontor = make_kontor(more=names.toml() + f'[filters]\nreceived = ["http http://127.0.0.1:{endpoint.port}/check"]\n', smtp="")
        kontor.start()
        kontor.populate()
        kontor.run("sender", "allow", "@shop.example", "--tenant", "acme")
        kontor.run("sender", "allow", "a@forged.example", "--user", "ada@example.org")
        for author in ("a@shop.example", "a@forged.example"):
            with kontor.smtp() as client:
                client.sendmail(author, ["ada@example.org"], f"X-Http: [{{\"action\": \"junk\"}}]\r\nFrom: {author}\r\nSubject: s\r\n\r\nHi\r\n")
            envelope = endpoint.told[-1][0]
            assert envelope["is_author_proven"] == (author == "a@shop.example") and "spf=" in envelope["authentication"]
        found = empty(kontor)
        assert b"From: a@shop.example" in found["INBOX"][0] and b"From: a@forged.example" in found["Junk"][0]
    finally:
        names.close()
        endpoint.server.shutdown()
