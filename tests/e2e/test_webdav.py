# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebDAV: litmus, and what litmus does not ask: ranges, conditions, locks over a restart, synchronization, other people's folders, and
requests that mean harm."""
import concurrent.futures
import os
import re
import subprocess
import time

import pytest

from peers.dav import Dav
from peers.kontor import Kontor

DAV = "{DAV:}"
HOME = "/dav/files/ada@example.org/"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    server = Kontor(tmp_path_factory.mktemp("dav"))
    server.start()
    try:
        server.populate(users=("ada", "ben", "cat"))
        yield server
    finally:
        server.close()


@pytest.fixture
def dav(house):
    return Dav(house)


@pytest.fixture
def folder(dav, request):
    """A new folder of one's own."""
    path = HOME + re.sub(r"\W", "-", request.node.name) + "/"
    assert dav("MKCOL", path).status == 201
    return path


@pytest.mark.short
def test_litmus_passes_whole(house, tmp_path):
    done = subprocess.run(["litmus", f"http://localhost:{house.port('dav')}{HOME}", "ada@example.org", "secret"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=300, env={**os.environ, "TESTS": "basic copymove props locks http"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout and "WARNING" not in done.stdout, done.stdout
    assert len(re.findall(r"100\.0%", done.stdout)) == 5, done.stdout


@pytest.mark.short
def test_who_may_come_in(house, dav):
    assert Dav(house, user=None)("PROPFIND", HOME).status == 401
    assert Dav(house, password="wrong")("PROPFIND", HOME).status == 401
    assert Dav(house, user="ben@example.org")("GET", HOME).status == 403
    assert dav("GET", "/dav/files/nobody@example.org/").status == 404
    assert Dav(house, listener="https").propfind(HOME, "displayname").status == 207


def test_pages_of_other_sites_post_nothing(dav):
    calendar = "/dav/calendars/ada@example.org/calendar/"
    publish = '<publish-calendar xmlns="http://calendarserver.org/ns/"/>'
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        assert dav("POST", calendar, publish, Content_Type="text/plain", **headers).status == 403, headers
    assert dav("POST", calendar, publish, Sec_Fetch_Site="same-origin").status == 202


def test_options_say_what_is_there(dav):
    answer = dav("OPTIONS", HOME)
    assert answer.headers["DAV"].startswith("1, 2, 3")
    assert {"PROPFIND", "LOCK", "COPY", "REPORT"} <= set(answer.headers["Allow"].split(", "))
    assert "PUT" not in answer.headers["Allow"]
    wrong = dav("PUT", HOME, "x")
    assert wrong.status == 405 and "PROPFIND" in wrong.headers["Allow"]


def test_a_file_comes_back_in_parts(dav, folder):
    body = bytes(range(256)) * 4096  # beyond what lies inline
    made = dav("PUT", folder + "data.bin", body, Content_Type="image/png")
    assert made.status == 201
    whole = dav("GET", folder + "data.bin")
    assert whole.body == body and whole.headers["Content-Type"] == "image/png" and whole.headers["ETag"] == made.headers["ETag"]
    assert whole.headers["Content-Length"] == str(len(body))
    part = dav("GET", folder + "data.bin", Range="bytes=100-199")
    assert (part.status, part.body) == (206, body[100:200]) and part.headers["Content-Range"] == f"bytes 100-199/{len(body)}"
    assert dav("GET", folder + "data.bin", Range="bytes=-5").body == body[-5:]
    assert dav("GET", folder + "data.bin", Range=f"bytes={len(body)}-").status == 416
    several = dav("GET", folder + "data.bin", Range="bytes=0-1,1000000-1000003")
    assert several.status == 206 and several.headers["Content-Type"].startswith("multipart/byteranges")
    assert several.body.count(b"Content-Range: bytes ") == 2 and body[1000000:1000004] in several.body
    assert int(several.headers["Content-Length"]) == len(several.body)
    assert dav("GET", folder + "data.bin", Range="bytes=0-1", If_Range='"other"').status == 200
    head = dav("HEAD", folder + "data.bin")
    assert head.headers["Content-Length"] == str(len(body)) and head.body == b""


def test_conditions_guard_what_is_written(dav, folder):
    path = folder + "a.txt"
    first = dav("PUT", path, "one", If_None_Match="*")
    assert first.status == 201
    assert dav("PUT", path, "two", If_None_Match="*").status == 412
    assert dav("PUT", path, "two", If_Match='"wrong"').status == 412
    second = dav("PUT", path, "two", If_Match=first.headers["ETag"])
    assert second.status == 204 and second.headers["ETag"] != first.headers["ETag"]
    assert dav("GET", path, If_None_Match=second.headers["ETag"]).status == 304
    assert dav("DELETE", path, If_Match=first.headers["ETag"]).status == 412
    assert dav("PUT", folder + "b.txt", "x", If_Match="*").status == 412
    assert dav("PUT", path, "three", If=f'([{first.headers["ETag"]}])').status == 412
    assert dav("PUT", path, "three", If=f'([{second.headers["ETag"]}])').status == 204


def test_the_same_bytes_again_change_nothing(dav, folder):
    dav("PUT", folder + "a.txt", "one", Content_Type="text/plain")
    before = dav.propfind(folder, "sync-token").text_of(folder, DAV + "sync-token")
    assert dav("PUT", folder + "a.txt", "one", Content_Type="text/plain").status == 204
    assert dav.propfind(folder, "sync-token").text_of(folder, DAV + "sync-token") == before


def test_earlier_contents_can_be_recovered(house, dav, folder):
    for text in ("first words", "second words", "third"):
        dav("PUT", folder + "draft.txt", text)
    options = ("folder", "recover", "list", "ada@example.org", "--subject", "draft", "--versions")
    removed = house.json(*options)["items"]
    assert sorted(item["bytes"] for item in removed) == [11, 12] and all(item["version_of"] for item in removed)
    house.run("folder", "recover", "restore", "ada@example.org", "--item", removed[0]["id"])
    assert {dav("GET", path).body for path in dav.propfind(folder, "getetag", depth=1).responses if path != folder} >= {b"third", b"first words"}


def test_properties_are_kept_as_they_were_sent(dav, folder):
    body = ('<propertyupdate xmlns="DAV:" xmlns:x="urn:x" xml:lang="de"><set><prop><x:note a="1">Grüße <x:b/>&amp;</x:note></prop></set>'
            "<set><prop><x:gone/></prop></set><remove><prop><x:gone/></prop></remove></propertyupdate>")
    dav("PUT", folder + "a", "x")
    for path in (folder, folder + "a"):
        assert dav("PROPPATCH", path, body).status == 207
        seen = dav.propfind(path, body='<propfind xmlns="DAV:"><prop><note xmlns="urn:x"/><gone xmlns="urn:x"/></prop></propfind>').responses[path][1]
        status, note = seen["{urn:x}note"]
        assert status == 200 and seen["{urn:x}gone"][0] == 404
        assert (note.text, note.attrib) == ("Grüße ", {"a": "1", "{http://www.w3.org/XML/1998/namespace}lang": "de"})
    protected = dav("PROPPATCH", folder, '<propertyupdate xmlns="DAV:"><set><prop><getetag>1</getetag><x xmlns="urn:x">1</x></prop></set></propertyupdate>')
    states = {name: status for name, (status, _) in protected.responses[folder][1].items()}
    assert states == {DAV + "getetag": 403, "{urn:x}x": 424}
    large = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">' + "y" * 100_000 + "</x></prop></set></propertyupdate>"
    assert dav("PROPPATCH", folder, large).responses[folder][1]["{urn:x}x"][0] == 507
    moved = folder.rstrip("/") + "-moved/"
    assert dav("MOVE", folder, Destination=dav.url(moved)).status == 201
    assert dav.propfind(moved, body='<propfind xmlns="DAV:"><prop><note xmlns="urn:x"/></prop></propfind>').responses[moved][1]["{urn:x}note"][0] == 200


def test_locks_hold_over_a_restart_and_end(house, dav, folder):
    dav("PUT", folder + "a", "x")
    answer = dav.lock(folder + "a", Timeout="Second-3600")
    token = answer.headers["Lock-Token"]
    deep = dav.lock(folder + "below", Depth="infinity")
    assert (answer.status, deep.status) == (200, 201)
    house.stop()
    house.start()
    dav = Dav(house)
    assert dav("PUT", folder + "a", "y").status == 423
    assert dav("PUT", folder + "a", "y", If=f"({token})").status == 204
    assert dav("DELETE", folder + "a").status == 423
    assert dav("DELETE", folder).status == 207
    assert dav.lock(folder + "a").precondition == "no-conflicting-lock"
    refreshed = dav("LOCK", folder + "a", If=f"({token})", Timeout="Second-100")
    assert refreshed.status == 200 and "Second-100" in refreshed.text
    assert dav("UNLOCK", folder + "a", Lock_Token="<urn:uuid:not-this>").precondition == "lock-token-matches-request-uri"
    assert dav("UNLOCK", folder + "a", Lock_Token=token).status == 204
    assert dav("PUT", folder + "a", "z").status == 204
    dav.lock(folder + "a", Timeout="Second-1")
    for _ in range(100):
        if dav("PUT", folder + "a", "later").status == 204:
            break
    else:
        time.sleep(2)
        assert dav("PUT", folder + "a", "later").status == 204


def test_a_collection_is_synchronized(dav, folder):
    for name in "abcde":
        dav("PUT", folder + name, name)
    seen, token = set(), ""
    for _ in range(10):
        answer = dav.sync(folder, token, limit=2)
        token = answer.sync_token
        seen |= {path for path, (status, _) in answer.responses.items() if status is None}
        if folder not in answer.responses:
            break
        assert answer.responses[folder][0] == 507
    assert seen == {folder + name for name in "abcde"}
    assert dav.sync(folder, token).responses == {}
    dav("DELETE", folder + "a")
    dav("PUT", folder + "b", "changed")
    dav("MOVE", folder + "c", Destination=dav.url(folder + "z"))
    dav("DELETE", folder + "d")
    dav("PUT", folder + "d", "again")
    news = dav.sync(folder, token)
    assert {path: status for path, (status, _) in news.responses.items()} == {
        folder + "a": 404, folder + "c": 404, folder + "b": None, folder + "z": None, folder + "d": None}
    for bad in ("data:,kontor-1-1-999999999", "urn:other", "data:,kontor-99-1-1"):
        assert dav.sync(folder, bad).precondition == "valid-sync-token"
    dav("MKCOL", folder + "sub")
    dav("PUT", folder + "sub/deep", "x")
    deep = dav.sync(folder, news.sync_token, deep=True)
    assert {folder + "sub/", folder + "sub/deep"} <= set(deep.responses)
    dav("DELETE", folder + "sub")
    assert dav.sync(folder, deep.sync_token, deep=True).precondition == "valid-sync-token"


def test_trees_are_copied_and_moved(dav, folder):
    dav("MKCOL", folder + "one")
    dav("MKCOL", folder + "one/two")
    dav("PUT", folder + "one/two/a", "deep", Content_Type="text/x-test")
    assert dav("COPY", folder + "one", Destination=dav.url(folder + "three")).status == 201
    copied = dav("GET", folder + "three/two/a")
    assert (copied.body, copied.headers["Content-Type"]) == (b"deep", "text/x-test")
    assert dav("COPY", folder + "one", Destination=dav.url(folder + "three"), Overwrite="F").status == 412
    assert dav("COPY", folder + "one", Destination=dav.url(folder + "three"), Depth="0").status == 204
    assert dav("GET", folder + "three/two/a").status == 404
    for bad, status in ((folder + "one/two/x", 403), (folder + "no/x", 409), ("http://example.com/x", 502)):
        url = bad if bad.startswith("http") else dav.url(bad)
        assert dav("MOVE", folder + "one", Destination=url).status == status, bad
    assert dav("MOVE", folder + "one/two", Destination=dav.url(folder + "one")).status == 403
    assert dav("MOVE", folder + "one", Destination=dav.url(folder + "three")).status == 204
    assert dav("GET", folder + "three/two/a").status == 200 and dav("GET", folder + "one").status == 404
    assert dav("MOVE", HOME, Destination=dav.url("/dav/files/ada@example.org/x/")).status == 403
    assert dav("DELETE", HOME).status == 403


def test_calendars_lie_in_their_home(dav):
    home = "/dav/calendars/ada@example.org/"
    listed = dav.propfind(home, "displayname", "resourcetype", depth=1).responses
    assert {home + "calendar/", home + "tasks/", home + "notes/"} <= set(listed)
    assert dav("MKCOL", home + "work/").status == 201
    named = '<propertyupdate xmlns="DAV:"><set><prop><displayname>Arbeit</displayname></prop></set></propertyupdate>'
    assert dav("PROPPATCH", home + "work/", named).status == 207
    assert dav.propfind(home + "work/", "displayname").text_of(home + "work/", DAV + "displayname") == "Arbeit"
    assert dav("MOVE", home + "work/", Destination=dav.url(home + "office/")).status == 201
    assert dav.propfind(home + "office/", "displayname").text_of(home + "office/", DAV + "displayname") == "Arbeit"
    assert dav("DELETE", home + "office/").status == 204
    assert dav("DELETE", home + "calendar/").status == 403


def test_what_others_share_can_be_used(house, dav, folder):
    dav("PUT", folder + "plan.txt", "shared")
    dav("PUT", folder + "own.txt", "x")
    ben = Dav(house, user="ben@example.org")
    assert ben("GET", folder + "plan.txt").status in (403, 404)
    path = "Files/" + folder.rstrip("/").rsplit("/", 1)[1]
    house.run("folder", "rights", "set", "ada@example.org", path, "ben@example.org", "--rights", "lr")
    assert ben("GET", folder + "plan.txt").body == b"shared"
    assert ben("PUT", folder + "plan.txt", "changed").status == 403
    assert ben("DELETE", folder + "plan.txt").status == 403
    assert ben("COPY", folder + "plan.txt", Destination=ben.url(ben.files + "mine.txt")).status == 201
    assert ben("GET", ben.files + "mine.txt").body == b"shared"
    assert ben("MOVE", folder + "plan.txt", Destination=ben.url(ben.files + "stolen.txt")).status == 403
    assert ben("GET", ben.files + "stolen.txt").status == 404


def test_quota_is_told_and_kept(house):
    house.add_user("dan@example.org", quota="1M")
    dan = Dav(house, user="dan@example.org")
    quota = dan.propfind(dan.files, "quota-available-bytes", "quota-used-bytes").responses[dan.files][1]
    assert quota[DAV + "quota-available-bytes"][1].text == str(1 << 20) and quota[DAV + "quota-used-bytes"][1].text == "0"
    full = dan("PUT", dan.files + "large", b"x" * (2 << 20))
    assert full.status == 507 and full.precondition == "quota-not-exceeded"
    assert dan("GET", dan.files + "large").status == 404


def test_a_page_lists_a_folder(dav, folder):
    dav("PUT", folder + "<a> & b.txt", "x")
    page = dav("GET", folder)
    assert page.headers["Content-Type"].startswith("text/html") and "&lt;a&gt; &amp; b.txt" in page.text


def test_minimal_answers_leave_out_what_is_not_there(dav, folder):
    answer = dav.propfind(folder, "displayname", "nonsense", Prefer="return=minimal")
    assert DAV + "nonsense" not in answer.responses[folder][1] and answer.headers["Preference-Applied"] == "return=minimal"
    changed = dav("PROPPATCH", folder, '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x"/></prop></set></propertyupdate>', Prefer="return=minimal")
    assert (changed.status, changed.body) == (200, b"")


def test_what_means_harm_gets_clear_answers(house, dav, folder):
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><propfind xmlns="DAV:"><prop>&b;</prop></propfind>'
    assert dav("PROPFIND", folder, bomb, Depth="0").status == 400
    assert dav("PROPFIND", folder, "<a>" * 10_000, Depth="0").status in (400, 413)
    assert dav("PROPFIND", folder, "no XML", Depth="0").status == 400
    assert dav("PROPFIND", folder, Depth="7").status == 400
    assert dav("PROPFIND", "/dav/", Depth="infinity").precondition == "propfind-finite-depth"
    try:
        assert Dav(house)("PROPFIND", folder, b" " * (10 << 20), Depth="0").status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused while it was still being sent
    assert dav("MKCOL", folder + "x", "<y/>", Content_Type="text/plain").status == 415
    assert dav("PUT", folder + "a", "x", Content_Range="bytes 0-0/1").status == 400
    assert dav("PUT", folder + "no/such/folder", "x").status == 409
    assert dav("PUT", folder + "x" * 300, "x").status == 404
    assert dav("LOCK", folder + "a", "<lockinfo xmlns='DAV:'/>").status in (400, 422)
    assert dav("COPY", folder).status == 400
    assert dav("REPORT", folder, '<unknown xmlns="DAV:"/>').precondition == "supported-report"
    deep = folder
    statuses = set()
    for _ in range(80):
        deep += "d/"
        statuses.add(dav("MKCOL", deep).status)
    assert statuses <= {201, 409, 413, 403, 404} and len(statuses) > 1
    assert dav.propfind(folder, "getetag", depth="infinity").status == 207


def test_a_large_file_needs_little_memory(house, dav, folder):
    def pieces():
        for number in range(64):
            yield bytes([number]) * (1 << 20)

    before = house.memory_kib()
    dav.connection.request("PUT", folder + "large", pieces(), {"Authorization": dav.authorization}, encode_chunked=True)
    answer = dav.connection.getresponse()
    answer.read()
    assert answer.status == 201
    assert dav("GET", folder + "large", Range="bytes=66060288-").body == bytes([63]) * (1 << 20)
    assert house.memory_kib() - before < 100_000


def test_a_large_collection_is_listed(house, dav, folder):
    def fill(numbers):
        own = Dav(house)
        return {own("PUT", f"{folder}{number:05}", str(number)).status for number in numbers}

    with concurrent.futures.ThreadPoolExecutor(16) as together:
        assert set().union(*together.map(fill, (range(first, 1100, 16) for first in range(16)))) == {201}
    listed = dav.propfind(folder, "getetag", depth=1)
    assert listed.headers.get("Transfer-Encoding") == "chunked" and len(listed.responses) == 1101
    assert len(dav.sync(folder).responses) == 1100
    assert dav("DELETE", folder).status == 204
