# SPDX-License-Identifier: AGPL-3.0-or-later
"""Thunderbird as people use it: what it does arrives in Kontor, and what Kontor holds is what it shows.

One Thunderbird and one account serve all tests; each has messages of its own in the inbox.
"""
import time
import zlib

import pytest

from peers.kontor import trusted
from peers.mailbox import quoted, snapshot
from peers.ports import wait_for
from peers.thunderbird import Thunderbird

ADA = "ada@example.org"
TOPICS = ["plain", "read", "star", "tag", "untag", "copy", "move", "delete", "elsewhere", "Größe: 日本"]


def message(subject, text="Hello"):
    return (f"From: Ben <ben@example.org>\r\nTo: {ADA}\r\nSubject: {subject}\r\nDate: Tue, 07 May 2024 09:15:00 +0200\r\n"
            f"Message-ID: <{zlib.crc32(subject.encode())}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n").encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with trusted(tmp_path_factory.mktemp("thunderbird")) as kontor:
        for topic in TOPICS:
            kontor.deliver(ADA, message(topic, f"This is about {topic}."))
        yield kontor


@pytest.fixture(scope="module")
def thunderbird(server, tmp_path_factory):
    client = Thunderbird(tmp_path_factory.mktemp("client"), server.authority.certificate)
    try:
        client.start()
        client.run("""addAccount(args[0], "secret", args[1], Ci.nsMsgSocketType.SSL);
                      incoming().performExpand(null);
                      await until(() => hasFolder("INBOX"), "the inbox");
                      await open("INBOX");""", ADA, server.port("imaps"))
        yield client
    finally:
        client.close()


class Held:
    """What Kontor holds: rows of (uid, flags, content) by folder."""

    def __init__(self, server):
        with server.imap() as client:
            self.folders = {name: [(uid, flags, content) for uid, flags, _, content in rows] for name, (_, rows) in snapshot(client).items()}

    def find(self, folder, subject):
        wanted = f"Subject: {subject}\r\n".encode()
        rows = [row for row in self.folders[folder] if wanted in row[2]]
        assert len(rows) <= 1, f"{subject} is {len(rows)} times in {folder}"
        return rows[0] if rows else None


def eventually(server, condition, what):
    """What `condition` returns for what Kontor holds: Thunderbird sends some changes a moment later."""
    return wait_for(lambda: condition(Held(server)), what, 30)


def test_it_lists_the_folders(server, thunderbird):
    def shown():
        return sorted(thunderbird.run("return allFolders().map(f => f.URI.split('/').slice(3).join('/'))"))

    held = sorted(Held(server).folders)
    wait_for(lambda: shown() == held, "Thunderbird to list the folders", 30)
    roles = thunderbird.run("""const F = Ci.nsMsgFolderFlags;
        return Object.fromEntries(["SentMail", "Drafts", "Trash", "Junk", "Archive"].map(
            role => [role, allFolders().filter(f => f.getFlag(F[role])).map(f => f.name)]));""")
    assert roles == {"SentMail": ["Sent"], "Drafts": ["Drafts"], "Trash": ["Trash"], "Junk": ["Junk"], "Archive": ["Archive"]}


def test_it_shows_and_downloads_what_was_delivered(server, thunderbird):
    held = Held(server)
    thunderbird.run('await download("INBOX")')
    shown = {row["subject"]: row for row in thunderbird.run('return describe("INBOX")')}
    for topic in TOPICS:
        uid, _, content = held.find("INBOX", topic)
        assert (shown[topic]["uid"], shown[topic]["size"]) == (uid, len(content)), topic
        assert shown[topic]["from"] == "Ben <ben@example.org>"
        source = thunderbird.run('return source("INBOX", args[0])', topic).encode("latin-1")
        # Its store puts lines of its own in front of a message.
        lines = [line for line in source.splitlines() if not line.startswith((b"X-Mozilla-", b"From - "))]
        assert lines == content.splitlines(), topic


def test_read_star_and_tags_arrive(server, thunderbird):
    thunderbird.run("""const inbox = folder("INBOX");
        inbox.markMessagesRead([header("INBOX", "read")], true);
        inbox.markMessagesFlagged([header("INBOX", "star")], true);
        inbox.addKeywordsToMessages([header("INBOX", "tag")], "$label1 projektx");
        inbox.addKeywordsToMessages([header("INBOX", "untag")], "$label2 $label3");""")
    eventually(server, lambda held: "\\seen" in held.find("INBOX", "read")[1], "the read mark")
    eventually(server, lambda held: "\\flagged" in held.find("INBOX", "star")[1], "the star")
    eventually(server, lambda held: {"$label1", "projektx"} <= held.find("INBOX", "tag")[1], "the tags")
    eventually(server, lambda held: {"$label2", "$label3"} <= held.find("INBOX", "untag")[1], "the other tags")
    thunderbird.run("""const inbox = folder("INBOX");
        inbox.markMessagesRead([header("INBOX", "read")], false);
        inbox.removeKeywordsFromMessages([header("INBOX", "untag")], "$label2");""")
    eventually(server, lambda held: held.find("INBOX", "read")[1] == set(), "the read mark to go")
    eventually(server, lambda held: held.find("INBOX", "untag")[1] == {"$label3"}, "one tag to go")
    held = Held(server)
    assert held.find("INBOX", "star")[1] == {"\\flagged"}
    assert held.find("INBOX", "tag")[1] == {"$label1", "projektx"}
    assert held.find("INBOX", "plain")[1] == set()


def test_flags_set_elsewhere_appear(server, thunderbird):
    with server.imap() as other:
        other.select("INBOX")
        number = other.search(None, "SUBJECT", "elsewhere")[1][0]
        assert other.store(number, "+FLAGS", "(\\Seen \\Flagged $label4)")[0] == "OK"
    thunderbird.run("""await open("INBOX");
        await until(() => { const h = header("INBOX", "elsewhere");
                            return h.isRead && h.isFlagged && h.getStringProperty("keywords").includes("$label4"); }, "the flags");""")


def test_a_new_folder_a_copy_and_a_move(server, thunderbird):
    name = "Projekte & Öl"
    raw = quoted(name).strip('"')
    thunderbird.run('await createFolder("", args[0])', name)
    assert raw in Held(server).folders
    thunderbird.run('await createFolder(args[0], "2024")', name)
    assert raw + "/2024" in Held(server).folders
    before = Held(server)
    thunderbird.run('await transfer("INBOX", "copy", args[0], false)', name)
    thunderbird.run('await transfer("INBOX", "move", args[0] + "/2024", true)', name)
    after = Held(server)
    assert after.find(raw, "copy")[2] == after.find("INBOX", "copy")[2] == before.find("INBOX", "copy")[2]
    assert after.find(raw + "/2024", "move")[2] == before.find("INBOX", "move")[2]
    assert after.find("INBOX", "move") is None
    thunderbird.run("""await open(args[0]);
        if (headers(args[0]).map(h => h.subject).join() != "copy") throw new Error("the folder shows something else");
        await until(() => !headers("INBOX").some(h => h.subject == "move"), "the message to leave the inbox");""", name)


def test_deleting_moves_to_the_trash(server, thunderbird):
    before = Held(server).find("INBOX", "delete")
    thunderbird.run('await remove("INBOX", "delete")')
    held = Held(server)
    assert held.find("INBOX", "delete") is None
    assert held.find("Trash", "delete")[2] == before[2]


def test_a_draft_is_saved(server, thunderbird):
    thunderbird.run('await saveDraft("ben@example.org", "A draft", "Dear Ben,\\nsoon more.")')
    _, flags, content = eventually(server, lambda held: held.find("Drafts", "A draft"), "the draft")
    assert "\\draft" in flags
    assert b"To: ben@example.org\r\n" in content and b"soon more." in content


def test_it_searches_on_the_server(server, thunderbird):
    assert thunderbird.run("""return searchServer("INBOX", Ci.nsMsgSearchAttrib.Body, Ci.nsMsgSearchOp.Contains, "about plain");""") == ["plain"]
    assert thunderbird.run("""return searchServer("INBOX", Ci.nsMsgSearchAttrib.Subject, Ci.nsMsgSearchOp.Contains, "Größe");""") == ["Größe: 日本"]
    assert thunderbird.run("""return searchServer("INBOX", Ci.nsMsgSearchAttrib.Body, Ci.nsMsgSearchOp.Contains, "no such words");""") == []


def test_new_mail_is_pushed(server, thunderbird):
    thunderbird.run('await open("INBOX")')
    time.sleep(0.5)  # it goes idle a moment after the folder was opened
    server.deliver(ADA, message("pushed"))
    # Its own look for new mail comes every ten minutes only.
    thunderbird.run("""await until(() => headers("INBOX").some(h => h.subject == "pushed"), "the push", 60)""")
