# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail comes in: LMTP, APPEND; and what the store alone could do."""
import subprocess
import tempfile

from servers import BUILD, USERS, load, user


def run(table, options):
    n = options.deliveries
    ours = {}
    for size in (4000, 20_000):
        for connections in (1, 16):
            row = table.measure(f"LMTP deliveries/s, {size // 1000} kB, {connections} connection(s)", "more", repeat=1,
                                function=lambda p, c=connections, s=size: load("lmtp", p.lmtp, c, n * (1 if c == 1 else 4), s, USERS)[0])
            if row and size == 4000:
                ours[connections] = row["kontor"]
    for threads, reached in ours.items():
        with tempfile.TemporaryDirectory(prefix="bench-rocksdb-") as alone:
            done = subprocess.run([BUILD / "bench_rocksdb", alone, str(threads), str(n * 4), "4000"], capture_output=True, text=True, check=True)
        limit = float(done.stdout)
        table.note(f"RocksDB alone, {threads} thread(s): {limit:.0f} commits/s; Kontor reaches {100 * reached / limit:.0f} %")
    for connections in (1, 16):
        table.measure(f"APPEND/s, 4 kB, {connections} connection(s)", "more", repeat=1,
                      function=lambda p, c=connections: load("append", p.imap, c, n * (1 if c == 1 else 4), 4000, user(0), "secret")[0])
