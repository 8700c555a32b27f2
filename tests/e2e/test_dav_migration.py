# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars, contacts and files move in: from a running Radicale, from directories, in an archive; again and again, through kills."""
import random
import subprocess
import time

import pytest

from peers import cyrus
from peers.dav import Dav
from peers.dav_wire import kontor_dav
from peers.kontor import KONTOR, MIGRATE, ROOT
from peers.kopano_made_attached import attached_in
from peers.move import ADA, Move, activate
from peers.radicale import Radicale

CORPUS = ROOT / "../shared/corpus"
ZONE = ("BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\n")


def calendar(*components):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + "".join(components) + "END:VCALENDAR\r\n"


def event(uid, summary="Something", more="DTSTART:20260105T100000Z\r\nDTEND:20260105T110000Z\r\n"):
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{summary}\r\n{more}END:VEVENT\r\n"


def card(uid, name):
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEMAIL;TYPE=HOME:{uid}@example.org\r\nEND:VCARD\r\n"


@pytest.fixture
def radicale(tmp_path):
    server = Radicale(tmp_path / "radicale").start()
    yield server
    server.stop()


def fill(client, events=60):
    """What Ada has; {path: bytes as the server keeps them}."""
    root = f"/{ADA}/"
    client.make_calendar(root + "work/", "Work & Café", "#ff0000ff", "All that is <work>")
    client.make_calendar(root + "todo/", "Things", components=["VTODO"])
    client.make_book(root + "friends/", "Friends", "Who they are")
    for i in range(events):
        client.put(root + f"work/{i} ü.ics", calendar(event(f"e{i}", f"Number {i}, ü \\; &amp; <x>")))
    client.put(root + "work/series.ics", calendar(ZONE, event("s", "Series", "DTSTART;TZID=Mine:20260101T100000\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"),
                                                  event("s", "Moved", "RECURRENCE-ID;TZID=Mine:20260103T100000\r\nDTSTART;TZID=Mine:20260103T120000\r\n")))
    client.put(root + "todo/t.ics", calendar("BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Do it\r\nEND:VTODO\r\n"))
    for i in range(5):
        client.put(root + f"friends/c{i}.vcf", card(f"c{i}", f"Name {i}"), "text/vcard; charset=utf-8")


def from_radicale(target, radicale, folder, scheme):
    folder = folder / scheme
    folder.mkdir()
    path = f"/{ADA}/" if scheme == "dav" else ""
    move = Move(target, folder, ["--from", f"{scheme}://127.0.0.1:{radicale.port}{path}?tls=none", "--user", ADA,
                                 "--password-file", folder / "password"], label=scheme)
    move.secret("password", "secret")
    return move


def folders_of(report):
    return {one["folder"]: one for one in report["accounts"][0]["folders"]}


def writes_nothing(move):
    report = move.run()["total"]
    assert (report["copied"], report["updated"], report["moved"], report["bytes"]) == (0, 0, 0, 0), report


@pytest.mark.short
def test_calendars_and_contacts_of_radicale_move_and_follow(target, radicale, tmp_path):
    client = radicale.client()
    fill(client)
    calendars, contacts = (from_radicale(target, radicale, tmp_path, scheme) for scheme in ("caldav", "carddav"))
    plan = folders_of(calendars.run("plan"))
    assert {name: one["kind"] for name, one in plan.items()} == {"Work & Café": "calendar", "Things": "tasks"}
    first = calendars.run()["total"]
    assert (first["source"], first["copied"], first["quarantined"]) == (62, 62, 0)
    assert contacts.run()["total"]["copied"] == 5
    for move, count in ((calendars, 62), (contacts, 5)):
        writes_nothing(move)
        assert move.run("run", "--full")["total"]["updated"] == 0
        proof = move.run("verify")["total"]
        assert (proof["compared"], proof["differences"]) == (count, 0)
    # It is served as it was there.
    target.run("user", "set", ADA, "--status", "active")
    here = kontor_dav(target)
    for path in ("work/0 ü.ics", "work/series.ics"):
        assert here.get(f"/dav/calendars/{ADA}/{path}").replace(b"\r\n", b"\n") == client.get(f"/{ADA}/{path}").replace(b"\r\n", b"\n")
    assert b"Name 3" in here.get(f"/dav/contacts/{ADA}/friends/c3.vcf")
    shown = here.propfind(f"/dav/calendars/{ADA}/work/", ["D:displayname", "A:calendar-color", "C:calendar-description"], depth=0)
    assert [one.text for one in shown[f"/dav/calendars/{ADA}/work/"].values()] == ["Work & Café", "#ff0000ff", "All that is <work>"]
    target.run("user", "set", ADA, "--status", "inactive")
    # What changes there changes here.
    root = f"/{ADA}/"
    client.put(root + "work/0 ü.ics", calendar(event("e0", "Another summary")))
    client.put(root + "work/new.ics", calendar(event("new")))
    client.ok("DELETE", root + "work/1 ü.ics")
    client.ok("MOVE", root + "work/2 ü.ics", Destination=f"http://127.0.0.1:{radicale.port}/{ADA}/work/renamed.ics")
    client.put(root + "friends/c0.vcf", card("c0", "A new name"), "text/vcard; charset=utf-8")
    client.proppatch(root + "work/", "<D:displayname>Work</D:displayname><A:calendar-color>#00ff00ff</A:calendar-color>")
    later = calendars.run("run", "--delete-vanished")["total"]
    assert (later["copied"], later["updated"], later["moved"], later["removed"]) == (1, 1, 1, 1), later
    assert contacts.run()["total"]["updated"] == 1
    for move in (calendars, contacts):
        assert move.run("verify")["total"]["differences"] == 0
        writes_nothing(move)


def test_an_import_that_is_killed_brings_each_item_once(target, tmp_path):
    (tmp_path / "many.ics").write_bytes(calendar(*(event(f"k{i}") for i in range(3000))).encode())
    move = Move(target, tmp_path, ["--from", f"ics:{tmp_path}/many.ics", "--user", ADA])
    random.seed(5)
    for _ in range(4):
        run = move.start("run", "--quiet")
        time.sleep(random.uniform(0.1, 0.6))
        target.kill()
        run.kill()
        run.communicate()
        target.start()
    move.run()
    proof = move.run("verify")["total"]
    assert (proof["source"], proof["compared"], proof["differences"]) == (3000, 3000, 0)
    writes_nothing(move)


def test_files_move_with_sizes_and_dates(target, radicale, tmp_path):
    fill(radicale.client(), events=3)
    move = from_radicale(target, radicale, tmp_path, "dav")
    assert move.run()["total"]["copied"] == 10
    assert move.run("verify")["total"]["differences"] == 0
    writes_nothing(move)


def directory(root):
    """Ada's collections as vdirsyncer and exports leave them."""
    files = {
        "home/displayname": "Home sweet home",
        "home/color": "#112233",
        "home/a.ics": calendar(event("a", "Single")),
        "home/b.ics": calendar(event("b")).replace("\r\n", "\n"),
        "home/broken.ics": "This is no calendar.\r\n",
        "Work_export.ics": calendar("X-WR-CALNAME:Export\r\n", ZONE, *(event(f"x{i}") for i in range(30)),
                                    event("x1", "Changed", "RECURRENCE-ID:20260105T100000Z\r\nDTSTART;TZID=Mine:20260105T120000\r\n")),
        "book/many.vcf": "".join(card(f"v{i}", f"Person {i}") for i in range(20)),
    }
    for name, text in files.items():
        path = root / ADA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@pytest.mark.short
def test_directories_of_calendars_and_cards(target, tmp_path):
    root = tmp_path / "collections"
    directory(root)
    moves = {}
    for scheme, count in (("ics", 33), ("vcf", 20)):
        folder = tmp_path / scheme
        folder.mkdir()
        move = moves[scheme] = Move(target, folder, ["--from", f"{scheme}:{root}/%u"], label=scheme)
        report = move.run()
        assert report["total"]["copied"] == count
        damaged = [item["key"] for one in report["accounts"][0]["folders"] for item in one.get("damaged_items", [])]
        assert damaged == (["file:broken.ics"] if scheme == "ics" else []), "taken as it came, and named"
        writes_nothing(move)
        assert move.run("verify")["total"]["differences"] == 0
    (root / ADA / "home/a.ics").write_text(calendar(event("a", "Another")))
    (root / ADA / "home/b.ics").unlink()
    changed = moves["ics"].run("run", "--delete-vanished")
    assert {key: changed["total"][key] for key in ("updated", "removed", "copied")} == {"updated": 1, "removed": 1, "copied": 0}
    assert moves["ics"].run("verify")["total"]["differences"] == 0


def test_an_archive_carries_all_kinds(target, tmp_path):
    root = tmp_path / "collections"
    directory(root)
    for scheme in ("ics", "vcf"):
        dump = subprocess.run([MIGRATE, "dump", "--from", f"{scheme}:{root}/%u", "--stdout"], capture_output=True, timeout=120, check=False)
        assert dump.returncode == 0, dump.stderr
        archive = tmp_path / f"{scheme}.tar.zst"
        archive.write_bytes(dump.stdout)
        names = subprocess.run(["tar", "--zstd", "-tf", archive], capture_output=True, text=True, check=True).stdout
        assert f".{scheme}\n" in names
        for _ in range(2):
            done = subprocess.run([KONTOR, "import", "--stdin", "--config", target.config], input=dump.stdout, capture_output=True, timeout=120, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "move"
    folder.mkdir()
    for scheme, count in (("ics", 33), ("vcf", 20)):
        proof = Move(target, folder, ["--from", f"{scheme}:{root}/%u"], label=scheme).run("verify")["total"]
        assert (proof["compared"], proof["differences"]) == (count, 0)


@pytest.mark.parametrize("scheme", ["ics", "vcf"])
def test_every_sample_comes_as_it_is(target, tmp_path, scheme):
    samples = CORPUS / scheme
    if not samples.is_dir():
        pytest.skip("no samples here")
    move = Move(target, tmp_path, ["--from", f"{scheme}:{samples}", "--user", ADA])
    report = move.run("run", code=None)
    total = report["total"]
    assert total["unaccounted"] == 0 and total["copied"] > 100
    # UIDs that are there twice in one directory cannot be in one collection: each is named.
    for one in report["accounts"][0]["folders"]:
        for item in one.get("quarantined_items", []):
            assert "UID" in item["reason"], item
    again = move.run("run", code=None)["total"]
    assert (again["copied"], again["updated"], again["quarantined"]) == (0, 0, total["quarantined"])
    proof = move.run("verify", code=None)["total"]
    assert proof["differences"] == total["quarantined"]


@pytest.mark.skipif(not cyrus.can_start(), reason="Cyrus httpd is not here, or not for us to start")
def test_calendars_and_contacts_of_cyrus(target, tmp_path):
    server = cyrus.Cyrus()
    try:
        server.start()
        client = server.client()
        for i in range(60):
            client.put(f"/dav/calendars/user/ada/Default/{i} ü.ics", calendar(event(f"c{i}")))
        client.put("/dav/addressbooks/user/ada/Default/one.vcf", card("one", "Name"), "text/vcard; charset=utf-8")
        for scheme, count in (("caldav", 60), ("carddav", 1)):
            folder = tmp_path / scheme
            folder.mkdir()
            (folder / "users.csv").write_text(f"login,password,address\nada,secret,{ADA}\n")
            move = Move(target, folder, ["--from", f"{scheme}://127.0.0.1:{server.port}?tls=none", "--users", folder / "users.csv"], label=scheme)
            assert move.run()["total"]["copied"] == count
            writes_nothing(move)
            assert move.run("verify")["total"]["differences"] == 0
    finally:
        server.close()


def test_managed_attachments_come_along(target, make_kontor, tmp_path):
    """From another Kontor: what the server keeps for an event is kept here, too; a later pass brings another version of it alone."""
    origin = make_kontor()
    origin.start()
    origin.populate()
    there = Dav(origin, ADA)
    path, film = f"/dav/calendars/{ADA}/calendar/one.ics", random.Random(3).randbytes(9 << 20)
    assert there("PUT", path, calendar(event("one", "With a film")), Content_Type="text/calendar").status == 201
    name = {"Content-Type": "video/mp4", "Content-Disposition": "attachment;filename=film.mp4"}
    first = there("POST", path + "?action=attachment-add", film, headers=name)
    assert first.status == 201, first.text
    move = Move(target, tmp_path, ["--from", f"caldav://127.0.0.1:{origin.port('dav')}?tls=none", "--user", ADA, "--password-file", tmp_path / "password"])
    move.secret("password", "secret")
    total = move.run("run")["total"]
    assert total["attachments"] == 1 and total["quarantined"] == total["losses"] == 0
    activate(target)
    target.run("user", "passwd", ADA, "--password-stdin", input="secret\n")
    here = Dav(target, ADA)

    def read():
        [(title, parts)] = attached_in(here("GET", path).text).items()
        [(file, url, parameters)] = parts[""]
        assert (title, file) == ("With a film", "film.mp4") and parameters["MANAGED-ID"] in url
        return here("GET", "/dav/" + url.split("/dav/", 1)[1])

    got = read()
    assert got.body == film and got.headers["Content-Type"] == "video/mp4"
    assert move.run("run", "--live")["total"]["updated"] == 0
    other = there("POST", path + f"?action=attachment-update&managed-id={first.headers['Cal-Managed-ID']}", film[::-1], headers=name)
    assert other.status in (200, 204), other.text
    assert move.run("run", "--live")["total"]["updated"] == 1
    assert read().body == film[::-1]
    proof = move.run("verify")["total"]
    assert proof["differences"] == 0 and proof["attachments"] == 1
