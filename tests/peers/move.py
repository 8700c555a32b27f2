# SPDX-License-Identifier: AGPL-3.0-or-later
"""kontor-migrate at work, and what must be the same afterwards."""
import json
import pathlib
import re
import subprocess
import time

from .kontor import MIGRATE

ADA = "ada@example.org"
BEN = "ben@example.org"


class Move:
    """kontor-migrate with its secrets in files."""

    def __init__(self, kontor, folder, source, label="test"):
        self.kontor, self.folder, self.source = kontor, folder, source
        self.runs = 0
        self.secret("token", kontor.json("import-token", "add", label)["token"])

    def secret(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    def start(self, command, *options, **popen):
        self.runs += 1
        self.report = self.folder / f"report{self.runs}"
        return subprocess.Popen([MIGRATE, command, *map(str, self.source), "--to", f"https://127.0.0.1:{self.kontor.port('https')}",
                                 "--token-file", self.folder / "token", "--ca-file", self.kontor.certificate, "--report", self.report,
                                 *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **popen)

    def run(self, command="run", *options, code=0):
        process = self.start(command, *options)
        out, _ = process.communicate(timeout=600)
        assert code is None or process.returncode == code, out
        return self.read_report()

    def read_report(self):
        return json.loads(pathlib.Path(f"{self.report}.json").read_text())


def from_dovecot(target, dovecot, folder, *users):
    (folder / "users.csv").write_text("login,address\n" + "".join(f"{u},{u}\n" for u in users or (ADA,)))
    move = Move(target, folder, ["--from", f"imap://127.0.0.1:{dovecot.imap_port}/?tls=none", "--users", folder / "users.csv",
                                 "--master-user", "master", "--master-password-file", folder / "master"])
    move.secret("master", "master-secret")
    return move


def peak_memory(process, peers=()):
    """KiB by process id, of a process and of others, until it ends. What the system tells of a child afterwards begins with its parent's memory."""
    peaks = {process.pid: 0}
    while process.poll() is None:
        for pid in (process.pid, *peers):
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            if found := re.search(r"VmHWM:\s+(\d+)", status):
                peaks[pid] = max(peaks.get(pid, 0), int(found.group(1)))
        time.sleep(0.02)
    return peaks


def activate(target, *users):
    for user in users or (ADA,):
        target.run("user", "set", user, "--status", "active")


def same(source, copy):
    """Every folder with its UIDVALIDITY, every message with UID, flags, date and bytes."""
    extra = {name for name in copy if not copy[name][1]} - set(source)  # standard folders that the source lacks
    assert set(copy) - extra == set(source)
    for name, (validity, rows) in source.items():
        assert copy[name][0] == validity, f"UIDVALIDITY of {name}"
        assert [row[:3] for row in copy[name][1]] == [row[:3] for row in rows], name
        assert [row[3] for row in copy[name][1]] == [row[3] for row in rows], f"bytes in {name}"
