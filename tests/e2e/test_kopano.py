# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole Kopano installation moves in, and every line of its manifest is compared with what clients see."""
import shutil

import pytest

from peers.dav import Dav
from peers.kontor import Kontor
from peers.kopano_items import Home, contact_faults, event_faults, note_faults, task_faults
from peers.kopano_truth import Mailboxes, Truth, folder_faults, mail_faults
from peers.mariadb import DATA, KopanoSet, MariaDB, make_tenants
from peers.move import Move

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")


# Stores that nobody owns: where they go.
ORPHAN = "gone.leaver@fjordline.example.com"
ADMINS = {domain: f"admin@{domain}" for domain in ("fjordline.example.com", "quellhof.example.org")}
PUBLIC = {"Fjordline": "everybody@fjordline.example.com", "Quellhof": "everybody@quellhof.example.org"}


class Installation:
    """The source with its truth, a target, and a first run that has made the users."""

    def __init__(self, folder):
        self.truth = Truth(DATA / "manifest.json.gz")
        self.database = MariaDB()
        self.kopano = KopanoSet(self.database, "kopano", folder / "kopano")
        self.kontor = Kontor(folder / "kontor")
        self.kontor.start()
        make_tenants(self.kontor)
        for admin in ADMINS.values():
            self.kontor.add_user(admin)
            self.kontor.run("user", "set", admin, "--roles", "tenant_admin")
        self.move = Move(self.kontor, folder, ["--source", self.kopano.configuration(stores=f"addresses = {self.adopted()}\n")])
        self.first = self.move.run("run", "--create-active-users")
        self.seen = {}

    def adopted(self):
        orphan = next(store for store in self.truth["stores"] if store["label"].startswith("orphan:gone.leaver"))
        return [f"{orphan['guid']}={ORPHAN}", *(f"public:{company}={address}" for company, address in PUBLIC.items())]

    def imap_as(self, address):
        """As whoever has no password: a shared mailbox, a room."""
        client = self.kontor.imap(None)
        client.authenticate("PLAIN", lambda _: f"{address}\0{ADMINS[address.split('@')[1]]}\0secret".encode())
        return client

    def password(self, login):
        return self.truth.users[login]["password_known"]

    def boxes(self, login):
        if login not in self.seen:
            address = self.truth.address(login)
            with self.kontor.imap(address, self.password(login)) if self.has_login(login) else self.imap_as(address) as client:
                self.seen[login] = Mailboxes(client)
        return self.seen[login]

    def has_login(self, login):
        user = self.truth.users[login]
        return not user["nonactive"] and not user["objectclass"]

    def people(self):
        return [login for login in self.truth.movers() if self.has_login(login)]

    def home(self, login):
        key = ("dav", login)
        if key not in self.seen:
            address = self.truth.address(login)
            self.seen[key] = Home(Dav(self.kontor, address, self.password(login)), address)
        return self.seen[key]

    def close(self):
        try:
            self.kontor.close()
        finally:
            self.database.close()


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("kopano"))
    yield installation
    installation.close()


def of_all(moved, faults, look, who=None):
    found = []
    for login in who or moved.truth.movers():
        found += [f"{login}: {fault}" for fault in faults(moved.truth, login, look(login))]
    assert not found, f"{len(found)} faults:\n" + "\n".join(found[:40])


def test_imap_ids(moved):
    of_all(moved, folder_faults, moved.boxes)


def test_mail(moved):
    of_all(moved, mail_faults, moved.boxes)


def test_what_was_deleted_stays_behind(moved):
    ids = moved.boxes("alma.berg").message_ids()
    for row in moved.truth["deleted"]:
        assert row.get("message_id") not in ids
        assert row["folder"] == "INBOX" or not any(name.startswith(row["folder"]) for name in moved.boxes("alma.berg").by_name)


def test_events(moved):
    of_all(moved, event_faults, moved.home, moved.people())


def test_tasks(moved):
    of_all(moved, task_faults, moved.home, moved.people())


def test_notes_and_journal(moved):
    of_all(moved, note_faults, moved.home, moved.people())


def test_contacts(moved):
    of_all(moved, contact_faults, moved.home, moved.people())


def test_public_folders(moved):
    for company, address in PUBLIC.items():
        moved.kontor.run("shared", "set", address, "--add-manager", ADMINS[address.split("@")[1]])
        with moved.imap_as(address) as client:
            boxes = Mailboxes(client)
        for row in (row for row in moved.truth["public"] if row["company"] == company):
            assert boxes.message_ids().get(row["message_id"]) == [row["folder"]]
        home = Home(Dav(moved.kontor, ADMINS[address.split("@")[1]]), address)
        wanted = {row["uid"] for row in moved.truth["events"] if row.get("public") == company}
        assert wanted and wanted == set(home.by_uid("VEVENT"))


def test_a_store_without_an_owner_goes_where_it_is_told(moved):
    with moved.imap_as(ORPHAN) as client:
        boxes = Mailboxes(client)
    store = next(store for store in moved.truth["stores"] if store["label"].startswith("orphan:gone.leaver"))
    for folder in store["folders"]:
        if not folder["path"].startswith("//root/") and (folder["container_class"] or "IPF.Note") == "IPF.Note":
            assert len(boxes.by_validity[folder["hierarchyid"]]["messages"]) == folder["count"], folder["path"]


def test_every_class_arrives(moved):
    """What the report counts is what the source has; nothing is left out without a name."""
    total = moved.first["total"]
    assert total["source"] == total["copied"] + total["present"] + total["quarantined"] + total["excluded"]
    assert total["quarantined"] == 0
    assert any("beamer" in remark for remark in moved.first["remarks"]), "the other one is named"


def test_subscriptions(moved):
    for login in moved.truth.movers():
        wanted = {row["folder"] for row in moved.truth.of("subscriptions", login)}
        assert wanted <= moved.boxes(login).subscribed


def test_second_run_changes_nothing(moved):
    total = moved.move.run("run", "--live")["total"]
    assert total["copied"] == 0 and total["updated"] == 0 and total["vanished"] == 0
    assert moved.move.run("verify")["total"]["differences"] == 0
