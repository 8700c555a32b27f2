# SPDX-License-Identifier: AGPL-3.0-or-later
"""Subscriptions to calendars elsewhere, from a real HTTP server: as Apple's clients make them, and by `kontor calendar subscription`."""
import base64
import http.server
import re
import threading
import time

import pytest
from peers.certificates import Authority
from peers.dav import Dav
from peers.kontor import Kontor

ADA, HOME = "ada@example.org", "/dav/calendars/ada@example.org/"
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" xmlns:A="http://apple.com/ns/ical/"'


def feed_of(*events):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Elsewhere//EN\r\nX-WR-CALNAME:Holidays\r\n" + "".join(
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}\r\nDTSTART;VALUE=DATE:20260501\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\n"
        for uid, summary in events) + "END:VCALENDAR\r\n").encode()


class Source(http.server.ThreadingHTTPServer):
    """What is asked of it is kept; `answer` says what it does."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.answer, self.etag = [], feed_of(("a", "A"), ("b", "B")), '"one"'
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path, login="", host="127.0.0.1"):
        return f"http://{login}{host}:{self.server_address[1]}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        source = self.server
        source.asked.append((self.path, dict(self.headers)))
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", source.url("/new.ics", host="localhost"))
            self.end_headers()
            return
        if self.path.startswith("/loop"):
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
            return
        if isinstance(source.answer, int):
            self.send_error(source.answer)
            return
        if self.headers.get("If-None-Match") == source.etag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", source.etag)
        self.send_header("Content-Type", "text/calendar")
        self.end_headers()
        try:
            self.wfile.write(source.answer)
        except OSError:
            pass

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("feeds")
    server = Kontor(folder / "kontor", authority=Authority(folder / "authority"), more="[feeds]\nprivate_networks = true\nlargest = \"64K\"\n")
    server.start()
    server.populate()
    yield server
    server.close()


@pytest.fixture
def source():
    source = Source()
    yield source
    source.shutdown()
    source.server_close()


def until(condition, what):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(what)


def subscription(server, name):
    return next((one for one in server.json("calendar", "subscription", "list", "--of", ADA) if one["folder"] == name), None)


def refreshed(server, source, name):
    """Fetched once more, and what is known then."""
    asked = len(source.asked)
    server.run("calendar", "subscription", "refresh", ADA, name)
    until(lambda: len(source.asked) > asked, "it is asked")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    return until(lambda: (now := subscription(server, name))["next"] > soon and now, "it is done")


def items(ada, path):
    answer = ada.propfind(path, "getetag", depth=1)
    return {href.rsplit("/", 1)[1]: properties["{DAV:}getetag"][1].text for href, (_, properties) in answer.responses.items() if href.endswith(".ics")}


@pytest.mark.short
def test_a_client_subscribes(server, source):
    ada = Dav(server, ADA, listener="https")
    path = HOME + "holidays/"
    made = ada("MKCOL", path, f"<D:mkcol {NAMES}><D:set><D:prop><D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype><D:displayname>Holidays</D:displayname>"
               f"<A:refreshrate>P1D</A:refreshrate><CS:subscribed-strip-alarms/><CS:source><D:href>{source.url('/h.ics', 'ada:s3cret@')}</D:href></CS:source></D:prop></D:set></D:mkcol>",
               Content_Type="application/xml")
    assert made.status == 201, made.text
    until(lambda: len(items(ada, path)) == 2, "the feed is there")
    assert source.asked[0][1]["Authorization"] == "Basic " + base64.b64encode(b"ada:s3cret").decode()
    shown = ada("PROPFIND", path, f"<D:propfind {NAMES}><D:prop><D:resourcetype/><CS:source/><A:refreshrate/><CS:subscribed-strip-alarms/><C:schedule-calendar-transp/></D:prop></D:propfind>", Depth="0").text
    for part in ("<CS:subscribed/>", "<C:calendar/>", "/h.ics</D:href>", "PT86400S", "<CS:subscribed-strip-alarms/>", "<C:transparent/>"):
        assert part in shown, part
    # Read-only: what is there is the source's.
    text = ada("GET", path + "a.ics").text
    assert "SUMMARY:A" in text
    assert ada("PUT", path + "mine.ics", text.replace("UID:a", "UID:c"), Content_Type="text/calendar").status == 403
    assert ada("PUT", path + "a.ics", text.replace("SUMMARY:A", "SUMMARY:Mine"), Content_Type="text/calendar").status == 403
    assert ada("DELETE", path + "a.ics").status == 403
    token, before = ada.sync(path).sync_token, items(ada, path)
    # 304, then the same written anew, then news.
    known = refreshed(server, source, "Holidays")
    assert not known["error"] and source.asked[-1][1]["If-None-Match"] == '"one"'
    source.answer, source.etag = feed_of(("a", "A"), ("b", "B")), '"two"'
    refreshed(server, source, "Holidays")
    assert ada.sync(path, token).sync_token == token and items(ada, path) == before, "nothing happened"
    source.answer, source.etag = feed_of(("b", "Changed"), ("c", "New")), '"three"'
    refreshed(server, source, "Holidays")
    after = items(ada, path)
    assert set(after) == {"b.ics", "c.ics"} and after["b.ics"] != before["b.ics"]
    changed = ada.sync(path, token)
    assert {href.rsplit("/", 1)[1]: status for href, (status, _) in changed.responses.items()} == {"a.ics": 404, "b.ics": None, "c.ics": None}
    assert "s3cret" not in server.run("calendar", "subscription", "list", "--of", ADA).stdout
    server.stop()
    server.start()
    assert set(items(Dav(server, ADA, listener="https"), path)) == set(after)
    server.check()


@pytest.mark.short
def test_what_goes_wrong_is_said_and_changes_nothing(server, source):
    ada = Dav(server, ADA, listener="https")
    server.run("calendar", "subscription", "add", ADA, "Moon", source.url("/moon.ics"), "--refresh", "P1D")
    path = HOME + "Moon/"
    until(lambda: len(items(ada, path)) == 2, "the feed is there")
    before = items(ada, path)
    for answer, words in ((500, "500"), (404, "not there"), (b"<html>Log in</html>", "something else"), (feed_of(*((f"{n}", "x" * 500) for n in range(500))), "more than")):
        source.answer, source.etag = answer, '"bad"'
        known = refreshed(server, source, "Moon")
        assert words in known["error"] and items(ada, path) == before, known
    assert subscription(server, "Moon")["failures"] == 4
    source.answer, source.etag = feed_of(("a", "A"), ("b", "B")), '"good"'
    assert refreshed(server, source, "Moon")["error"] == ""
    assert items(ada, path) == before
    server.run("calendar", "subscription", "end", ADA, "Moon")
    assert ada("DELETE", path + "a.ics").status == 204, "it is hers now"


def test_redirects_keep_secrets_and_end(server, source):
    ada = Dav(server, ADA, listener="https")
    server.run("calendar", "subscription", "add", ADA, "Moved", source.url("/moved.ics", "ada:s3cret@"), "--refresh", "P1D")
    until(lambda: len(items(ada, HOME + "Moved/")) == 2, "it follows")
    (first, head), (second, other) = source.asked
    assert (first, second) == ("/moved.ics", "/new.ics") and "Authorization" in head and "Authorization" not in other
    server.run("calendar", "subscription", "add", ADA, "Loop", source.url("/loop"), "--refresh", "P1D")
    assert "cannot be fetched" in until(lambda: (subscription(server, "Loop") or {}).get("error"), "it ends")


def test_this_machine_is_not_asked(tmp_path, source):
    server = Kontor(tmp_path / "kontor")
    server.start()
    try:
        server.populate()
        for name, host in (("One", "127.0.0.1"), ("Two", "localhost")):
            server.run("calendar", "subscription", "add", ADA, name, source.url("/h.ics", host=host))
            error = until(lambda: (subscription(server, name) or {}).get("error"), "it is refused")
            assert re.search("not public", error)
        assert source.asked == []
    finally:
        server.close()
