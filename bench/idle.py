# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connections that wait in IDLE: what each costs, and how soon all of them are told of a delivery."""
import contextlib
import pathlib
import subprocess
import time

from servers import LOAD, USERS


INSTANCES = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")


@contextlib.contextmanager
def inotify_for_all():
    """Each process of Dovecot needs an inotify instance; with the kernel's usual 128 the others would look every 30 seconds only."""
    before = INSTANCES.read_text()
    try:
        INSTANCES.write_text("100000")
    except OSError:
        print("  (no permission to raise fs.inotify.max_user_instances: Dovecot's watchers will poll)")
        before = None
    try:
        yield
    finally:
        if before is not None:
            INSTANCES.write_text(before)


class Watchers:
    """bench_load's idle connections, while this context lasts."""

    def __init__(self, peer, security, count, users):
        self.arguments = [str(a) for a in (LOAD, "idle", peer.imaps if security == "tls" and peer.imaps else peer.imap,
                                           "starttls" if security == "tls" and not peer.imaps else security, count, users)]
        self.peer = peer

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.seconds = self._number()
        return self

    def _number(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.peer.name}: {self.process.stderr.read()}")
        return float(line)

    def deliver(self):
        """Milliseconds until half and until all were told."""
        self.process.stdin.write(f"deliver {self.peer.lmtp}\n")
        self.process.stdin.flush()
        return self._number(), self._number()

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def fan_out(table, options):
    for count in options.watchers:
        what = f"one delivery until {count} watchers of one folder are told (ms)"

        def told(peer, count=count):
            with Watchers(peer, "plain", count, 1) as watchers:
                watchers.deliver()
                return sorted(watchers.deliver()[1] for _ in range(5))[2]

        table.measure(what, "less", told, repeat=1)


def run(table, options):
    with inotify_for_all():
        fan_out(table, options)
        hold(table, options)


def hold(table, options):
    ours, theirs = options.idle, min(options.idle, options.idle_dovecot)
    title = f"{ours} idle TLS connections" + (f" (Dovecot: {theirs})" if theirs != ours else "")
    rows = {"KiB of memory each": "less", "opened per second": "more", f"% of a processor at rest, over {options.rest} s": "none",
            "a delivery to all their users until all are told (ms)": "less"}
    if not any(table.wants(f"{title}: {row}") for row in rows):
        return
    found = {row: {} for row in rows}
    for peer in table.peers[:1 + options.idle_formats]:
        for row, value in zip(rows, measure(table, peer, ours if peer.is_kontor else theirs, options.rest)):
            found[row][peer.name] = value
    for row, better in rows.items():
        table.add({"what": f"{title}: {row}", "better": better, **found[row]})


def measure(table, peer, count, rest):
    before = peer.memory_kib()
    with Watchers(peer, "tls", count, USERS) as watchers:
        time.sleep(3)
        memory = peer.memory_kib()
        busy = peer.processor_seconds()
        time.sleep(rest)
        busy = peer.processor_seconds() - busy
        watchers.deliver()
        told = sorted(watchers.deliver()[1] for _ in range(3))[1]
        table.note(f"{peer.name}: {count} connections; {before / 1024:.0f} MiB before, {memory / 1024:.0f} MiB with them")
    time.sleep(2)
    return (memory - before) / count, count / watchers.seconds, 100 * busy / rest, told
