# SPDX-License-Identifier: AGPL-3.0-or-later
"""Shared mailboxes and shared folders, as several people see them."""
import imaplib

import pytest

pytestmark = pytest.mark.short

DESK = '"Shared Folders/desk@example.org/INBOX"'


def names(client, pattern="*"):
    status, lines = client.list('""', f'"{pattern}"')
    assert status == "OK"
    return [line.decode().split(' "/" ')[1].strip('"') for line in lines if line]


def test_a_shared_mailbox_appears_without_set_up(kontor):
    with kontor.imap() as ada, kontor.imap("ben@example.org") as ben:
        assert names(ada, "Shared Folders*") == []
        kontor.run("shared", "add", "desk@example.org", "--member", "ada@example.org", "--reader", "ben@example.org")
        kontor.deliver("desk@example.org", b"Subject: a question\r\n\r\nHello\r\n")
        for client in (ada, ben):
            assert "Shared Folders/desk@example.org/INBOX" in names(client), "in a session that was open already"
        assert ada.select(DESK)[1] == [b"1"]
        assert ada.store("1", "+FLAGS", r"(\Answered)")[0] == "OK"
        assert ben.select(DESK, readonly=True)[0] == "OK"
        assert b"Answered" in ben.fetch("1", "(FLAGS)")[1][0]
        assert ben.store("1", "+FLAGS", r"(\Seen)")[0] == "NO", "a reader changes nothing"
        assert ben.create('"Shared Folders/desk@example.org/Mine"')[0] == "NO"

        # From the shared mailbox into one's own, and back.
        assert ada.copy("1", "Archive")[0] == "OK"
        assert ada.status("Archive", "(MESSAGES)")[1] == [b"Archive (MESSAGES 1)"]
        ada.select("Archive")
        assert ada._simple_command("MOVE", "1", DESK)[0] == "OK"
        assert ada.status(DESK, "(MESSAGES)")[1] == [DESK.encode() + b" (MESSAGES 2)"]

        kontor.run("shared", "set", "desk@example.org", "--remove-member", "ben@example.org")
        assert names(ben, "Shared Folders*") == [], "at once"
        assert ben.select(DESK)[0] == "NO"


def test_rights_by_imap_and_by_command(kontor):
    kontor.add_user("cleo@example.org")
    kontor.run("group", "add", "team@example.org", "--member", "ben@example.org")
    folder = "Other Users/ada@example.org/Projects"
    with kontor.imap() as ada, kontor.imap("ben@example.org") as ben, kontor.imap("cleo@example.org") as cleo:
        assert ada.create("Projects")[0] == "OK"
        assert ada.append("Projects", None, None, b"Subject: plan\r\n\r\nOne\r\n")[0] == "OK"
        assert ada.setacl("Projects", "team@example.org", "lr")[0] == "OK"
        assert folder in names(ben) and folder not in names(cleo)
        assert ben.select(f'"{folder}"', readonly=True)[1] == [b"1"]
        assert ben.append(f'"{folder}"', None, None, b"Subject: no\r\n\r\n")[0] == "NO"

        kontor.run("folder", "rights", "set", "ada@example.org", "Projects", "cleo@example.org", "--rights", "editor")
        shown = kontor.json("folder", "rights", "show", "ada@example.org", "--folder", "Projects")
        assert {(one["who"], one["rights"]) for one in shown} == {("team@example.org", "lr"),
                                                                 ("cleo@example.org", "lrswipkte")}
        assert cleo.create(f'"{folder}/2024"')[0] == "OK"
        assert f"{folder}/2024" in names(ben), "rights are inherited"
        assert b"cleo@example.org" in ada.getacl("Projects/2024")[1][0]

        # Names change, rights stay.
        kontor.run("user", "set", "cleo@example.org", "--add-alias", "c@example.org", "--primary", "c@example.org")
        kontor.run("user", "set", "ada@example.org", "--add-alias", "lovelace@example.org", "--primary",
                   "lovelace@example.org")
        assert cleo.append(f'"{folder}/2024"', None, None, b"Subject: yes\r\n\r\n")[0] == "OK", "by the former address"
        assert "Other Users/lovelace@example.org/Projects/2024" in names(cleo)
        assert b"c@example.org" in ada.getacl("Projects")[1][0]
        assert b"cleo@example.org" not in ada.getacl("Projects")[1][0]

    kontor.run("user", "remove", "cleo@example.org", "--yes")
    with kontor.imap() as ada:
        assert b"c@example.org" not in ada.getacl("Projects")[1][0]
        shown = kontor.json("folder", "rights", "show", "ada@example.org", "--folder", "Projects")
        assert sorted(one["kind"] for one in shown) == ["gone", "group"]


def test_rights_outlive_a_crash(make_kontor):
    kontor = make_kontor()
    kontor.start()
    kontor.populate()
    with kontor.imap() as ada:
        assert ada.setacl("INBOX", "anyone", "lr")[0] == "OK"
    kontor.kill()
    kontor.start()
    with kontor.imap("ben@example.org") as ben:
        assert "Other Users/ada@example.org/INBOX" in names(ben)
        with pytest.raises(imaplib.IMAP4.error):
            ben.setacl("Nowhere", "anyone", "lrQ")
    with kontor.imap() as ada:
        assert ada.deleteacl("INBOX", "anyone")[0] == "OK"
    with kontor.imap("ben@example.org") as ben:
        assert names(ben, "Other Users*") == []
