# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano installation of any size moved by kontor-migrate, beside the time mysqldump needs to read the same data.

All attachments are in the database, so that both read the same; memory is the most each process had."""
import pathlib
import subprocess
import tempfile
import time

from dav import Column, part_of
from kopano_made import POOL, Maker, into_database
from peers.kontor import MIGRATE, Kontor
from peers.mariadb import KopanoSet, MariaDB, make_tenants
from peers.move import Move, peak_memory

LIMIT_KIB = 256 << 10


def timed(arguments, peers=(), codes=(0,), **popen):
    """Seconds, and the most memory in KiB by process: of the one started (None) and of `peers`."""
    begin = time.monotonic()
    process = subprocess.Popen([str(a) for a in arguments], **popen)
    return finished(process, begin, peers, codes)


def finished(process, begin, peers=(), codes=(0,)):
    peaks = peak_memory(process, peers)
    spent = time.monotonic() - begin
    if process.returncode not in codes:
        raise RuntimeError(f"{process.args} ended with {process.returncode}: {process.stdout.read() if process.stdout else ''}")
    return spent, {None: peaks.pop(process.pid), **peaks}


def read_by_mysqldump(server):
    """Once to warm up what fits into memory, then for the record; like kontor-migrate it begins with what is cached."""
    for _ in range(2):
        seconds, _ = timed([*server.dump(), "--single-transaction", "--quick", "kopano"], stdout=subprocess.DEVNULL)
    return seconds


def run(table, options):
    what = f"{options.kopano} messages of Kopano"
    if not options.kopano or not table.wants(what):
        return
    with tempfile.TemporaryDirectory(prefix="bench-kopano-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        server = MariaDB(folder / "mariadb", POOL)
        try:
            kopano = KopanoSet(server, "kopano", folder)
            into_database(kopano)
            Maker(kopano, folder).fill(options.kopano)
            measure(part_of(table, [Column("kontor", True), Column("mysqldump")]), what, server, kopano, folder)
        finally:
            server.close()


def measure(table, what, server, kopano, folder):
    dumped = read_by_mysqldump(server)
    source = ["--source", kopano.configuration()]
    read, memory = timed([MIGRATE, "dump", *source, "--stdout", "--quiet"], stdout=subprocess.DEVNULL)
    table.add({"what": f"reading {what}, seconds", "better": "less", "kontor": read, "mysqldump": dumped})
    peaks = {"kontor-migrate dump": memory[None]}
    kontor = Kontor(folder / "kontor")
    try:
        kontor.start()
        make_tenants(kontor)
        move = Move(kontor, folder, source)
        begin = time.monotonic()
        spent, memory = finished(move.start("run", "--create-users", "--quiet"), begin, [kontor.process.pid], (0, 1))
        peaks |= {"kontor-migrate run": memory[None], "kontor": memory[kontor.process.pid]}
        table.add({"what": f"moving {what}, seconds", "better": "less", "kontor": spent, "mysqldump": dumped})
        total = move.read_report()["total"]
        table.note(f"{total['copied'] / spent:.0f} items/s, {total.get('bytes', 0) / spent / 1e6:.1f} MB/s; most memory: "
                   + ", ".join(f"{of} {kib / 1024:.0f} MiB" for of, kib in peaks.items()))
        for of, kib in peaks.items():
            if kib > LIMIT_KIB:
                table.note(f"{of} took more than 256 MiB")
    finally:
        kontor.close()
