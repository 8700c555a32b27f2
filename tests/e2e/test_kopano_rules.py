# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules of a Kopano inbox that are no XML: hidden messages as Outlook keeps them, answers with a template; and what cannot be read."""
import json
import struct

import pytest

from peers.kontor import Kontor
from peers.mariadb import KopanoSet, MariaDB
from peers.move import Move

BRUNO, CHIARA = "bruno.keller@fjordline.example.com", "chiara.neri@fjordline.example.com"
FIRST = 900_000  # hierarchy ids that nothing has


def u16(*values):
    return struct.pack(f"<{len(values)}H", *values)


def u32(*values):
    return struct.pack(f"<{len(values)}I", *values)


def sized(octets):
    return u32(len(octets)) + octets


def subject_contains(text):
    """A condition of an extended rule: [MS-OXCDATA] section 2.12.4."""
    return u16(0) + b"\x03" + u16(1, 1) + u32(0x0037001F) + u32(0x0037001F) + text.encode("utf-16-le") + b"\0\0"


def asks_sender(text):
    return b"\x03" + u16(0, 1) + u32(0x0C1F001F) * 2 + text.encode("utf-16-le") + b"\0\0"


def asks_recipient(text):
    return b"\x09" + u32(0x0E12000D) + b"\x03" + u16(0, 1) + u32(0x3003001F) * 2 + text.encode("utf-16-le") + b"\0\0"


def any_of(*parts):
    return b"\x01" + u32(len(parts)) + b"".join(parts)


def junk_condition(blocked, safe, recipients=()):
    """Outlook's lists: [MS-OXCSPAM] section 3.1.4.1."""
    trusted = any_of(any_of(*map(asks_sender, safe)), any_of(*map(asks_recipient, recipients)))
    rated = b"\x04\x02" + u32(0x40760003, 0x40760003, 6)
    return u16(0) + b"\x00" + u32(2) + any_of(any_of(*map(asks_sender, blocked)), rated) + b"\x02" + trusted


def action(what, data=b""):
    body = bytes([what]) + u32(0, 0) + data
    return sized(body)


def actions(*all):
    return u16(0) + u32(1, len(all)) + b"".join(all)


class Inbox:
    """A user's inbox in the database, into which messages and rules can be put."""

    def __init__(self, kopano, login):
        self.kopano = kopano
        self.store = kopano.sql(f"SELECT hierarchy_id FROM stores WHERE user_name = '{login}' AND type = 0")[0][0]
        self.id = kopano.sql(f"SELECT objid FROM receivefolder WHERE storeid = {self.store} AND messageclass = ''")[0][0]
        self.guid = kopano.sql(f"SELECT HEX(guid) FROM stores WHERE hierarchy_id = {self.store}")[0][0]

    def entry(self, number, kind):
        """Gives an object an entry id; bytes."""
        entry = bytes(4) + bytes.fromhex(self.guid) + u32(1) + u16(kind, 0) + number.to_bytes(16, "big") + bytes(4)
        self.kopano.sql(f"INSERT INTO indexedproperties (hierarchyid, tag, val_binary) VALUES ({number}, 0x0FFF, X'{entry.hex()}')")
        return entry

    def folder_entry(self, name):
        return bytes.fromhex(self.kopano.sql(
            f"SELECT HEX(e.val_binary) FROM hierarchy h JOIN hierarchy r ON h.parent = r.id JOIN properties p ON p.hierarchyid = h.id AND p.tag = 0x3001 "
            f"JOIN indexedproperties e ON e.hierarchyid = h.id AND e.tag = 0x0FFF WHERE h.type = 3 AND r.parent IN (SELECT id FROM hierarchy WHERE parent = {self.store}) "
            f"AND p.val_string = '{name}'")[0][0])

    def hidden(self, number, texts=(), numbers=(), blobs=()):
        rows = [f"({number}, {tag}, 30, NULL, '{value}', NULL)" for tag, value in dict(texts).items()]
        rows += [f"({number}, {tag}, 3, {value}, NULL, NULL)" for tag, value in dict(numbers).items()]
        rows += [f"({number}, {tag}, 258, NULL, NULL, X'{value.hex()}')" for tag, value in dict(blobs).items()]
        self.kopano.sql(f"INSERT INTO hierarchy (id, parent, type, flags, owner) VALUES ({number}, {self.id}, 5, 64, 1);"
                        f"INSERT INTO properties (hierarchyid, tag, type, val_ulong, val_string, val_binary) VALUES {', '.join(rows)}")

    def rule(self, number, name, condition, acts, sequence=20, state=1, provider="RuleOrganizer2", numbers=()):
        self.hidden(number, {0x1A: "IPM.ExtendedRule.Message", 0x65EC: name, 0x65EB: provider}, {0x65E9: state, 0x65F3: sequence, **dict(numbers)},
                    {0x0E9A: condition, 0x0E99: acts})


def losses(report, address):
    account = next(one for one in report["accounts"] if one["address"] == address)
    row = next(one for one in account["folders"] if one["folder"] == "Settings, rules and rights")
    return {one["key"]: one["reason"] for one in row.get("lost_items", []) + row.get("damaged_items", [])}


@pytest.fixture
def moving(tmp_path):
    server = MariaDB()
    kopano = KopanoSet(server, "kopano", tmp_path)
    house = Kontor(tmp_path / "kontor")
    house.start()
    yield kopano, house, Move(house, tmp_path, ["--source", kopano.configuration()])
    house.close()
    server.close()


def test_rules_that_are_messages(moving):
    kopano, house, move = moving
    inbox = Inbox(kopano, "bruno.keller@Fjordline")
    sent = inbox.folder_entry("Sent Items")
    inbox.rule(FIRST, "Offers", subject_contains("offer"), actions(action(1, sized(b"store") + sized(sent))))
    inbox.hidden(FIRST + 1, {0x1A: "IPM.Note.rules.ReplyTemplate.Microsoft", 0x37: "Thank you", 0x1000: "We answer soon."})
    template = inbox.entry(FIRST + 1, 5)
    inbox.rule(FIRST + 2, "Thanks", subject_contains("question"), actions(action(3, sized(template) + bytes(16))), sequence=21)
    # The template of somebody else's inbox is none.
    other = Inbox(kopano, "chiara.neri@Fjordline")
    other.hidden(FIRST + 3, {0x1A: "IPM.Note.rules.ReplyTemplate.Microsoft", 0x37: "Secret", 0x1000: "secret"})
    inbox.rule(FIRST + 4, "Foreign", subject_contains("x"), actions(action(3, sized(other.entry(FIRST + 3, 5)) + bytes(16))), sequence=22)
    inbox.rule(FIRST + 5, "Broken", subject_contains("x")[:-3], actions(action(11)), sequence=23)
    inbox.hidden(FIRST + 7, {0x1A: "IPM.RuleOrganizer"}, blobs={0x6802: b"\x14" * 200})
    there = move.run("run", "--create-users")
    names = [one.get("name") for one in house.json("rule", "list", BRUNO)["rules"]]
    assert [name for name in names if name in ("Offers", "Thanks", "Foreign", "Broken")] == ["Offers", "Thanks"]
    lost = losses(there, BRUNO)
    for name in ("Foreign", "Broken", "Offers"):
        assert f'the rule "{name}"' in lost, name
    assert "Outlook's own list of rules" in lost
    house.run("user", "set", BRUNO, "--status", "active")
    house.deliver(BRUNO, b"From: x@example.net\r\nSubject: an offer\r\n\r\nbody\r\n")
    client = house.imap(BRUNO, "pw-bruno.keller")
    folder = next(one["path"] for one in house.json("folder", "list", BRUNO) if one["role"] == "sent")
    assert client.select(f'"{folder}"', readonly=True)[0] == "OK"
    assert client.search(None, "SUBJECT", '"an offer"')[1] != [b""]
    client.logout()
    script = house.folder / "thanks.sieve"
    text = next(one["text"] for one in house.json("rule", "list", BRUNO)["rules"] if one.get("name") == "Thanks")
    script.write_text('require ["vacation", "vacation-seconds", "environment"];\n' + text)
    mail = house.folder / "mail.eml"
    mail.write_bytes(f"From: x@example.net\r\nTo: {BRUNO}\r\nSubject: a question\r\n\r\nbody\r\n".encode())
    said = house.run("sieve", "test", "--script", str(script), "--message", str(mail), "--from", "x@example.net", "--to", BRUNO).stdout
    assert "vacation" in said and "Thank you" in said and "We answer soon." in said


def test_outlook_s_lists_of_senders(moving):
    """They are the account's own lists, followed one by one, and what they say is done."""
    kopano, house, move = moving
    inbox = Inbox(kopano, "bruno.keller@Fjordline")
    condition = junk_condition(["Pest@ads.example", "@spam.example"], ["friend@example.net", "contact@example.net"], ["list@example.net"])
    inbox.rule(FIRST, "Junk E-mail Rule", condition, actions(action(10)), 0, 0x31, "JunkEmailRule", {0x6100: 1, 0x6101: 6})
    report = move.run("run", "--create-users")
    assert house.json("sender", "list", "--user", BRUNO) == {
        "user": BRUNO, "allowed": ["contact@example.net", "friend@example.net"], "blocked": ["@spam.example", "pest@ads.example"]}
    assert json.loads(house.json("user", "preferences", BRUNO)["display"]["outlook.junk.safe_recipients"]) == ["list@example.net"]
    lost = losses(report, BRUNO)
    assert 'the rule "Junk E-mail Rule"' not in lost and "Outlook's junk filter" in lost
    house.run("user", "set", BRUNO, "--status", "active")
    for sender in ("pest@ads.example", "x@spam.example", "y@example.net"):
        house.deliver(BRUNO, f"From: {sender}\r\nSubject: by {sender}\r\n\r\nbody\r\n".encode())
    junk = next(one["path"] for one in house.json("folder", "list", BRUNO) if one["role"] == "junk")
    with house.imap(BRUNO, "pw-bruno.keller") as client:
        for sender, folder in (("pest@ads.example", junk), ("x@spam.example", junk), ("y@example.net", "INBOX")):
            assert client.select(f'"{folder}"', readonly=True)[0] == "OK"
            assert client.search(None, "SUBJECT", f'"by {sender}"')[1] != [b""], sender
    assert move.run("verify", "--quick", "--only", BRUNO, code=None)["accounts"][0]["folders"][-1]["settings_different"] == 0

    house.run("sender", "forget", "--user", BRUNO, "friend@example.net")
    house.run("sender", "block", "--user", BRUNO, "mine@example.net")
    fresh = junk_condition(["@spam.example", "new@ads.example"], ["friend@example.net"])
    kopano.sql(f"UPDATE properties SET val_binary = X'{fresh.hex()}' WHERE hierarchyid = {FIRST} AND tag = 0x0E9A")
    move.run("run", "--live", "--only", BRUNO)
    shown = house.json("sender", "list", "--user", BRUNO)
    assert shown["allowed"] == [] and sorted(shown["blocked"]) == ["@spam.example", "mine@example.net", "new@ads.example"]
    report = move.run("verify", "--quick", "--only", BRUNO, code=1)
    row = next(one for one in report["accounts"][0]["folders"] if one["folder"] == "Settings, rules and rights")
    assert {one["key"]: one["reason"] for one in row["different_items"]} == {
        "sender/friend@example.net": "was removed at the target since it came", "sender/mine@example.net": "is set at the target alone"}
    # What cannot be read is not none.
    kopano.sql(f"UPDATE properties SET val_binary = X'07' WHERE hierarchyid = {FIRST} AND tag = 0x0E9A")
    report = move.run("run", "--live", "--only", BRUNO)
    assert "cannot be read" in losses(report, BRUNO)["Outlook's junk filter"]
    assert house.json("sender", "list", "--user", BRUNO) == shown


def test_the_server_s_form_counts(moving):
    kopano, house, move = moving
    inbox = Inbox(kopano, "alma.berg@Fjordline")
    inbox.rule(FIRST, "LISTS to folder", subject_contains("zzz"), actions(action(10)))
    report = move.run("run", "--create-users")
    alma = "alma.berg@fjordline.example.com"
    rules = [one for one in house.json("rule", "list", alma)["rules"] if (one.get("name") or "").lower() == "lists to folder"]
    assert len(rules) == 1 and rules[0]["name"] == "Lists to folder"
    assert "kept twice" in losses(report, alma)['the rule "LISTS to folder"']


def test_what_cannot_be_read_is_not_none(moving):
    kopano, house, move = moving
    move.run("run", "--create-users")
    before = house.json("rule", "list", CHIARA)["rules"]
    assert before
    inbox = Inbox(kopano, "chiara.neri@Fjordline")
    kept = kopano.sql(f"SELECT HEX(val_binary) FROM properties WHERE hierarchyid = {inbox.id} AND tag = 0x3FE1")[0][0]
    kopano.sql(f"UPDATE properties SET val_binary = 'garbage' WHERE hierarchyid = {inbox.id} AND tag = 0x3FE1")
    report = move.run("run", "--only", CHIARA)
    assert "cannot be read" in losses(report, CHIARA)["rules"]
    assert house.json("rule", "list", CHIARA)["rules"] == before
    kopano.sql(f"UPDATE properties SET val_binary = X'{kept}' WHERE hierarchyid = {inbox.id} AND tag = 0x3FE1")
    report = move.run("run", "--only", CHIARA)
    assert "rules" not in losses(report, CHIARA)
    kopano.sql(f"DELETE FROM properties WHERE hierarchyid = {inbox.id} AND tag = 0x3FE1")
    move.run("run", "--only", CHIARA)
    assert not [one for one in house.json("rule", "list", CHIARA)["rules"] if one["kind"] != "out_of_office"], "none is none"


def test_more_search_folders_than_are_carried(moving):
    kopano, house, move = moving
    store = Inbox(kopano, "alma.berg@Fjordline").store
    finder, criteria = kopano.sql(
        f"SELECT h.parent, HEX(COALESCE(p.val_binary, p.val_string)) FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag = 0x6706 JOIN hierarchy f ON f.id = h.parent "
        f"JOIN hierarchy r ON r.id = f.parent WHERE h.flags = 2 AND r.parent = {store} LIMIT 1")[0]
    rows, properties = [], []
    for number in range(FIRST, FIRST + 1100):
        rows.append(f"({number}, {finder}, 3, 2, 1)")
        properties.append(f"({number}, 0x6706, 258, NULL, X'{criteria}'), ({number}, 0x3001, 30, 'Search {number}', NULL)")
    kopano.sql(f"INSERT INTO hierarchy (id, parent, type, flags, owner) VALUES {', '.join(rows)};"
               f"INSERT INTO properties (hierarchyid, tag, type, val_string, val_binary) VALUES {', '.join(properties)}")
    report = move.run("run", "--create-users", "--only", "alma.berg@fjordline.example.com")
    assert "more than 1000" in losses(report, "alma.berg@fjordline.example.com")["search folders"]
    assert json.dumps(house.json("user", "preferences", "alma.berg@fjordline.example.com")["searches"]).count("Search 9") > 900
