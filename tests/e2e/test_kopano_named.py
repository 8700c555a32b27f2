# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other tools lose when they move a Kopano installation, each named after it. The rest of them stand in the other files of these tests."""
import hashlib
import json
import random
import re
import shutil
import subprocess

import pytest

from peers.kontor import MIGRATE
from peers.kopano_made_store import MadeStore, person, sender
from peers.kopano_moved import dump, members
from peers.kopano_rows import Rows
from peers.kopano_truth import attachments_of, parsed
from peers.mariadb import KopanoSet

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")

OLGA = sender("Olga Fernweh", "olga@fernweh.example.net")


@pytest.fixture(scope="module")
def kopano(made_kopano, tmp_path_factory):
    return KopanoSet(made_kopano.database, "named", tmp_path_factory.mktemp("named") / "kopano")


@pytest.fixture
def store(kopano, request):
    """The store of one person more; what is put in is there after flush()."""
    return MadeStore(Rows(kopano), request.node.name, "Nora Name")


def add_mail(store, folder, subject, *contents, **more):
    """With files; gives its IMAP UID."""
    files = [({0x37050003: 1, 0x3707001E: f"{n}.bin", 0x370E001E: "application/octet-stream"}, content) for n, content in enumerate(contents)]
    return store.add_item(folder, {0x001A001E: "IPM.Note", 0x0037001E: subject, 0x0E070003: 1, 0x1000001E: "x", **OLGA, **more.get("properties", {})}, [person(store.name, store.address)], files)[1]


def files_in(archive):
    """{subject: SHA-256 of each file} of all mail."""
    found = {}
    for name, content in archive.items():
        if name.endswith(".eml"):
            message = parsed(content)
            found[str(message["Subject"])] = [hashlib.sha256(part.get_payload(decode=True)).hexdigest() for part in attachments_of(message) if part.get_filename()]
    return found


def digests(contents):
    return [hashlib.sha256(content).hexdigest() for content in contents]


def test_memory_flat_with_attachments(kopano, store, tmp_path):
    """Neither their number nor their sizes are held in memory."""
    add_mail(store, store.folders["inbox"], "small", b"small")
    store.rows.flush()
    before = dump(kopano, tmp_path / "archive", "--only", store.address)
    dice = random.Random(8)
    add_mail(store, store.folders["inbox"], "one large", dice.randbytes(20 << 20))
    add_mail(store, store.folders["inbox"], "many", *(bytes([n % 256]) * 100 for n in range(1500)))
    for n in range(12):
        add_mail(store, store.folders["inbox"], f"large {n}", dice.randbytes(1 << 20))
    store.rows.flush()
    after = dump(kopano, tmp_path / "archive", "--only", store.address)
    assert (tmp_path / "archive").stat().st_size > 30 << 20
    assert after < 160 << 10 and after - before < 48 << 10, f"{before} KiB became {after} KiB"


def test_snapshot(kopano, store, tmp_path):
    """What is changed while a store is read does not come, nor goes what is removed: all is of one moment."""
    dice = random.Random(9)
    for n in range(8):
        add_mail(store, store.folders["inbox"], f"first {n}", dice.randbytes(2 << 20))
    later = store.add_folder(store.subtree, "zz later", "IPF.Note")
    hid = [store.add_item(later, {0x001A001E: "IPM.Note", 0x0037001E: f"later {n}", 0x1000001E: "as it was", **OLGA})[0] for n in range(20)]
    store.rows.flush()
    process = subprocess.Popen([MIGRATE, "dump", "--source", kopano.configuration(), "--stdout", "--quiet", "--only", store.address], stdout=subprocess.PIPE)
    # It waits for its reader long before it comes to the last folder.
    first = process.stdout.read(1 << 20)
    kopano.sql(f"DELETE FROM properties WHERE hierarchyid IN ({','.join(map(str, hid[:10]))}); DELETE FROM hierarchy WHERE id IN ({','.join(map(str, hid[:10]))});"
               f"UPDATE properties SET val_string = 'changed meanwhile' WHERE tag IN (0x37, 0x1000) AND hierarchyid IN ({','.join(map(str, hid[10:]))});"
               f"UPDATE properties SET val_string = 'renamed' WHERE hierarchyid = {later} AND tag = 0x3001")
    (tmp_path / "archive").write_bytes(first + process.stdout.read())
    assert process.wait() == 0
    archive = members(tmp_path / "archive")
    mails = [parsed(content) for name, content in archive.items() if name.endswith(".eml")]
    seen = sorted(str(mail["Subject"]) for mail in mails if str(mail["Subject"]).startswith("later"))
    assert seen == sorted(f"later {n}" for n in range(20)) and not any("meanwhile" in str(mail) for mail in mails)
    folders = [json.loads(content)["path"] for name, content in archive.items() if "/folders/" in name]
    assert ["zz later"] in folders and ["renamed"] not in folders
    # The next pass has what was changed.
    dump(kopano, tmp_path / "archive", "--only", store.address)
    subjects = sorted(str(parsed(content)["Subject"]) for name, content in members(tmp_path / "archive").items() if name.endswith(".eml"))
    assert subjects.count("changed meanwhile") == 10 and not any(subject.startswith("later") for subject in subjects)


def sizes(client, folder):
    """{UID: (RFC822.SIZE, how many bytes there are)}"""
    assert client.select(folder, readonly=True)[0] == "OK"
    found = {}
    for part in client.uid("FETCH", "1:*", "(RFC822.SIZE BODY.PEEK[])")[1]:
        if isinstance(part, tuple):
            found[int(re.search(rb"UID (\d+)", part[0]).group(1))] = (int(re.search(rb"RFC822.SIZE (\d+)", part[0]).group(1)), len(part[1]))
    return found


def test_deleted_on_request(made_kopano, tmp_path):
    """What is marked as deleted, and what lies below it unmarked, comes apart from all else when it is asked for."""
    made = made_kopano.made
    dump(made_kopano.kopano, tmp_path / "archive", "--only", made.store.address, "--with-deleted")
    archive = members(tmp_path / "archive")
    paths = {said["number"]: said["path"] for said in (json.loads(content) for name, content in archive.items() if "/folders/" in name)}
    places = {}
    for name, content in archive.items():
        if name.endswith(".eml"):
            said = json.loads(archive[name.removesuffix(".eml") + ".json"])
            places.setdefault(str(parsed(content)["Message-ID"]), []).append(paths[said["folder"]])
    assert all(len(places[name]) == 1 and places[name][0][0] == "Deleted at the source" for name in made.gone), [places.get(name) for name in made.gone]
    assert places["<below-removed@gone>"] == [["Deleted at the source", "removed folder", "looks alive"]]
    assert all(place[0][0] != "Deleted at the source" for name, place in places.items() if name not in made.gone)


def test_size_with_attachments(made_kopano):
    """A mail is as large as it is with its files, whatever the source says."""
    store = made_kopano.made.store
    with made_kopano.kontor.imap(store.address, store.password) as client:
        have = sizes(client, "INBOX")
    for subject, at_least in (("said to be tiny", 200_000), ("said to be huge", 100_000)):
        row = next(row for row in made_kopano.made.mails.truth if row["subject"] == subject)
        said, real = have[row["uid"]]
        assert said == real > at_least * 4 // 3, subject


def test_size_recomputed(made_kopano):
    """Sizes and quota are of what is here."""
    store = made_kopano.made.store
    total = 0
    with made_kopano.kontor.imap(store.address, store.password) as client:
        for line in client.list()[1]:
            attributes, name = re.match(rb'\(([^)]*)\) "/" (.*)', line).groups()
            if b"oselect" in attributes:
                continue
            have = sizes(client, name.decode())
            assert all(said == real for said, real in have.values()), name
            total += sum(real for _, real in have.values())
    shown = made_kopano.kontor.json("user", "show", store.address)
    # Calendars and contacts count, too; what the source said of single items does not.
    assert total <= shown["used"] <= total + (2 << 20)


def test_old_meeting_requests_in_sent(made_kopano):
    store = made_kopano.made.store
    row = next(row for row in made_kopano.made.mails.truth if row["subject"] == "Old, and sent")
    box = made_kopano.boxes(store).by_validity[store.folders["sent"]]
    assert "\\Sent" in box["attributes"]
    message = box["messages"][row["uid"]]
    assert message["date"].year == 2009
    part = next(part for part in parsed(message["bytes"]).walk() if part.get_content_type() == "text/calendar")
    text = part.get_content().replace("\r\n ", "").replace("\n ", "")
    assert part.get_param("method") == "REQUEST" and "METHOD:REQUEST" in text and "UID:old@made" in text and "DTSTART;TZID=Europe/Berlin:20090203T090000" in text
    # It says of whom it was, to whom, and what is in the calendar is the same.
    assert f"mailto:{store.address}" in text and "mailto:ben@x.example" in text
    linked = next(row for row in made_kopano.made.events.truth if row["subject"] == "Linked")
    assert linked["uid"] in made_kopano.home(store).by_uid("VEVENT")


def test_attachments_outside_the_stream(kopano, store, tmp_path):
    """They lie beside the database: plain, packed, in both forms, large ones, and some that several mails share."""
    dice = random.Random(7)
    contents = {"plain": [b"plain"], "packed": [b"packed " * 5000], "large": [dice.randbytes(9 << 20)], "many": [dice.randbytes(n * 97) for n in range(60)], "empty": [b""]}
    for subject, files in contents.items():
        add_mail(store, store.folders["inbox"], subject, *files)
    shared = store.add_item(store.folders["inbox"], {0x001A001E: "IPM.Note", 0x0037001E: "shared", **OLGA}, (), [({0x37050003: 1, 0x3707001E: "again.bin"}, None)])[0]
    store.rows.flush()
    instance = kopano.sql("SELECT s.instanceid FROM singleinstances s JOIN hierarchy h ON h.id = s.hierarchyid JOIN properties p ON p.hierarchyid = h.parent AND p.tag = 0x37 "
                          "WHERE p.val_string = 'packed'")[0][0]
    kopano.sql(f"INSERT INTO singleinstances (instanceid, hierarchyid, tag) SELECT {instance}, id, 0x3701 FROM hierarchy WHERE parent = {shared} AND type = 7")
    place = kopano.attachments / str(int(instance) % 10) / str(int(instance) // 10 % 20)
    assert (place / f"{instance}.gz").exists()
    dump(kopano, tmp_path / "archive", "--only", store.address)
    have = files_in(members(tmp_path / "archive"))
    assert have == {**{subject: digests(files) for subject, files in contents.items()}, "shared": digests(contents["packed"])}
    # With other numbers of folders, as the installation's own settings say.
    kopano.sql("UPDATE settings SET value = 'files_v1-3-7' WHERE name = 'attachment_storage'")
    old = kopano.attachments.rename(kopano.folder / "old")
    for path in [path for path in old.rglob("*") if path.is_file()]:
        number = int(path.name.removesuffix(".gz"))
        place = kopano.attachments / str(number % 3) / str(number // 3 % 7)
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / path.name)
    dump(kopano, tmp_path / "archive", "--only", store.address)
    assert files_in(members(tmp_path / "archive")) == have
