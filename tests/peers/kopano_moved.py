# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano installation with made stores, moved into a house of its own, and what clients see there."""
import re
import subprocess
import tarfile
import time

from .dav import Dav
from .kontor import MIGRATE, Kontor
from .kopano_items import Home
from .kopano_made import Made
from .kopano_truth import Mailboxes
from .mariadb import KopanoSet, MariaDB
from .move import Move


class MovedMade:
    def __init__(self, folder):
        self.folder = folder
        self.database = MariaDB()
        self.kopano = KopanoSet(self.database, "kopano", folder / "kopano")
        self.made = Made(self.kopano)
        self.kontor = Kontor(folder / "kontor")
        self.kontor.start()
        self.kontor.run("tenant", "add", "fjordline")
        self.kontor.run("domain", "add", "fjordline.example.com", "--tenant", "fjordline")
        self.people = [word for store in (self.made.store, self.made.old) for word in ("--only", store.address)]
        self.move = Move(self.kontor, folder, ["--source", self.kopano.configuration(), *self.people])
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
        """All that the report says of single items: folder, kind, reason."""
        folders = [folder for account in self.report["accounts"] for folder in account["folders"]]
        return [(folder["folder"], kind, item["reason"]) for folder in folders for kind in ("quarantined_items", "damaged_items", "lost_items") for item in folder.get(kind, [])]

    def close(self):
        try:
            self.kontor.close()
        finally:
            self.database.close()


def dump(kopano, archive, *options):
    """Makes an archive; gives the most memory that was needed, in KiB."""
    process = subprocess.Popen([MIGRATE, "dump", "--source", kopano.configuration(), "--output", archive, "--quiet", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    most = 0
    while process.poll() is None:
        try:
            most = max([most, *(int(kib) for kib in re.findall(r"VmHWM:\s+(\d+)", open(f"/proc/{process.pid}/status").read()))])
        except OSError:
            break
        time.sleep(0.01)
    out = process.communicate()[0]
    assert process.returncode == 0, out
    return most


def members(stream):
    """{name: bytes} of an archive, from a file object or a path."""
    with subprocess.Popen(["zstd", "-dc"], stdin=stream if hasattr(stream, "read") else open(stream, "rb"), stdout=subprocess.PIPE) as unpacked:
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
            return {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}
