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


def run_tool(arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")


def secret_file(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def by_kontor(folder, kontor, source, user):
    """kontor-migrate into a new account of Kontor; returns seconds."""
    target = f"moved-{user}"
    kontor.server.add_user(target, inactive=True)
    token = secret_file(folder / f"{user}.token", kontor.server.json("import-token", "add", f"bench-{user}")["token"])
    users = secret_file(folder / f"{user}.csv", f"login,password,address\n{user},secret,{target}")
    begin = time.monotonic()
    run_tool([MIGRATE, "run", "--from", f"imap://127.0.0.1:{source.imap}/?tls=none", "--users", users,
              "--to", f"https://127.0.0.1:{kontor.server.port('https')}", "--token-file", token, "--insecure", "--report", folder / f"{user}.report"])
    return time.monotonic() - begin


def by_doveadm(folder, kontor, source, user):
    """doveadm backup over imapc into a Dovecot with sdbox, which runs for nothing else."""
    target = Dovecot([user], location=DOVECOTS["sdbox"],
                     more=f"imapc_host = 127.0.0.1\nimapc_port = {source.imap}\nimapc_user = {user}\nimapc_password = secret\n").start()
    try:
        target.home(user).mkdir()
        os.chown(target.home(user), target.owner.pw_uid, target.owner.pw_gid)
        begin = time.monotonic()
        run_tool(["doveadm", "-c", target.config, "backup", "-R", "-u", user, "imapc:"])
        return time.monotonic() - begin
    finally:
        target.close()


def by_mbsync(folder, kontor, source, user):
    """mbsync into a Maildir."""
    mail, config = folder / f"{user}.mail", folder / f"{user}.mbsyncrc"
    mail.mkdir()
    config.write_text(
        f"IMAPAccount a\nHost 127.0.0.1\nPort {source.imap}\nUser {user}\nPass secret\nSSLType None\n\nIMAPStore r\nAccount a\n"
        f"\nMaildirStore l\nPath {mail}/\nInbox {mail}/INBOX\nSubFolders Verbatim\n\n"
        "Channel c\nFar :r:\nNear :l:\nPatterns *\nCreate Near\nSync Pull\nSyncState *\n")
    begin = time.monotonic()
    run_tool(["mbsync", "-c", config, "-a"])
    return time.monotonic() - begin


TOOLS = {"kontor-migrate": by_kontor, "doveadm backup": by_doveadm, "mbsync": by_mbsync}


def migrate(kontor, source, users, messages, table):
    """The same mailboxes moved by each tool, one after another for each mailbox. `messages` is how many they hold together."""
    seconds = dict.fromkeys(TOOLS, 0.0)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for user in users:
            for name, tool in TOOLS.items():
                seconds[name] += tool(pathlib.Path(folder), kontor, source, user)
    rates = {name: messages / spent for name, spent in seconds.items()}
    ratio = rates["kontor-migrate"] / max(rate for name, rate in rates.items() if name != "kontor-migrate")
    print(f"\nmigration over IMAP of {messages} messages, messages/s: " + ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
          + f"; to best {ratio:.1f}x")
    table.append({"what": "migration over IMAP, messages/s", "better": "more", "ratio": ratio, **rates})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="in the folder that is read (default 20000)")
    parser.add_argument("--deliveries", type=int, default=1000, help="of each delivery measurement (default 1000)")
    parser.add_argument("--migrate", type=int, default=5000, help="messages that are moved to another server (default 5000)")
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
                load("append", peer.imap, 8, max(0, options.messages - count_messages(peer, reader)[0]), 4000, reader, "secret")
            source = next(p for p in peers if p.name != "kontor")
            moving = [f"user{i}@example.org" for i in range(2, 6)]
            for one in moving:
                load("append", source.imap, 8, max(0, options.migrate // len(moving) - count_messages(source, one)[0]), 4000, one, "secret")
            mail = {peer.name: mail_bytes(peer) for peer in peers}
            for turn in ("first", "second"):
                measure(table, f"SELECT of the large folder, {turn} (s)", peers, "less", lambda p: load("select", p.imap, reader, "secret", "INBOX", 1)[0])
            for turn in ("first", "second"):
                measure(table, f"FETCH ENVELOPE BODYSTRUCTURE of all, {turn} (s)", peers, "less",
                        lambda p: load("imap", p.imap, reader, "secret", "INBOX", 1, "FETCH 1:* (ENVELOPE BODYSTRUCTURE)")[0])
            measure(table, "FETCH BODY.PEEK[] of all, MB/s", peers, "more",
                    lambda p: load("bytes", p.imap, reader, "secret", "INBOX", "FETCH 1:* (BODY.PEEK[])")[0])
            flags = min(2000, options.messages)
            measure(table, f"STORE of {flags} flags (s)", peers, "less",
                    lambda p: load("imap", p.imap, reader, "secret", "INBOX", 1, f"STORE 1:{flags} +FLAGS.SILENT (\\Flagged)")[0])
            measure(table, f"KiB per idle TLS connection, {options.idle} of them", peers, "less",
                    lambda p: asyncio.run(hold_connections(p, options.idle, p.server.port("imaps") if p.name == "kontor" else None)))
            counts = [count_messages(source, one) for one in moving]
            migrate(peers[0], source, moving, sum(count for count, _ in counts), table)
            migrated = sum(size for _, size in counts)
            for peer in peers:  # at rest: what was written is where it stays
                peer.server.stop()
            peers[0].server.check()
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
        return count, sum(sizes_of(client)) if count else 0


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
