# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano installation of any size moved by kontor-migrate, beside the time mysqldump needs to read the same data.

All attachments are in the database, so that both read the same; memory is the most each process had."""
import os
import pathlib
import re
import subprocess
import tempfile
import time

from dav import Column, part_of
from kopano_made import Maker, into_database
from peers.kontor import MIGRATE, Kontor
from peers.mariadb import KopanoSet, MariaDB
from peers.move import Move

LIMIT_KIB = 256 << 10


def timed(arguments, **popen):
    """Seconds, the exit code, and the most memory in KiB."""
    begin = time.monotonic()
    process = subprocess.Popen([str(a) for a in arguments], **popen)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - begin, process.returncode, usage.ru_maxrss


def must(what, result):
    seconds, code, memory = result
    if code != 0:
        raise RuntimeError(f"{what} ended with {code}")
    return seconds, memory


def peak_kib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1))


def read_by_mysqldump(server):
    """Once to warm up what fits into memory, then for the record; like kontor-migrate it begins with what is cached."""
    for _ in range(2):
        seconds, _ = must("mysqldump", timed([*server.dump(), "--single-transaction", "--quick", "kopano"], stdout=subprocess.DEVNULL))
    return seconds


def run(table, options):
    what = f"{options.kopano} messages of Kopano"
    if not options.kopano or not table.wants(what):
        return
    with tempfile.TemporaryDirectory(prefix="bench-kopano-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        server = MariaDB(folder / "mariadb")
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
    read, source_memory = must("kontor-migrate dump", timed([MIGRATE, "dump", *source, "--stdout", "--quiet"], stdout=subprocess.DEVNULL))
    table.add({"what": f"reading {what}, seconds", "better": "less", "kontor": read, "mysqldump": dumped})
    kontor = Kontor(folder / "kontor")
    try:
        kontor.start()
        for tenant, domain in (("fjordline", "fjordline.example.com"), ("quellhof", "quellhof.example.org")):
            kontor.run("tenant", "add", tenant)
            kontor.run("domain", "add", domain, "--tenant", tenant)
        move = Move(kontor, folder, source)
        begin = time.monotonic()
        process = move.start("run", "--create-users", "--quiet")
        _, status, usage = os.wait4(process.pid, 0)
        spent = time.monotonic() - begin
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise RuntimeError(f"kontor-migrate run: {process.stdout.read()}")
        target_memory = peak_kib(kontor.process)
        table.add({"what": f"moving {what}, seconds", "better": "less", "kontor": spent, "mysqldump": dumped})
        total = move.read_report()["total"]
        table.note(f"{total['copied'] / spent:.0f} items/s, {total.get('bytes', 0) / spent / 1e6:.1f} MB/s; most memory of kontor-migrate: "
                   f"{source_memory / 1024:.0f} MiB as dump, {usage.ru_maxrss / 1024:.0f} MiB as run; of kontor: {target_memory / 1024:.0f} MiB")
        for of, memory in (("dump", source_memory), ("run", usage.ru_maxrss)):
            if memory > LIMIT_KIB:
                table.note(f"kontor-migrate {of} took more than 256 MiB")
    finally:
        kontor.close()
