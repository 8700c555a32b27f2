# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a Kopano installation knows besides items arrives: rights, rules, answers, signatures, people, passwords."""
import gzip
import json

import pytest

from peers.kontor import Kontor
from peers.mariadb import DATA, KopanoSet, MariaDB
from peers.move import Move

ALMA, BRUNO = "alma.berg@fjordline.example.com", "bruno.keller@fjordline.example.com"
CHIARA, INFO = "chiara.neri@fjordline.example.com", "info@fjordline.example.com"
SALES = "sales@fjordline.example.com"


class Moved:
    """A house into which the whole installation was moved, and what it was moved with."""

    def __init__(self, folder):
        self.manifest = json.loads(gzip.decompress((DATA / "manifest.json.gz").read_bytes()))
        self.server = MariaDB()
        self.kopano = KopanoSet(self.server, "kopano", folder)
        # Of those without one of their own; the other company's is not said to count.
        for company, counts, quota in (("quellhof", 1, 5 << 30), ("fjordline", 0, 1 << 20)):
            self.kopano.sql(f"INSERT INTO objectproperty (objectid, propname, value) SELECT objectid, 'userusedefaultquota', '{1 - counts}' FROM objectproperty "
                            f"WHERE propname = 'companyname' AND value = '{company}' UNION SELECT objectid, 'userhardquota', '{quota}' FROM objectproperty "
                            f"WHERE propname = 'companyname' AND value = '{company}'")
        self.house = Kontor(folder / "kontor")
        self.house.start()
        self.move = Move(self.house, folder, ["--source", self.kopano.configuration()])
        self.report = self.move.run("run", "--create-users")
        for user in (ALMA, BRUNO, CHIARA):
            self.house.run("user", "set", user, "--status", "active")

    def close(self):
        self.house.close()
        self.server.close()

    def of(self, what, user):
        return [one for one in self.manifest[what] if one.get("user") == user]

    def losses(self, user):
        """{what: why} of the settings that did not come along exactly."""
        account = next(one for one in self.report["accounts"] if one["address"] == user)
        row = next(one for one in account["folders"] if one["folder"] == "Settings, rules and rights")
        named = row.get("lost_items", []) + row.get("damaged_items", [])
        return {one["key"]: one["reason"] for one in named}

    def grants(self, user, folder):
        shown = self.house.json("folder", "rights", "show", user, "--folder", folder)
        return {one["who"]: one for one in shown}


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    made = Moved(tmp_path_factory.mktemp("kopano"))
    yield made
    made.close()


def test_address_book_references(moved):
    """Users, groups, shared mailboxes and resources are principals here, with tenants for companies."""
    assert moved.report["directory"]["quarantined"] == 0, moved.report["directory"]
    tenants = {one["name"] for one in moved.house.json("tenant", "list")}
    assert {"fjordline", "quellhof"} <= tenants
    group = moved.house.json("group", "show", SALES)
    assert {ALMA, BRUNO} <= set(group["members"])
    assert moved.house.json("user", "show", ALMA)["name"] == "Alma Berg"
    for sendas in moved.manifest["sendas"]:
        kind = "shared" if sendas["mailbox"] == "info" else "user"
        mailbox = moved.house.json(kind, "show", f"{sendas['mailbox']}@fjordline.example.com")
        assert f"{sendas['may_be_sent_as_by']}@fjordline.example.com" in mailbox["send_as"]


def test_old_passwords(moved):
    for user in ("alma.berg", "bruno.keller"):
        client = moved.house.imap(f"{user}@fjordline.example.com", f"pw-{user}")
        assert client.select("INBOX")[0] == "OK"
        client.logout()
    # The hash was made anew by now: what comes again does not replace it.
    moved.move.run("run", "--live", "--only", ALMA)
    moved.house.imap(ALMA, "pw-alma.berg").logout()
    with pytest.raises(Exception):
        moved.house.imap(ALMA, "wrong")


def test_rules(moved):
    rules = {one.get("name"): one for one in moved.house.json("rule", "list", ALMA)["rules"]}
    for told in moved.of("rules", "alma.berg"):
        rule = rules[told["name"]]
        assert ("enabled" not in rule) == told["enabled"], told["name"]
    losses = moved.losses(ALMA)
    assert 'the rule "Weiterleitung Büro"' in losses, "forwarding as a new message is told from redirecting"
    assert 'the rule "Redirect (preserve sender)"' not in losses and 'the rule "Lists to folder"' not in losses
    moved.house.deliver(ALMA, b"From: x@example.net\r\nSubject: [list] news\r\n\r\nbody\r\n")
    moved.house.deliver(ALMA, b"From: x@example.net\r\nCc: team@example.net\r\nSubject: cc\r\n\r\nbody\r\n")
    moved.house.deliver(ALMA, b"From: x@example.net\r\nSubject: plain\r\n\r\nbody\r\n")
    client = moved.house.imap(ALMA, "pw-alma.berg")
    junk = next(one["path"] for one in moved.house.json("folder", "list", ALMA) if one["role"] == "junk")
    for folder, subject in (("Projects", "[list] news"), (junk, "cc"), ("INBOX", "plain")):
        assert client.select(f'"{folder}"', readonly=True)[0] == "OK"
        assert client.search(None, "SUBJECT", f'"{subject}"')[1] != [b""], (folder, subject)
    client.logout()


def test_out_of_office(moved):
    for told in moved.manifest["oof"]:
        user = f"{told['user']}@fjordline.example.com"
        shown = moved.house.json("user", "out-of-office", "show", user)
        assert shown["set"] and shown["internal"] == told["message"].replace("\r\n", "\n") and shown["subject"] == told["subject"]
        assert shown["from"] == told["start"] and shown["until"] == told["end"]
        rule = next(one for one in moved.house.json("rule", "list", user)["rules"] if one["kind"] == "out_of_office")
        assert ("enabled" not in rule) == told["enabled"]


def test_signatures(moved):
    told = moved.of("settings", "alma.berg")[0]
    kept = moved.house.json("user", "preferences", ALMA)
    assert {one["id"]: (one["name"], one["text"], one["html"]) for one in kept["signatures"]} == {
        key: (one["name"], one["content"], one["isHTML"]) for key, one in told["signatures"].items()}
    assert kept["new_signature"] == str(told["new_message"]) and kept["reply_signature"] == str(told["replyforward"])
    assert kept["language"] == "de-DE"
    assert [(one["name"], one["address"]) for one in kept["identities"]] == [("Alma Berg", ALMA)]
    assert {one["name"]: one["colour"] for one in kept["categories"]} == {"Red Category": "#e60000", "Büro": "#00aa00"}
    assert kept["display"]["webapp.main.week_start"] == "1"
    assert [(one["name"], json.loads(one["filter"]), one["folders"]) for one in kept["searches"]] == [
        ("Unread search", {"notKeyword": "$seen"}, ["INBOX"])]
    assert {one.get("folder") or one.get("owner") for one in kept["favourites"]} == {"Projects", BRUNO}


def test_acls(moved):
    """The effective rights of the source, inherited ones too, and nothing beyond them."""
    calendar = next(one["path"] for one in moved.house.json("folder", "list", ALMA) if one["role"] == "calendar")
    bruno = moved.grants(ALMA, calendar)[BRUNO]
    assert bruno["private"] and bruno["free_busy"] == "details", "a delegate who sees private items"
    assert set("lrwite") <= set(bruno["rights"]) and "a" not in bruno["rights"]
    projects = moved.grants(ALMA, "Projects")[BRUNO]
    assert set("lrswipkxtea") == set(projects["rights"])
    assert moved.grants(ALMA, "Projects/2019")[BRUNO]["rights"] == projects["rights"], "inherited"
    assert moved.grants(ALMA, "INBOX")[CHIARA]["rights"] == "lr"
    contacts = next(one["path"] for one in moved.house.json("folder", "list", BRUNO) if one["role"] == "contacts")
    assert moved.grants(BRUNO, contacts)[SALES]["kind"] == "group"
    assert set("lrwite") <= set(moved.grants(INFO, "INBOX")[ALMA]["rights"])
    # Rights on the store reach every folder of it.
    assert set("lrswipkxtea") == set(moved.grants(CHIARA, "INBOX")[BRUNO]["rights"])
    client = moved.house.imap(BRUNO, "pw-bruno.keller")
    assert any(b"Projects" in line for line in client.list('""', '"*Projects*"')[1] if line)
    client.logout()


def test_delegates(moved):
    for user, delegate in ((ALMA, BRUNO), (BRUNO, CHIARA)):
        assert delegate in moved.house.json("user", "show", user)["send_on_behalf"]
    assert "delegates" in moved.losses(ALMA), "copies of invitations are named"


def test_quota(moved):
    told = moved.manifest["quota"][0]
    assert moved.house.json("user", "show", ALMA)["quota"] == told["hard_mb"] << 20
    assert moved.house.json("user", "show", BRUNO)["own_quota"] is None, "the server's own standard is in no database"


def test_a_company_s_default_quota(moved):
    tenants = {one["name"]: one for one in moved.house.json("tenant", "list")}
    assert tenants["quellhof"]["default_quota"] == 5 << 30 and tenants["fjordline"]["default_quota"] == 0
    assert any("quellhof" in remark.lower() and str(5 << 30) in remark for remark in moved.report["remarks"]), moved.report["remarks"]
    larger = "more than the default quota of its company"
    assert not any(larger in remark for remark in moved.report["remarks"])
    moved.kopano.sql(f"UPDATE objectproperty SET value = '1000' WHERE propname = 'userhardquota' AND value = '{5 << 30}'")
    plan = moved.move.run("plan", code=None)
    assert any(larger in remark and "emiko.tanaka" in remark for remark in plan["remarks"]), plan["remarks"]
    assert not any(larger in remark and "alma.berg" in remark for remark in plan["remarks"]), "the other company's does not count"
    moved.kopano.sql(f"UPDATE objectproperty SET value = '{5 << 30}' WHERE propname = 'userhardquota' AND value = '1000'")


def differences(moved, *options, code=0):
    """{address: {what: why}} of the settings that a verification finds."""
    report = moved.move.run("verify", "--quick", *options, code=code)
    out = {}
    for account in report["accounts"]:
        row = next(one for one in account["folders"] if one["folder"] == "Settings, rules and rights")
        named = {one["key"]: one["reason"] for one in row.get("different_items", [])}
        assert len(named) == row["differences"] == row["settings_different"] and row["compared"] == 0
        if named:
            out[account["address"]] = named
    return report, out


def test_a_verification_compares_settings_too(moved):
    """Each difference is named, and whose change it is."""
    report, found = differences(moved)
    assert found == {} and report["clean"]
    alma = next(one for one in report["accounts"] if one["address"] == ALMA)
    row = next(one for one in alma["folders"] if one["folder"] == "Settings, rules and rights")
    assert row["settings_compared"] > 20, "folders, rights, rules, signatures and so on"

    house = moved.house
    house.run("rule", "forward", ALMA, "--to", "elsewhere@example.net")
    assert CHIARA in moved.grants(ALMA, "INBOX")
    house.run("folder", "rights", "set", ALMA, "INBOX", CHIARA, "--rights", "editor")
    house.run("folder", "rights", "set", ALMA, "INBOX", SALES, "--rights", "reader")
    house.run("user", "out-of-office", "set", CHIARA, "--internal", "mine")
    house.run("user", "set", ALMA, "--quota", "77M")
    report, found = differences(moved, code=1)
    changed = "was changed at the target since it came"
    assert found == {ALMA: {"rules": changed, "quota": changed, f"the rights of {CHIARA} on INBOX": changed,
                            f"the rights of {SALES} on INBOX": "is set at the target alone"},
                     CHIARA: {"out-of-office": changed}}, found
    assert not report["clean"]
    page = (moved.move.report.parent / f"{moved.move.report.name}.html").read_text()
    assert "4 settings differ" in page and "items differ" not in page
    page = (moved.move.report / f"{ALMA}.html").read_text()
    assert f"the rights of {CHIARA} on INBOX" in page and changed in page

    store = moved.kopano.sql("SELECT s.hierarchy_id FROM stores s WHERE s.user_name = 'bruno.keller@Fjordline' AND s.type = 0")[0][0]
    moved.kopano.sql(f"UPDATE properties SET val_string = 'other text' WHERE hierarchyid = {store} AND tag = 0x6761")
    _, found = differences(moved, "--only", BRUNO, code=None)
    assert list(found.get(BRUNO, {})) == ["out-of-office"] and "at the source since the last run" in found[BRUNO]["out-of-office"]


def test_settings_are_followed_but_never_over_what_was_changed_here(moved):
    kopano = moved.kopano
    store = kopano.sql("SELECT s.hierarchy_id FROM stores s WHERE s.user_name = 'bruno.keller@Fjordline' AND s.type = 0")[0][0]
    kopano.sql(f"UPDATE properties SET val_string = 'new text' WHERE hierarchyid = {store} AND tag = 0x6761;"
               f"UPDATE properties SET val_ulong = 1 WHERE hierarchyid = {store} AND tag = 0x6760")
    moved.move.run("run", "--live", "--only", BRUNO)
    shown = moved.house.json("user", "out-of-office", "show", BRUNO)
    assert shown["internal"] == "new text" and shown["answers"]
    moved.house.run("user", "out-of-office", "set", BRUNO, "--internal", "mine")
    kopano.sql(f"UPDATE properties SET val_string = 'newer text' WHERE hierarchyid = {store} AND tag = 0x6761")
    moved.move.run("run", "--live", "--only", BRUNO)
    assert moved.house.json("user", "out-of-office", "show", BRUNO)["internal"] == "mine"
    again = moved.move.run("run", "--live")
    for account in again["accounts"]:
        row = next(one for one in account["folders"] if one["folder"] == "Settings, rules and rights")
        assert row["copied"] == row["updated"] == 0, (account["address"], row)
