# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one client writes, the others read: curl, python3-caldav and vdirsyncer with khal, todoman and khard, each of which finds its way from
the host's name. Everything is written by all, then read by all, once; the tests compare."""
import re
from datetime import datetime

import caldav
import pytest

from peers.certificates import Authority
from peers.dav_clients import Curl, Desk, PythonCaldav
from peers.dav_items import CARDS, COLLECTIONS, EVENTS, PHOTO, TASKS, ZONE, by_uid, calendar, card, said, tree, unfolded
from peers.kontor import ROOT, Kontor

ADA = "ada@example.org"
FIELDS = ("title", "start", "end", "location", "repeat-symbol", "alarm-symbol")


class World:
    """`sent` and `read`: by client, collection and UID the text that it sent or was given."""

    def __init__(self, folder):
        self.server = Kontor(folder / "kontor", authority=Authority(folder / "authority"))
        self.server.start()
        self.server.populate()
        self.curl = Curl(folder / "curl", self.server, ADA)
        self.paths = self.curl.discover("caldav", "C:calendar-home-set") | self.curl.discover("carddav", "CR:addressbook-home-set")
        self.sent, self.read = {}, {}
        self.write_all(folder)
        self.read_all(folder)

    def write_all(self, folder):
        sent = self.sent["curl"] = {collection: self.made("curl", collection) for collection in self.paths}
        for collection, items in sent.items():
            extension, kind = ("vcf", "text/vcard") if collection == "contacts" else ("ics", "text/calendar; charset=utf-8")
            answers = self.curl.put({f"{self.paths[collection]}{uid}.{extension}": text.encode() for uid, text in items.items()}, kind) if items else {}
            assert set(answers.values()) <= {201}, answers

        self.desk = Desk(folder / "desk", self.server, ADA, ["calendar", "tasks", "notes", "travel"])
        sent = self.sent["vdirsyncer"] = {collection: self.made("vdirsyncer", collection) for collection in self.paths}
        for collection, items in sent.items():
            for uid, text in items.items():
                kind, extension = ("contacts", "vcf") if collection == "contacts" else ("calendars", "ics")
                (self.desk.folder / kind / collection / f"{uid}.{extension}").write_bytes(text.encode())
        (self.desk.calendars / "travel" / "color").write_text("#FF8800")
        before = {kind: set(self.desk.everything("calendars", kind)) for kind in ("calendar", "tasks")} | {"contacts": set(self.desk.everything("contacts", "contacts"))}
        self.write_by_hand()
        for client, collection in (("khal", "calendar"), ("todoman", "tasks"), ("khard", "contacts")):
            files = self.desk.everything("contacts" if client == "khard" else "calendars", collection)
            self.sent[client] = {collection: by_uid(files[path].decode() for path in files if path not in before[collection])}
        python = PythonCaldav(self.server, ADA)
        self.sent["python-caldav"] = {collection: by_uid(python.write(collection, text) for text in self.made("python-caldav", collection).values())
                                      for collection in COLLECTIONS}
        self.desk.vdirsyncer("sync")
        self.desk.vdirsyncer("metasync")
        change = "<propertyupdate xmlns='DAV:'><set><prop><displayname>Reisen 🚂</displayname></prop></set></propertyupdate>"
        self.travel = self.curl.discover("caldav", "C:calendar-home-set")["travel"]
        assert self.curl.ask([{"url": self.travel, "request": "PROPPATCH", "data": change, "header": "Content-Type: application/xml"}])[0][0] == 207


    def write_by_hand(self):
        """What people write with the programs themselves."""
        self.desk.khal("new", "-a", "calendar", "-l", "Raum Ü", "-g", "Work", "-m", "15m", "-r", "weekly", "-u", "2031-05-17", "2031-05-02", "10:00", "11:00", "khal 🎉",
                       "::", "By hand")
        self.desk.khal("new", "-a", "calendar", "2031-05-03", "2031-05-04", "khal days")
        self.desk.khal("import", "--batch", "-a", "calendar", input=calendar(EVENTS["series"][0], "khal-series", "khal"))
        self.desk.todoman("new", "--list", "tasks", "--due", "2031-05-05 12:00", "--priority", "high", "--location", "Küche", "todoman 🥛")
        self.desk.khard("new", "-a", "people", input="First name: Grace\nLast name: Höpper\nOrganisation: Navy\nPhone:\n  cell: +1 555\nEmail:\n  work: grace@navy.example\nNote: 🐞\n")

    def made(self, who, collection):
        names = CARDS if collection == "contacts" else COLLECTIONS.get(collection, {})
        if collection == "contacts":
            return {f"{who}-{name}": card(name, f"{who}-{name}") for name in names}
        return {f"{who}-{name}": calendar(names[name][0], f"{who}-{name}", who) for name in names}

    def read_all(self, folder):
        self.laptop = Desk(folder / "laptop", self.server, ADA)
        self.laptop.vdirsyncer("sync")
        self.laptop.vdirsyncer("metasync")
        self.python = PythonCaldav(self.server, ADA)
        self.read["python-caldav"] = {collection: by_uid(self.python.everything(collection)) for collection in COLLECTIONS}
        self.read["vdirsyncer"] = {collection: by_uid(text.decode() for text in self.laptop.everything("contacts" if collection == "contacts" else "calendars", collection).values())
                                   for collection in (*COLLECTIONS, "contacts")}
        self.read["curl"] = {collection: by_uid(text.decode() for text in self.curl.everything(self.paths[collection]).values()) for collection in (*COLLECTIONS, "contacts")}
        self.read["curl, version 4"] = {"contacts": by_uid(text.decode() for text in self.curl.everything(self.paths["contacts"], Accept="text/vcard;version=4.0").values())}
        self.read["curl, version 3"] = {"contacts": by_uid(text.decode() for text in self.curl.everything(self.paths["contacts"], Accept="text/vcard;version=3.0").values())}
        self.agenda = self.laptop.agenda("2031-03-01", "2031-06-30", *FIELDS)
        self.tasks = self.laptop.tasks()
        self.people = {command: parsable(self.laptop, command) for command in ("list", "phone", "email", "postaddress")}


def parsable(desk, command):
    return [row.split("\t") for row in desk.khard(command, "--parsable").splitlines()[command == "email":]]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("matrix"))
    yield made
    made.server.close()


def same_bytes(sent, read):
    return sent == read


def same_properties(sent, read):
    return tree(sent) == tree(read)


# vdirsyncer and curl give what they have; python3-caldav makes texts anew of what it understood.
CALENDAR_PAIRS = [(writer, collection, reader) for writer, collections in (
    ("curl", COLLECTIONS), ("vdirsyncer", COLLECTIONS), ("python-caldav", COLLECTIONS), ("khal", ["calendar"]), ("todoman", ["tasks"]))
    for collection in collections for reader in ("curl", "vdirsyncer", "python-caldav")]


@pytest.mark.parametrize("writer, collection, reader", CALENDAR_PAIRS, ids=[" ".join(one) for one in CALENDAR_PAIRS])
def test_calendars(world, writer, collection, reader):
    sent, read = world.sent[writer][collection], world.read[reader][collection]
    assert sent
    same = same_properties if "python-caldav" in (writer, reader) else same_bytes
    for uid, text in sent.items():
        assert same(text, read[uid]), uid


CALENDAR_WRITERS = ["curl", "vdirsyncer", "python-caldav"]


@pytest.mark.parametrize("writer", CALENDAR_WRITERS)
def test_events_as_khal_shows_them(world, writer):
    for name, (components, instances) in EVENTS.items():
        summary = re.search(r"^SUMMARY.*:(.*)$", "\n".join(components), re.M).group(1).replace("\\,", ",").replace("WHO", writer)
        rows = {row[1:] for row in world.agenda if row[0] == summary}
        assert rows == {(start, end, place, *((" " + symbol if symbol == sign else "") for sign in "⟳⏰")) for start, end, place, symbol in instances}, name


def test_events_by_hand_as_khal_shows_them_elsewhere(world):
    rows = {row[0]: {other[1:] for other in world.agenda if other[0] == row[0]} for row in world.agenda if "khal" in row[0]}
    assert rows == {
        "khal 🎉": {(f"2031-05-{day} 10:00", f"2031-05-{day} 11:00", "Raum Ü", " ⟳", " ⏰") for day in ("02", "09", "16")},
        "khal days": {("2031-05-03", "2031-05-04", "", "", "")},
        "Series by khal": {(*row[:3], " ⟳", "") for row in EVENTS["series"][1]},
    }
    assert rows == {title: {row[1:] for row in world.desk.agenda("2031-03-01", "2031-06-30", *FIELDS) if row[0] == title} for title in rows}


@pytest.mark.parametrize("writer", [*CALENDAR_WRITERS, "khal"])
def test_instances_as_python_caldav_is_told_them(world, writer):
    uid = next(uid for uid in world.sent[writer]["calendar"] if uid.endswith("series"))
    found = world.python.calendars["calendar"].search(comp_class=caldav.Event, start=datetime(2031, 3, 1), end=datetime(2031, 6, 30), expand="server")
    starts = sorted(line for one in found if f"UID:{uid}" in one.data for line in unfolded(one.data) if line.startswith("DTSTART"))
    assert starts == ["DTSTART:20310317T083000Z", "DTSTART:20310401T120000Z", "DTSTART:20310407T073000Z", "DTSTART:20310414T073000Z"]


@pytest.mark.parametrize("writer", CALENDAR_WRITERS)
def test_tasks_as_todoman_shows_them(world, writer):
    for name, (components, (due, priority, percent, completed)) in TASKS.items():
        summary = re.search(r"^SUMMARY:(.*)$", "\n".join(components), re.M).group(1).replace("WHO", writer)
        rows = [(task["due"], task["priority"], task["percent"], task["completed"]) for task in world.tasks if task["summary"] == summary]
        assert rows == [(due and int(due.timestamp()), priority, percent, completed)], name


def test_tasks_by_hand_as_todoman_shows_them_elsewhere(world):
    [task] = [task for task in world.tasks if task["summary"] == "todoman 🥛"]
    assert (task["due"], task["priority"], task["location"], task["list"]) == (int(datetime(2031, 5, 5, 12, tzinfo=ZONE).timestamp()), 4, "Küche", "Tasks")
    assert sorted(map(str, ({**one, "id": 0} for one in world.tasks))) == sorted(map(str, ({**one, "id": 0} for one in world.desk.tasks())))


# Whoever asks for no version of cards gets 3.0, as vdirsyncer does.
CARD_PAIRS = [(writer, reader) for writer in ("curl", "vdirsyncer", "khard") for reader in ("curl", "vdirsyncer", "curl, version 3", "curl, version 4")]


@pytest.mark.parametrize("writer, reader", CARD_PAIRS, ids=[" ".join(one) for one in CARD_PAIRS])
def test_cards(world, writer, reader):
    sent, read = world.sent[writer]["contacts"], world.read[reader]["contacts"]
    assert sent
    for uid, text in sent.items():
        version = next(line for line in unfolded(text) if line.startswith("VERSION:"))[8:]
        asked = {"vdirsyncer": "3.0", "curl, version 3": "3.0", "curl, version 4": "4.0"}.get(reader, version)
        if asked == version:
            assert read[uid] == text
        else:
            assert f"VERSION:{asked}" in unfolded(read[uid])
            assert said(read[uid]) == said(text), uid


@pytest.mark.parametrize("writer", ["curl", "vdirsyncer"])
def test_cards_as_khard_shows_them(world, writer):
    for name, (_, lines, words) in CARDS.items():
        full_name = re.search("^FN:(.*)$", lines, re.M).group(1)
        assert [f"{writer}-{name}", full_name, "people"] in world.people["list"]
        for command, word in words:
            assert any(word in row[0] and full_name in row for row in world.people[command]), (name, word, world.people[command])


def test_cards_by_hand_as_khard_shows_them_elsewhere(world):
    assert any(row[0] == "+1 555" and "Grace Höpper" in row for row in world.people["phone"])
    for command, rows in world.people.items():
        assert sorted(row[:2] for row in rows) == sorted(row[:2] for row in parsable(world.desk, command))


def test_names_and_colours(world):
    answer = world.curl.propfind(world.travel, ["displayname", "A:calendar-color"])
    assert "Reisen 🚂" in answer and "#FF8800" in answer
    for name, content in (("displayname", "Reisen 🚂"), ("color", "#FF8800")):
        assert (world.laptop.calendars / "travel" / name).read_text() == content
    assert world.python.calendars["travel"].get_properties([caldav.elements.dav.DisplayName()]) == {"{DAV:}displayname": "Reisen 🚂"}


def settled(text):
    """Its lines, with the parts of rules in one order."""
    return {"RRULE:" + ";".join(sorted(line[6:].split(";"))) if line.startswith("RRULE:") else line for line in unfolded(text)}


def test_changes_travel(world):
    before = {uid: world.read["curl"][kind][uid] for kind, uid in (("calendar", "curl-series"), ("tasks", "vdirsyncer-someday"), ("contacts", "curl-face"))}
    event = world.python.calendars["calendar"].event_by_uid("curl-series")
    for part in event.icalendar_instance.walk("VEVENT"):
        part["SUMMARY"] = "Moved to 🌍"
    event.save()
    world.laptop.todoman("done", str(next(task["id"] for task in world.tasks if task["summary"] == "Irgendwann 🧹 by vdirsyncer")))
    (world.laptop.folder / "edited.yaml").write_text("First name: A\nLast name: Face\nPhone:\n  cell: +49 999\n")
    world.laptop.khard("edit", "-i", world.laptop.folder / "edited.yaml", "uid:curl-face")
    gone = [f"{world.paths['calendar']}vdirsyncer-plain.ics", f"{world.paths['contacts']}vdirsyncer-group.vcf"]
    assert [answer[0] for answer in world.curl.ask([{"url": path, "request": "DELETE"} for path in gone])] == [204, 204]
    world.laptop.vdirsyncer("sync")
    world.desk.vdirsyncer("sync")

    after = {uid: by_uid(text.decode() for text in world.curl.everything(world.paths[kind]).values())[uid]
             for kind, uid in (("calendar", "curl-series"), ("tasks", "vdirsyncer-someday"), ("contacts", "curl-face"))}
    for uid, (lost, won) in {
        "curl-series": ({"SUMMARY:Series by curl", "SEQUENCE:2"}, {"SUMMARY:Moved to 🌍", "SEQUENCE:3"}),
        "vdirsyncer-someday": (set(), {"STATUS:COMPLETED", "PERCENT-COMPLETE:100"}),
        "curl-face": (set(), {"TEL;TYPE=cell:+49 999"}),
    }.items():
        old, new = settled(before[uid]), settled(after[uid])
        assert won <= new, (uid, new)
        assert {line for line in old - new if not re.match("DTSTAMP|LAST-MODIFIED|PRODID|REV|SEQUENCE|PHOTO", line)} <= lost, (uid, old - new)
    assert dict(said(after["curl-face"]))["PHOTO"] == PHOTO
    for desk in (world.desk, world.laptop):
        titles = {row[0] for row in desk.agenda("2031-03-01", "2031-04-30", "title")}
        assert "Moved to 🌍" in titles and not titles & {"Series by curl", "Plain by vdirsyncer"}
        assert next(task for task in desk.tasks() if task["summary"] == "Irgendwann 🧹 by vdirsyncer")["completed"]
        assert ["+49 999", "A Face"] in [row[:2] for row in parsable(desk, "phone")]
        assert "vdirsyncer-group" not in {row[0] for row in parsable(desk, "list")}


def corpus(extension):
    folder = ROOT / "../shared/corpus" / extension
    if not folder.is_dir():
        pytest.skip("there is no corpus")
    files = {file.name: file.read_bytes() for file in sorted(folder.glob(f"*.{extension}"))}
    return files if extension == "vcf" else {f"{number}-{name}": text for name, file in files.items() for number, text in enumerate(objects(file, name))}


def objects(file, name):
    """As clients import a file: one text for each UID, which those without are given, with all zones and no METHOD. Line ends and folds are kept."""
    lines = file.decode("latin-1").splitlines(keepends=True)
    end = "\r\n" if file.count(b"\r\n") else "\n"
    parts, depth = [], 0
    for line in lines:
        word = line.strip().upper()
        depth -= word.startswith("END:")
        if depth == 1 and word.startswith("BEGIN:"):
            parts.append("")
        if depth > 1 or depth == 1 and word.startswith(("BEGIN:", "END:")):
            parts[-1] += line
        depth += word.startswith("BEGIN:")
    zones = "".join(part for part in parts if part.startswith("BEGIN:VTIMEZONE"))
    items = {}
    for part in parts:
        kind = re.match("BEGIN:V(EVENT|TODO|JOURNAL)", part)
        if kind:
            found = re.search("^UID[^:]*:(.*?)\\r?$", part, re.M)
            if not found:
                part = part.replace(kind[0] + end, f"{kind[0]}{end}UID:{name}{end}", 1)
            items[found[1] if found else name] = items.get(found[1] if found else name, "") + part
    return [f"BEGIN:VCALENDAR{end}VERSION:2.0{end}PRODID:corpus{end}{zones}{item}END:VCALENDAR{end}".encode("latin-1") for item in items.values()]


def is_text(content):
    """Whether XML can carry it."""
    try:
        return not re.search("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ufffe\uffff]", content.decode())
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("kind, homes, extension, least", [("calendars", ("caldav", "C:calendar-home-set"), "ics", 130),
                                                           ("contacts", ("carddav", "CR:addressbook-home-set"), "vcf", 110)], ids=["ics", "vcf"])
def test_the_corpus(world, kind, homes, extension, least):
    files = corpus(extension)
    for name in ("strange", "stranger"):
        (world.laptop.folder / kind / name).mkdir()
    world.laptop.vdirsyncer("discover", kind)
    paths = world.curl.discover(*homes)
    content_type = "text/calendar" if extension == "ics" else "text/vcard"
    answers = world.curl.put({paths["strange"] + name: content for name, content in files.items()}, content_type)
    assert set(answers.values()) <= {201, 403, 409}
    taken = {path: files[path.rsplit("/", 1)[1]] for path, status in answers.items() if status == 201}
    assert len(taken) >= least
    assert world.curl.everything(paths["strange"]) == taken
    world.laptop.vdirsyncer("sync", f"{kind}/strange")
    readable = [text for text in taken.values() if is_text(text) and not re.search(b"^VERSION:4", text, re.M)]
    got = list(world.laptop.everything(kind, "strange").values())
    assert len(got) == len(taken) and set(readable) <= set(got)
    for number, text in enumerate(readable):
        (world.laptop.folder / kind / "stranger" / f"{number}.{extension}").write_bytes(text)
    world.laptop.vdirsyncer("sync", f"{kind}/stranger")
    assert sorted(world.curl.everything(paths["stranger"]).values()) == sorted(readable)
