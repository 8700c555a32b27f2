# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kopano installations as they are found: broken blobs, dangling rows, lost files. What is broken is named, all else arrives."""
import shutil

import pytest

from peers.kontor import Kontor
from peers.kopano_truth import Mailboxes, Truth
from peers.mariadb import DATA, KopanoSet, MariaDB, make_tenants
from peers.move import Move

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")

TRUTH = Truth(DATA / "manifest.json.gz")
RECURRENCE, HTML_CODE_PAGE, BODY, RTF, SUBJECT = 0x8016, 0x3FDE, 0x1000, 0x1009, 0x0037


def row(**wanted):
    """A mail of alma.berg's of the manifest that is as asked for."""
    return next(m for m in TRUTH.of("mail", "alma.berg") if all(m.get(key) == value for key, value in wanted.items()))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """One installation with all of the faults, and what the first run said."""
    folder = tmp_path_factory.mktemp("bad")
    database = MariaDB()
    kopano = KopanoSet(database, "kopano", folder / "kopano")
    hurt = hurt_all(kopano)
    kontor = Kontor(folder / "kontor")
    kontor.start()
    make_tenants(kontor)
    move = Move(kontor, folder, ["--source", kopano.configuration()])
    report = move.run("run", "--create-active-users", code=None)
    yield kontor, move, report, hurt
    kontor.close()
    database.close()


def hurt_all(kopano):
    """Breaks things; gives what was hurt, by name."""
    hurt = {}
    # A recurring event whose blob ends in the middle, and one whose blob is noise.
    series = [e for e in TRUTH.of("events", "bruno.keller") if e["rrule"]][:2]
    hurt["truncated recurrence"], hurt["noise for a recurrence"] = (e["summary"] for e in series)
    kopano.sql(f"UPDATE properties SET val_binary = LEFT(val_binary, 21) WHERE hierarchyid = {series[0]['hierarchyid']} AND tag = {RECURRENCE};"
               f"UPDATE properties SET val_binary = REPEAT(0xFF, 900) WHERE hierarchyid = {series[1]['hierarchyid']} AND tag = {RECURRENCE};")
    rtf = row(kind="mapi-rtf-lzfu")
    kopano.sql(f"UPDATE properties SET val_binary = LEFT(val_binary, LENGTH(val_binary) DIV 2) WHERE hierarchyid = {rtf['hierarchyid']} AND tag = {RTF}")
    hurt["truncated RTF"] = rtf["subject"]
    html = row(kind="mapi-html-cp1252")
    kopano.sql(f"UPDATE properties SET val_ulong = 99999 WHERE hierarchyid = {html['hierarchyid']} AND tag = {HTML_CODE_PAGE}")
    hurt["wrong code page"] = html["subject"]
    huge = row(kind="mapi-plain")
    kopano.sql(f"UPDATE properties SET val_string = REPEAT('huge words ', 2000000) WHERE hierarchyid = {huge['hierarchyid']} AND tag = {BODY}")
    hurt["huge body"] = huge["subject"]
    # Rows that hang nowhere, in each other, and in themselves.
    kopano.sql("INSERT INTO hierarchy (id, parent, type, flags, owner) VALUES (900001, 899999, 5, 0, 5), (900002, 900003, 3, 1, 5),"
               "(900003, 900002, 3, 1, 5), (900004, 900004, 3, 1, 5), (900005, 5, 3, 1, 5), (900006, 900005, 3, 1, 5), (900007, 1131, 5, 0, 5)")
    kopano.sql("INSERT INTO properties (hierarchyid, tag, type, val_string) VALUES (900005, 0x3001, 0x1E, 'Without an end')")
    kopano.sql("UPDATE hierarchy SET parent = 900006 WHERE id = 900005")
    # An original and an attachment whose files are lost.
    original = next(m for m in TRUTH.of("mail", "alma.berg") if (m.get("rfc822_in_db") or {}).get("relation_to_delivered") == "exact")
    lose(kopano, original["rfc822_in_db"]["instanceid"])
    hurt["lost original"] = original
    attached = row(kind="mapi-attachment-methods")
    instance = kopano.sql(f"SELECT s.instanceid FROM singleinstances s JOIN hierarchy h ON h.id = s.hierarchyid WHERE h.parent = {attached['hierarchyid']} AND s.tag = 14081 LIMIT 1")[0][0]
    lose(kopano, int(instance))
    hurt["lost attachment"] = attached["subject"]
    return hurt


def lose(kopano, instance):
    path = kopano.attachments / str(instance % 10) / str(instance // 10 % 20) / str(instance)
    for one in (path, path.with_name(path.name + ".gz")):
        one.unlink(missing_ok=True)


def named(report):
    """All that a report says of single items, as text."""
    out = []
    for account in report["accounts"]:
        for folder in account["folders"]:
            for kind in ("quarantined_items", "damaged_items", "lost_items"):
                out += [f"{folder['folder']}: {item['reason']}" for item in folder.get(kind, [])]
            out += [folder["note"]] if folder.get("note") else []
    return out + report.get("remarks", [])


def test_the_run_comes_to_its_end(broken):
    _, _, report, _ = broken
    assert all("error" not in account for account in report["accounts"])
    total = report["total"]
    assert total["source"] == total["copied"] + total["present"] + total["quarantined"] + total["excluded"]
    # Nothing but the two whose contents are lost stays behind.
    assert total["quarantined"] <= 2


def test_each_fault_has_a_name(broken):
    _, _, report, _ = broken
    words = named(report)
    for wanted in ("recurrence", "formatted text", "attachment store has no file"):
        assert any(wanted.lower() in line.lower() for line in words), f"{wanted}: not in\n" + "\n".join(words)


def test_everything_else_arrives(broken):
    kontor, _, _, hurt = broken
    with kontor.imap(TRUTH.address("alma.berg"), "pw-alma.berg") as client:
        boxes = Mailboxes(client)
    lost = {hurt["lost original"]["imap_uid"]}
    for message in TRUTH.of("mail", "alma.berg"):
        if message["imap_uid"] in lost or message["subject"] == hurt["lost attachment"]:
            continue
        assert message["imap_uid"] in boxes.by_validity[message["folder_hierarchyid"]]["messages"], message["subject"]
    huge = next(m for m in boxes.by_validity[11]["messages"].values() if hurt["huge body"].encode() in m["bytes"])
    assert huge["bytes"].replace(b"=\r\n", b"").count(b"huge words") > 1_900_000, "no text is cut off"


def test_a_second_run_has_nothing_to_do(broken):
    _, move, report, _ = broken
    again = move.run("run", "--live", code=None)["total"]
    assert again["copied"] == 0 and again["updated"] == 0 and again["quarantined"] == report["total"]["quarantined"]
