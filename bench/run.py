#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kontor beside Dovecot (mdbox, sdbox, maildir), in one run on one machine, as a table of ratios.

Each measurement goes round all servers before the next begins, so that noise of the machine hits all alike. Dovecot runs with
mail_fsync=always; Kontor's commits are always synced. IMAP and LMTP are spoken in the clear over loopback, but for the
idle connections, which use TLS.
"""
import argparse
import asyncio
import imaplib
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from peers.dovecot import Dovecot  # noqa: E402
from peers.kontor import BUILD, MIGRATE, Kontor  # noqa: E402

LOAD = BUILD / "bench_load"
ROCKSDB = BUILD / "bench_rocksdb"
USERS = 16
DOVECOTS = {"mdbox": "mdbox:~/mdbox", "sdbox": "sdbox:~/sdbox", "maildir": "maildir:~/Maildir"}


def load(*arguments):
    done = subprocess.run([str(a) for a in (LOAD, *arguments)], capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        raise RuntimeError(f"bench_load {arguments}: {done.stderr}")
    return [float(line) for line in done.stdout.split()]


class Peer:
    """One measured server: ports, users, memory and disk."""

    def __init__(self, name, server, imap, lmtp):
        self.name, self.server, self.imap, self.lmtp = name, server, imap, lmtp

    def processes(self):
        root = self.server.process.pid
        children = {}
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(status.parent.name))
            except OSError:
                continue
        found, todo = [], [root]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def memory_kib(self):
        """Proportional set size of all its processes: shared pages count once."""
        total = 0
        for pid in self.processes():
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                continue
        return total

    def disk_bytes(self):
        folder = self.server.data / "store" if isinstance(self.server, Kontor) else self.server.root / "home"
        return int(subprocess.run(["du", "-s", "-B1", folder], capture_output=True, text=True, check=True).stdout.split()[0])


def start_kontor(folder):
    server = Kontor(folder, imap='plain_login = "local"', more="[limits]\nconnections_per_user = 5000\n")
    server.start()
    server.populate(users=[f"user{i}" for i in range(USERS)])
    return Peer("kontor", server, server.port("imap"), server.port("lmtp"))


def start_dovecot(kind, certificate):
    tls = f"ssl = yes\nssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}\n"
    server = Dovecot([f"user{i}@example.org" for i in range(USERS)], location=DOVECOTS[kind], more=tls).start()
    return Peer(kind, server, server.imap_port, server.lmtp_port)


async def hold_connections(peer, count, encrypted_port):
    """Opens idle, logged-in TLS connections with INBOX selected; returns KiB of the server per connection."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    before = peer.memory_kib()
    gate = asyncio.Semaphore(20)

    async def one(i):
        async with gate:
            starttls = encrypted_port is None
            port = peer.imap if starttls else encrypted_port
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=None if starttls else context)
            await reader.readline()

            async def ask(command):
                writer.write(b"a " + command + b"\r\n")
                while not (line := await reader.readline()).startswith(b"a "):
                    if not line:
                        raise RuntimeError(f"{peer.name} closed an idle connection")

            if starttls:
                await ask(b"STARTTLS")
                await writer.start_tls(context)
            await ask(b"LOGIN user%d@example.org secret" % (i % USERS))
            await ask(b"SELECT INBOX")
            writer.write(b"b IDLE\r\n")
            await reader.readline()
            return writer

    writers = await asyncio.gather(*(one(i) for i in range(count)))
    await asyncio.sleep(2)
    after = peer.memory_kib()
    for writer in writers:
        writer.transport.abort()
    return (after - before) / count


def measure(table, row, peers, better, function):
    values = {}
    for peer in peers:
        values[peer.name] = function(peer)
    table.append({"what": row, "better": better, **values})
    print_row(table[-1], peers)


def print_header(peers):
    print(f"{'':52}" + "".join(f"{peer.name:>11}" for peer in peers) + f"{'to best':>10}")


def print_row(row, peers):
    others = [row[peer.name] for peer in peers if peer.name != "kontor"]
    best = max(others) if row["better"] == "more" else min(others)
    ratio = row["kontor"] / best if row["better"] == "more" else best / row["kontor"]
    row["ratio"] = ratio
    print(f"{row['what']:52}" + "".join(f"{row[peer.name]:11.3f}" if row[peer.name] < 10 else f"{row[peer.name]:11.0f}" for peer in peers)
          + f"{ratio:9.1f}x", flush=True)


def migrate(kontor, source, user, messages, table):
    """The same mailbox moved by kontor-migrate into Kontor, by doveadm backup (imapc) into Dovecot and by mbsync into a Maildir."""
    times = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        folder = pathlib.Path(folder)
        (folder / "password").write_text("secret\n")
        (folder / "password").chmod(0o600)
        token = kontor.server.json("import-token", "add", "bench")["token"]
        (folder / "token").write_text(token + "\n")
        (folder / "token").chmod(0o600)
        kontor.server.add_user("moved@example.org", inactive=True)
        (folder / "users.csv").write_text(f"login,password,address\n{user},secret,moved@example.org\n")

        def run_tool(arguments):
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=900)
            if done.returncode != 0:
                raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")

        def by_kontor():
            run_tool([MIGRATE, "run", "--from", f"imap://127.0.0.1:{source.imap}/?tls=none", "--users", folder / "users.csv",
                            "--to", f"https://127.0.0.1:{kontor.server.port('https')}",
                            "--token-file", folder / "token", "--insecure", "--report", folder / "report"])

        def by_doveadm():
            target = Dovecot(["moved@example.org"], location="sdbox:~/sdbox",
                             more=f"imapc_host = 127.0.0.1\nimapc_port = {source.imap}\nimapc_user = {user}\nimapc_password = secret\n")
            try:
                target.start()
                target.home("moved@example.org").mkdir()
                os.chown(target.home("moved@example.org"), target.owner.pw_uid, target.owner.pw_gid)
                run_tool(["doveadm", "-c", target.config, "backup", "-R", "-u", "moved@example.org", "imapc:"])
            finally:
                target.close()

        def by_mbsync():
            (folder / "mail").mkdir()
            (folder / "mbsyncrc").write_text(
                f"IMAPAccount a\nHost 127.0.0.1\nPort {source.imap}\nUser {user}\nPass secret\nSSLType None\n\nIMAPStore r\nAccount a\n"
                f"\nMaildirStore l\nPath {folder}/mail/\nInbox {folder}/mail/INBOX\nSubFolders Verbatim\n\n"
                "Channel c\nFar :r:\nNear :l:\nPatterns *\nCreate Near\nSync Pull\nSyncState *\n")
            run_tool(["mbsync", "-c", folder / "mbsyncrc", "-a"])

        for name, tool in (("kontor-migrate", by_kontor), ("doveadm backup", by_doveadm), ("mbsync", by_mbsync)):
            begin = time.monotonic()
            tool()
            times[name] = messages / (time.monotonic() - begin)
    best = max(v for k, v in times.items() if k != "kontor-migrate")
    print("\nmigration over IMAP, messages/s: " + ", ".join(f"{k} {v:.0f}" for k, v in times.items())
          + f"; to best {times['kontor-migrate'] / best:.1f}x")
    table.append({"what": "migration over IMAP, messages/s", "better": "more", "ratio": times["kontor-migrate"] / best, **times})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="in the folder that is read (default 20000)")
    parser.add_argument("--deliveries", type=int, default=1000, help="of each delivery measurement (default 1000)")
    parser.add_argument("--idle", type=int, default=1000, help="idle TLS connections (default 1000)")
    parser.add_argument("--only", default="", help="comma-separated dovecot formats, default all")
    parser.add_argument("--json", type=pathlib.Path, help="also write the table there")
    options = parser.parse_args()
    kinds = [k for k in (options.only.split(",") if options.only else DOVECOTS) if k]
    table = []
    with tempfile.TemporaryDirectory(prefix="bench-kontor-") as folder:
        peers = []
        try:
            peers.append(start_kontor(folder))
            tls = peers[0].server.data / "tls"
            certificate = (next(tls.glob("*cert*.pem")), next(tls.glob("*key*.pem")))
            for kind in kinds:
                peers.append(start_dovecot(kind, certificate))
            print_header(peers)
            n = options.deliveries
            for size in (4000, 20_000):
                for connections in (1, 16):
                    measure(table, f"LMTP deliveries/s, {size // 1000} kB, {connections} connection(s)", peers, "more",
                            lambda p, c=connections, s=size: load("lmtp", p.lmtp, c, n * (1 if c == 1 else 4), s, USERS)[0])
            for threads in (1, 16):
                with tempfile.TemporaryDirectory(prefix="bench-rocksdb-", dir=folder) as alone:
                    done = subprocess.run([ROCKSDB, alone, str(threads), str(n * 4), "4000"], capture_output=True, text=True, check=True)
                    ours = next(r for r in table if r["what"] == f"LMTP deliveries/s, 4 kB, {threads} connection(s)")["kontor"]
                    limit = float(done.stdout)
                    print(f"  RocksDB alone, {threads} thread(s): {limit:.0f} commits/s; Kontor reaches {100 * ours / limit:.0f} %")
                    table.append({"what": f"RocksDB alone, {threads} threads", "commits": limit, "share": ours / limit})
            user = "user0@example.org"
            measure(table, "APPEND/s, 4 kB, 1 connection", peers, "more", lambda p: load("append", p.imap, 1, n, 4000, user, "secret")[0])
            reader = "user1@example.org"
            for peer in peers:  # the folder that is read: filled over 8 connections
                have = 2 * n * 5 // USERS
                load("append", peer.imap, 8, max(0, options.messages - have), 4000, reader, "secret")
            mail = {peer.name: mail_bytes(peer) for peer in peers}
            for turn in ("first", "second"):
                measure(table, f"SELECT of the large folder, {turn} (s)", peers, "less", lambda p: load("select", p.imap, reader, "secret", "INBOX", 1)[0])
            for turn in ("first", "second"):
                measure(table, f"FETCH ENVELOPE BODYSTRUCTURE of all, {turn} (s)", peers, "less",
                        lambda p: load("imap", p.imap, reader, "secret", "INBOX", 1, "FETCH 1:* (ENVELOPE BODYSTRUCTURE)")[0])
            measure(table, "FETCH BODY.PEEK[] of all, MB/s", peers, "more",
                    lambda p: load("bytes", p.imap, reader, "secret", "INBOX", "FETCH 1:* (BODY.PEEK[])")[0])
            measure(table, "STORE of 2,000 flags (s)", peers, "less",
                    lambda p: load("imap", p.imap, reader, "secret", "INBOX", 1, "STORE 1:2000 +FLAGS.SILENT (\\Flagged)")[0])
            measure(table, f"KiB per idle TLS connection, {options.idle} of them", peers, "less",
                    lambda p: asyncio.run(hold_connections(p, options.idle, p.server.port("imaps") if p.name == "kontor" else None)))
            source = next(p for p in peers if p.name != "kontor")
            count, migrated = count_messages(source, "user2@example.org")
            migrate(peers[0], source, "user2@example.org", count, table)
            peers[0].server.check()
            for peer in peers:  # at rest: what was written is where it stays
                peer.server.stop()
            mail["kontor"] += migrated
            measure(table, "bytes on disk per byte of mail, after a stop", peers, "less", lambda p: p.disk_bytes() / mail[p.name])
        finally:
            for peer in peers:
                peer.server.close()
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


def count_messages(peer, user):
    """Messages and their bytes in the inbox."""
    with peer.server.imap(user) as client:
        count = int(client.select("INBOX", readonly=True)[1][0])
        return count, sum(sizes_of(client))


def sizes_of(client):
    return [int(line.rsplit(b"RFC822.SIZE ", 1)[1].split(b")")[0].split()[0]) for line in client.fetch("1:*", "(RFC822.SIZE)")[1]]


def mail_bytes(peer):
    """What all accounts hold, as their owners see it."""
    total = 0
    for i in range(USERS):
        with imaplib.IMAP4("127.0.0.1", peer.imap, timeout=300) as client:
            client.login(f"user{i}@example.org", "secret")
            if int(client.select("INBOX", readonly=True)[1][0]) == 0:
                continue
            total += sum(sizes_of(client))
    return total


if __name__ == "__main__":
    sys.exit(main())
