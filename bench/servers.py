# SPDX-License-Identifier: AGPL-3.0-or-later
"""The measured servers: ports, users, memory, processor time and disk."""
import os
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from peers.dovecot import Dovecot  # noqa: E402
from peers.kontor import BUILD, NO_CHECKS, Kontor  # noqa: E402

LOAD = BUILD / "bench_load"
USERS = 16
FORMATS = {"mdbox": "mdbox:~/mdbox", "sdbox": "sdbox:~/sdbox", "maildir": "maildir:~/Maildir"}
TICKS = os.sysconf("SC_CLK_TCK")
MORE_KONTOR = "[limits]\nconnections_per_user = 20000\nconnections = 25000\n"
# What others bring is not checked, as Postfix checks nothing; who is here may send to everybody.
RELAYING = NO_CHECKS + 'trusted_networks = ["127.0.0.0/8"]\n'
TLS = """
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
"""
XAPIAN = """
mail_plugins = fts fts_xapian
plugin {
  fts = xapian
  fts_xapian = partial=3 full=20
  fts_enforced = yes
}
service indexer-worker {
  vsz_limit = 0
}
"""


def user(number):
    return f"user{number}@example.org"


def load(*arguments, timeout=900):
    """The numbers that bench_load prints."""
    done = subprocess.run([str(a) for a in (LOAD, *arguments)], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(f"bench_load {arguments}: {done.stderr}")
    return [float(line) for line in done.stdout.split()]


class Peer:
    """One server. `name` heads its column."""

    def __init__(self, name, server):
        self.name, self.server = name, server
        self.filled = {}
        self.settings = server.config.read_text() if self.is_kontor else None
        self.find_ports()

    def find_ports(self):
        """After each start."""
        if self.is_kontor:
            self.imap, self.lmtp, self.pop3, self.imaps, self.smtp = (self.server.port(name) for name in ("imap", "lmtp", "pop3", "imaps", "smtp"))
        else:
            self.imap, self.lmtp, self.pop3, self.imaps = self.server.imap_port, self.server.lmtp_port, self.server.pop3_port, None

    def restart(self, more=None):
        """With other settings, if `more` is given: for Dovecot in place of those it had last, for Kontor beside those of the start."""
        self.server.stop()
        if more is not None and self.is_kontor:
            self.server.config.write_text(self.settings + more)
        elif more is not None:
            self.server.configure(more)
        self.server.start()
        self.find_ports()

    @property
    def is_kontor(self):
        return isinstance(self.server, Kontor)

    def fill(self, owner, count, size, folder="INBOX"):
        """Sees to it that messages number 0 to `count` are in that folder, and nothing else was put there by this."""
        done = self.filled.get((owner, folder), 0)
        if done < count:
            if done == 0 and folder != "INBOX":
                with self.server.imap(owner) as client:
                    client.create(folder)
            load("fill", self.imap, owner, "secret", folder, done, count - done, size, timeout=3600)
            self.filled[owner, folder] = count

    def processes(self):
        children = {}
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(status.parent.name))
            except OSError:
                continue
        found, todo = [], [self.server.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def memory_kib(self, processes=None):
        """Proportional set size of all its processes: shared pages count once."""
        total = 0
        for pid in processes or self.processes():
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                continue
        return total

    def processor_seconds(self):
        total = 0
        for pid in self.processes():
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
            except OSError:
                continue
        return total / TICKS

    def disk_bytes(self):
        folder = self.server.data / "store" if self.is_kontor else self.server.root / "home"
        return size_on_disk(folder)


def size_on_disk(folder):
    return int(subprocess.run(["du", "-s", "-B1", folder], capture_output=True, text=True, check=True).stdout.split()[0])


class Peak:
    """The most memory that a server had while this context lasted, in KiB, and what it had before."""

    def __init__(self, peer):
        self.peer, self.before, self.most = peer, peer.memory_kib(), 0

    def __enter__(self):
        self.most, self._ended = self.before, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._ended.wait(0.1):
            self.most = max(self.most, self.peer.memory_kib())

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    @property
    def growth_mib(self):
        return (self.most - self.before) / 1024


def start_kontor(folder):
    server = Kontor(folder, imap='plain_login = "local"\ncommands_per_second = 0', pop3='plain_login = "local"', smtp=RELAYING, more=MORE_KONTOR)
    server.start()
    server.populate(users=[f"user{i}" for i in range(USERS)])
    return Peer("kontor", server)


def dovecot_settings(kontor):
    """Kontor's certificate, so that both have the same work with TLS."""
    tls = kontor.server.data / "tls"
    return TLS.format(certificate=next(tls.glob("*cert*.pem")), key=next(tls.glob("*key*.pem")))


def start_dovecot(kind, kontor, connections=2000):
    server = Dovecot([user(i) for i in range(USERS)], location=FORMATS[kind], more=dovecot_settings(kontor), pop3=True, connections=connections)
    return Peer(kind, server.start())


def wait_quiet(peer, seconds=60):
    """Until the server has nothing to do in the background."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = peer.processor_seconds()
        time.sleep(1)
        if peer.processor_seconds() - before < 0.05:
            return
