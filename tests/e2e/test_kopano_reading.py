# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano installation is read out of its database: whole, at one moment, again and again."""
import gzip
import hashlib
import json
import re
import subprocess

import pytest

from peers.kontor import MIGRATE, ROOT
from peers.mariadb import DATA, KopanoSet, MariaDB, make_tenants
from peers.move import Move, peak_memory

ALMA = "alma.berg@fjordline.example.com"
CHIARA = "chiara.neri@fjordline.example.com"
EMIKO = "emiko.tanaka@quellhof.example.org"
EMIKO_STORE = "b2449f79b2f34022a94aa5b0d9b86c55"


@pytest.fixture(scope="module")
def kopano(mariadb, tmp_path_factory):
    return KopanoSet(mariadb, "kopano", tmp_path_factory.mktemp("kopano"))


@pytest.fixture(scope="module")
def manifest():
    return json.loads(gzip.decompress((DATA / "manifest.json.gz").read_bytes()))


@pytest.fixture
def house(make_kontor):
    server = make_kontor()
    server.start()
    make_tenants(server)
    return server


def dump(kopano, output, *options, code=0, configuration="kopano.toml"):
    """Gives the report, and the most memory that was needed, in KiB."""
    report = f"{output}.report"
    process = subprocess.Popen([MIGRATE, "dump", "--source", kopano.folder / configuration, "--output", output, "--report", report,
                                *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    most = peak_memory(process)[process.pid]
    out = process.communicate()[0]
    assert process.returncode == code, out
    return json.loads(open(f"{report}.json", encoding="utf-8").read()), most


def by_name(report, address):
    return {folder["folder"]: folder for account in report["accounts"] if account["address"] == address for folder in account["folders"]}


def active(house, address):
    house.run("user", "passwd", address, "--password-stdin", input="secret\n")
    house.run("user", "set", address, "--status", "active")
    return house.imap(address)


def messages(client, folder):
    """{uid: (flags, bytes)}"""
    assert client.select(f'"{folder}"', readonly=True)[0] == "OK"
    found = {}
    _, answer = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
    for part in answer:
        if isinstance(part, tuple):
            uid = int(re.search(rb"UID (\d+)", part[0]).group(1))
            found[uid] = (set(re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).decode().split()), part[1])
    return found


def test_the_whole_installation_arrives_and_a_second_run_changes_nothing(kopano, house, manifest, tmp_path):
    move = Move(house, tmp_path, ["--source", kopano.configuration()])
    report = move.run("run", "--create-users")
    assert len({account["address"] for account in report["accounts"]} & {user["email"] for user in manifest["users"]}) == 8
    total = sum(one["copied"] for account in report["accounts"] for one in account["folders"])
    assert total > 550 and not any(one["quarantined"] for account in report["accounts"] for one in account["folders"])
    again = move.run("run", "--live")
    for account in again["accounts"]:
        for folder in account["folders"]:
            assert folder["copied"] == folder["updated"] == folder["moved"] == 0, folder
    inboxes = [folder for account in again["accounts"] for folder in account["folders"] if folder["folder"] == "INBOX"]
    assert len(inboxes) == 8 and all(one.get("unchanged") for one in inboxes), "nothing is listed again"
    client = active(house, ALMA)
    inbox = messages(client, "INBOX")
    expected = [mail for mail in manifest["mail"] if mail["user"] == "alma.berg" and mail["folder"] == "INBOX"]
    for mail in expected:
        flags, content = inbox[mail["imap_uid"]]
        assert set(mail["flags_now"]) <= flags, mail["subject"]
        original = mail.get("rfc822_in_db") or {}
        if original.get("sha256") and "EDITED" not in (mail["subject_in_db"] or ""):
            assert hashlib.sha256(content).hexdigest() == original["sha256"], mail["subject"]
    edited = next(mail for mail in expected if "EDITED" in (mail["subject_in_db"] or ""))
    assert b"EDITED lantern" in inbox[edited["imap_uid"]][1] and b"edited body" in inbox[edited["imap_uid"]][1]
    assert client.status("INBOX", "(UIDVALIDITY)")[1][0].endswith(b"(UIDVALIDITY %d)" % expected[0]["folder_hierarchyid"])


def test_selectors_same_on_both_sides(kopano, house, tmp_path):
    """Of a user who was renamed since her store was made."""
    kopano.configuration()
    names = ("emiko.tanaka.neu@Quellhof", "emiko.tanaka.neu", EMIKO, EMIKO_STORE.upper())
    for name in names:
        report, _ = dump(kopano, tmp_path / "one.dump", "--only", name)
        assert [account["address"] for account in report["accounts"]] == [EMIKO], name
    dump(kopano, tmp_path / "two.dump", "--only", EMIKO, "--only", "info")
    move = Move(house, tmp_path, [])
    for name in names:
        report = move.run("import", "--input", tmp_path / "two.dump", "--only", name, "--create-users")
        assert [account["address"] for account in report["accounts"]] == [EMIKO], name
    assert move.start("import", "--input", tmp_path / "two.dump", "--only", "nobody").wait() == 1


def test_stores_that_stay_behind_are_named_and_come_when_they_are_asked_for(kopano, tmp_path):
    kopano.configuration()
    plan = subprocess.run([MIGRATE, "plan", "--source", kopano.folder / "kopano.toml"], capture_output=True, text=True, check=True).stdout
    for title in ("gone.leaver@Fjordline", "beamer@Fjordline", "public folders of Fjordline", "public folders of Quellhof", "archive of bruno.keller@Fjordline"):
        assert re.search(rf"note: {re.escape(title)} .*stays behind", plan, re.I), title
    kopano.configuration("more.toml", stores='addresses = ["7820977bf2a24ee894df6b1f9a674cbf=gone@fjordline.example.com", '
                                             '"public:Quellhof=public@quellhof.example.org"]\n')
    report, _ = dump(kopano, tmp_path / "more.dump", configuration="more.toml")
    addresses = {account["address"] for account in report["accounts"]}
    assert len(addresses) == 10 and {"gone@fjordline.example.com", "public@quellhof.example.org"} <= addresses
    assert by_name(report, "public@quellhof.example.org")["Wiki/Anleitungen"]["copied"] == 3
    assert sum(one["copied"] for one in by_name(report, "gone@fjordline.example.com").values()) >= 10


def test_incremental(mariadb, house, manifest, tmp_path):
    kopano = KopanoSet(mariadb, "changing", tmp_path / "kopano")
    move = Move(house, tmp_path, ["--source", kopano.configuration()])
    move.run("run", "--create-users", "--only", ALMA)
    in_inbox = [mail for mail in manifest["mail"] if mail["user"] == "alma.berg" and mail["folder"] == "INBOX" and not mail["flags_now"]]
    read, gone, edited = in_inbox[:3]
    kopano.sql(f"UPDATE properties SET val_ulong = val_ulong | 1 WHERE hierarchyid = {read['hierarchyid']} AND tag = 0x0E07;"
               f"UPDATE hierarchy SET flags = flags | 0x400 WHERE id = {gone['hierarchyid']};"
               f"UPDATE properties SET val_string = 'Another subject' WHERE hierarchyid = {edited['hierarchyid']} AND tag = 0x37;"
               f"UPDATE properties SET val_string = 'Alma Berg' WHERE hierarchyid = {edited['hierarchyid']} AND tag = 0x3FFA;"
               f"UPDATE properties SET val_hi = val_hi + 100 WHERE hierarchyid = {edited['hierarchyid']} AND tag = 0x3008;")
    report = move.run("run", "--delete-vanished", "--only", ALMA)
    folders = by_name(report, ALMA)
    assert not folders["INBOX"].get("unchanged") and folders["Sent Items"]["unchanged"] and folders["Calendar"]["unchanged"]
    assert folders["INBOX"]["updated"] == 2 and folders["INBOX"]["vanished"] == 1
    inbox = messages(active(house, ALMA), "INBOX")
    assert "\\Seen" in inbox[read["imap_uid"]][0]
    assert gone["imap_uid"] not in inbox and edited["imap_uid"] not in inbox
    assert sum(b"Subject: Another subject" in content for _, content in inbox.values()) == 1


def test_folders_that_are_renamed_and_moved(mariadb, house, tmp_path):
    """They are the same folders, by their ids: nothing comes twice, and a verification names what differs."""
    kopano = KopanoSet(mariadb, "renaming", tmp_path / "kopano")
    move = Move(house, tmp_path, ["--source", kopano.configuration(), "--only", ALMA])
    move.run("run", "--create-users")

    def paths():
        return {one["path"] for one in house.json("folder", "list", ALMA) if one["kind"] == "mail"}

    def different():
        report = move.run("verify", "--quick", code=None)
        row = next(one for one in report["accounts"][0]["folders"] if one["folder"] == "Settings, rules and rights")
        # Rights are inherited: they are others in another place.
        return {one["key"]: one["reason"] for one in row.get("different_items", []) if not one["key"].startswith("the rights of")}

    assert {"Projects", "Projects/2019"} <= paths() and different() == {}
    store = kopano.sql("SELECT hierarchy_id FROM stores WHERE user_name = 'alma.berg@Fjordline' AND type = 0")[0][0]
    projects, subtree = kopano.sql(f"SELECT h.id, h.parent FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag = 0x3001 JOIN hierarchy s ON s.id = h.parent "
                                   f"JOIN hierarchy r ON r.id = s.parent WHERE p.val_string = 'Projects' AND r.parent = {store}")[0]
    year = kopano.sql(f"SELECT h.id FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag = 0x3001 WHERE h.parent = {projects} AND p.val_string = '2019'")[0][0]
    kopano.sql(f"UPDATE properties SET val_string = 'Vorhaben' WHERE hierarchyid = {projects} AND tag = 0x3001; UPDATE hierarchy SET parent = {subtree} WHERE id = {year};"
               f"UPDATE properties SET val_string = 'Before' WHERE hierarchyid = {year} AND tag = 0x3001")
    assert different() == {f"the name or place of {name}": "was changed at the source since the last run" for name in ("Vorhaben", "Before")}
    before = paths()
    report = move.run("run")
    assert sum(row["copied"] for row in report["accounts"][0]["folders"]) == 0
    assert paths() == {re.sub("^Projects", "Vorhaben", re.sub("^Projects/2019", "Before", path)) for path in before}
    assert different() == {}
    client = active(house, ALMA)
    assert client.rename("Before", "Mine")[0] == "OK"
    client.logout()
    assert different() == {"the name or place of Before": "was changed at the target since it came"}
    kopano.sql(f"UPDATE properties SET val_string = 'After' WHERE hierarchyid = {year} AND tag = 0x3001")
    move.run("run", "--live")
    assert "Mine" in paths() and "After" not in paths(), "what was renamed here stays"


def test_a_lost_attachment_keeps_its_item_out_until_it_is_back(mariadb, manifest, tmp_path):
    kopano = KopanoSet(mariadb, "losing", tmp_path / "kopano")
    kopano.configuration()
    victim = next(mail for mail in manifest["mail"] if mail["user"] == "chiara.neri" and mail["kind"] == "mixed-attachments")
    instance = int(kopano.sql(f"SELECT s.instanceid FROM singleinstances s JOIN hierarchy h ON h.id = s.hierarchyid WHERE h.parent = {victim['hierarchyid']} LIMIT 1")[0][0])
    path = kopano.attachments / str(instance % 10) / str(instance // 10 % 20) / str(instance)
    path = path if path.exists() else path.with_name(path.name + ".gz")
    path.rename(tmp_path / "hidden")
    report, _ = dump(kopano, tmp_path / "lost.dump", "--only", CHIARA, code=1)
    quarantined = [item for folder in by_name(report, CHIARA).values() for item in folder.get("quarantined_items", [])]
    assert quarantined and all(str(instance) in item["reason"] for item in quarantined)
    kopano.configuration("incomplete.toml", items="without_lost = true\n")
    report, _ = dump(kopano, tmp_path / "lost.dump", "--only", CHIARA, configuration="incomplete.toml")
    assert any("attachment" in item["reason"] for item in by_name(report, CHIARA)["INBOX"]["lost_items"])
    (tmp_path / "hidden").rename(path)
    dump(kopano, tmp_path / "lost.dump", "--only", CHIARA)


def test_a_run_goes_on_when_the_database_was_away(house, tmp_path):
    mariadb = MariaDB()
    try:
        kopano = KopanoSet(mariadb, "kopano", tmp_path / "kopano")
        move = Move(house, tmp_path, ["--source", kopano.configuration()])
        mariadb.stop()
        assert move.start("run", "--create-users", "--only", CHIARA).wait() == 2, "it cannot begin"
        mariadb.start()
        move.run("run", "--create-users", "--only", CHIARA)
        assert by_name(move.run("run", "--only", CHIARA), CHIARA)["INBOX"]["present"] == 77
    finally:
        mariadb.close()


def test_deleted_items_come_when_they_are_asked_for(kopano, manifest, tmp_path):
    kopano.configuration()
    report, _ = dump(kopano, tmp_path / "all.dump", "--with-deleted", "--only", ALMA)
    deleted = {name: one for name, one in by_name(report, ALMA).items() if name.startswith("Deleted at the source")}
    assert sum(one["copied"] for one in deleted.values()) >= len([mail for mail in manifest["deleted"] if mail["user"] == "alma.berg"]) > 0


def test_archived_items_come_out_of_the_archive(mariadb, manifest, tmp_path):
    kopano = KopanoSet(mariadb, "archived", tmp_path / "kopano")
    kopano.configuration()
    report, _ = dump(kopano, tmp_path / "stub.dump", "--only", ALMA)
    assert "archive" in by_name(report, ALMA)["Stubs"]["lost_items"][0]["reason"], "it is named where the archive is not here"
    number = 0x8501 + int(kopano.sql("SELECT id FROM names WHERE namestring = 'item-entryids'")[0][0])
    archived = next(mail for mail in manifest["mail"] if mail["user"] == "bruno.keller" and (mail.get("rfc822_in_db") or {}).get("sha256"))
    kopano.sql(f"UPDATE mvproperties SET val_binary = (SELECT val_binary FROM indexedproperties WHERE hierarchyid = {archived['hierarchyid']} AND tag = 0x0FFF) "
               f"WHERE tag = {number}")
    report, _ = dump(kopano, tmp_path / "stub.dump", "--only", ALMA)
    assert "archive" in by_name(report, ALMA)["Stubs"]["lost_items"][0]["reason"], "nobody reads what others have by saying so"
    kopano.sql("UPDATE stores s JOIN stores a ON a.user_name LIKE 'alma.berg%' AND a.type = 0 SET s.type = 2, s.user_id = a.user_id "
               "WHERE s.user_name LIKE 'bruno.keller%' AND s.type = 0")
    report, _ = dump(kopano, tmp_path / "stub.dump", "--only", ALMA)
    assert "lost_items" not in by_name(report, ALMA)["Stubs"]
    listing = unpack(tmp_path / "stub.dump", tmp_path / "unpacked")
    assert any(item["sha256"] == archived["rfc822_in_db"]["sha256"] for item in listing[ALMA])


def test_what_hangs_in_the_air_is_named_and_comes(mariadb, tmp_path):
    kopano = KopanoSet(mariadb, "broken", tmp_path / "kopano")
    kopano.configuration()
    projects = kopano.sql("SELECT hierarchyid FROM properties WHERE tag = 0x3001 AND val_string = 'Projects'")[0][0]
    circle = kopano.sql("SELECT hierarchyid FROM properties WHERE tag = 0x3001 AND val_string = 'Lists'")[0][0]
    kopano.sql(f"UPDATE hierarchy SET parent = 4000000000 WHERE id = {projects}; UPDATE hierarchy SET parent = id WHERE id = {circle};"
               # Values that are none, properties without a name, a type that nobody knows.
               "UPDATE properties SET val_binary = 'short' WHERE type = 72; UPDATE properties SET tag = 0xFFF0 WHERE tag = 0x8510 LIMIT 1;"
               "UPDATE properties SET type = 77 WHERE tag = 0x3FFA LIMIT 5;"
               "UPDATE properties SET val_binary = LEFT(val_binary, 20) WHERE tag = 0x8016; UPDATE properties SET val_binary = LEFT(val_binary, 100) WHERE tag = 0x1009;")
    process = subprocess.run([MIGRATE, "dump", "--source", kopano.folder / "kopano.toml", "--only", ALMA, "--output", tmp_path / "broken.dump",
                              "--report", tmp_path / "broken"], capture_output=True, text=True)
    assert process.returncode in (0, 1), process.stderr
    assert f"Folder {projects} is below 4000000000" in process.stderr and f"Folder {circle} is below itself" in process.stderr
    folders = by_name(json.loads((tmp_path / "broken.json").read_text()), ALMA)
    assert folders["Lost folders/Projects"]["copied"] == 11 and folders["Lost folders/Projects/2019"]["copied"] == 4
    assert folders["Lost folders/Lists"]["copied"] == 4


def unpack(archive, folder):
    """{address: items}"""
    folder.mkdir()
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)
    return {account.name: [read_json(item) for item in account.glob("items/*/*.json")] for account in folder.iterdir() if "@" in account.name}


def read_json(path):
    return json.loads(path.read_text())


VARIANTS = {
    "database": ("database", {"attachments": ()}),
    "files_v2": ("files_v2", {}),
    "revision 70": ("schema70-real", {}),
    "revision 66": ("schema66-real", {}),
    "revision 63": ("database", {"attachments": (), "scripts": ("schema63-synthetic/downgrade-63.sql",)}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_other_revisions_and_stores_of_attachments(mariadb, tmp_path, variant):
    place, options = VARIANTS[variant]
    source = ROOT / "../shared/kopano/variants"
    if not source.exists():
        pytest.skip("these installations are not beside the project")
    options = {**options, "scripts": [source / script for script in options.get("scripts", ())]}
    kopano = KopanoSet(mariadb, re.sub(r"\W", "_", variant), tmp_path / "kopano", source=source / place, **options)
    kopano.configuration()
    manifest = json.loads((source / place / "manifest.json").read_text())
    report, memory = dump(kopano, tmp_path / "all.dump")
    assert memory < 256 << 10
    unpacked = unpack(tmp_path / "all.dump", tmp_path / "unpacked")
    assert set(unpacked) == {account["address"] for account in report["accounts"]}
    addresses = {user["login"]: user["email"] for user in manifest["users"]}
    items = {}
    for account, listed in unpacked.items():
        folders = {one["number"]: one["key"] for one in map(read_json, (tmp_path / "unpacked" / account / "folders").glob("*.json"))}
        items.update(((account, folders[item["folder"]], item.get("uid")), item) for item in listed)
    for mail in manifest["mail"]:
        item = items[addresses[mail["user"]], str(mail["folder_hierarchyid"]), mail["imap_uid"]]
        assert set(mail["flags_now"]) <= {*item["flags"], *item.get("keywords", ())}, mail["subject"]
        original = mail.get("rfc822_in_db") or {}
        if original.get("sha256") and "EDITED" not in (mail["subject_in_db"] or ""):
            assert item["sha256"] == original["sha256"], mail["subject"]
