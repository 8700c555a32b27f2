# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kopano stores unlike the one at hand: all content that the specifications allow is moved once, and compared with what clients see."""
import shutil

import pytest

from peers.dav import Dav
from peers.kontor import Kontor
from peers.kopano_items import Home
from peers.kopano_made import Made
from peers.kopano_made_truth import contact_faults, event_faults, folder_faults, list_faults, mail_faults, note_faults, task_faults
from peers.kopano_truth import Mailboxes
from peers.mariadb import KopanoSet, MariaDB
from peers.move import Move

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")


class Moved:
    def __init__(self, folder):
        self.database = MariaDB()
        self.kopano = KopanoSet(self.database, "kopano", folder / "kopano")
        self.made = Made(self.kopano)
        self.kontor = Kontor(folder / "kontor")
        self.kontor.start()
        self.kontor.run("tenant", "add", "fjordline")
        self.kontor.run("domain", "add", "fjordline.example.com", "--tenant", "fjordline")
        people = [word for store in (self.made.store, self.made.old) for word in ("--only", store.address)]
        self.move = Move(self.kontor, folder, ["--source", self.kopano.configuration(), *people])
        self.report = self.move.run("run", "--create-active-users", code=None)
        self.seen = {}

    def boxes(self, store):
        return self.once("boxes", store, self.read_mail)

    def home(self, store):
        return self.once("home", store, lambda one: Home(Dav(self.kontor, one.address, one.password), one.address))

    def once(self, what, store, read):
        if (what, store.login) not in self.seen:
            self.seen[what, store.login] = read(store)
        return self.seen[what, store.login]

    def read_mail(self, store):
        with self.kontor.imap(store.address, store.password) as client:
            return Mailboxes(client)

    def named(self):
        """All that the report says of single items."""
        folders = [folder for account in self.report["accounts"] for folder in account["folders"]]
        return [(folder["folder"], kind, item["reason"]) for folder in folders for kind in ("quarantined_items", "damaged_items", "lost_items") for item in folder.get(kind, [])]

    def close(self):
        try:
            self.kontor.close()
        finally:
            self.database.close()


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    installation = Moved(tmp_path_factory.mktemp("variety"))
    yield installation
    installation.close()


def expect_none(faults):
    faults = list(faults)
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)


def test_every_item_comes(moved):
    assert not [row for row in moved.named() if row[1] == "quarantined_items"]


def test_mail(moved):
    expect_none(mail_faults([*moved.made.mails.truth, *moved.made.in_odd_folders.truth], moved.boxes(moved.made.store)))


def test_odd_folders(moved):
    expect_none(folder_faults(moved.made.folders, moved.made.special, moved.boxes(moved.made.store)))


def test_roles_are_not_a_matter_of_names(moved):
    for store in (moved.made.store, moved.made.old):
        boxes = moved.boxes(store)
        for role, use in (("sent", "\\Sent"), ("drafts", "\\Drafts"), ("trash", "\\Trash"), ("junk", "\\Junk")):
            assert use in boxes.by_validity[store.folders[role]]["attributes"], (store.login, role)
        assert boxes.by_validity[store.folders["inbox"]]["name"] == "INBOX"


def test_events(moved):
    expect_none(event_faults(moved.made.events.truth, moved.home(moved.made.store)))


def test_tasks(moved):
    expect_none(task_faults(moved.made.items.tasks, moved.home(moved.made.store)))


def test_contacts(moved):
    expect_none(contact_faults(moved.made.items.contacts, moved.home(moved.made.store)))


def test_lists(moved):
    expect_none(list_faults(moved.made.items.lists, moved.home(moved.made.store)))


def test_notes_and_journal(moved):
    expect_none(note_faults(moved.made.items, moved.home(moved.made.store)))


def test_folders_of_an_old_store_are_of_their_kind(moved):
    home = moved.home(moved.made.old)
    expect_none(event_faults(moved.made.old_events.truth, home))
    expect_none(task_faults(moved.made.old_items.tasks, home))
    expect_none(note_faults(moved.made.old_items, home))


def test_second_run_changes_nothing(moved):
    total = moved.move.run("run", "--live", code=None)["total"]
    assert total["copied"] == 0 and total["updated"] == 0 and total["vanished"] == 0
