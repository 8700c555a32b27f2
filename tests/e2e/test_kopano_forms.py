# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of a run: through ssh, within a window of time, and one large store over several connections."""
import datetime
import json
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from peers.kontor import IS_SANITIZED, KONTOR, MIGRATE, ROOT
from peers.mariadb import READER, KopanoSet, make_tenants
from peers.move import Move
from peers.ports import wait_for
from peers.sshd import SSHD, Sshd

sys.path.insert(0, str(ROOT / "bench"))

from kopano_made import Maker  # noqa: E402

ALMA, CHIARA = "alma.berg@fjordline.example.com", "chiara.neri@fjordline.example.com"
LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
MADE = 3000


@pytest.fixture
def house(make_kontor):
    server = make_kontor()
    server.start()
    make_tenants(server)
    return server


@pytest.fixture(scope="module")
def small(mariadb, tmp_path_factory):
    return KopanoSet(mariadb, "forms", tmp_path_factory.mktemp("forms"))


@pytest.fixture
def sshd(tmp_path):
    if not SSHD.exists():
        pytest.skip("openssh-server is not installed")
    server = Sshd(tmp_path / "sshd")
    yield server
    server.close()


def make_large(mariadb, folder, messages, **options):
    """An installation of which Alma's store has one large folder."""
    mariadb.sql("DROP DATABASE IF EXISTS large")
    kopano = KopanoSet(mariadb, "large", folder / "kopano")
    maker = Maker(kopano, folder, storage="files", **options)
    maker.places = maker.places[:1]
    maker.fill(messages)
    kopano.maker, kopano.made = maker, maker.places[0][1]
    kopano.source = ["--source", kopano.configuration(), "--only", ALMA]
    return kopano


@pytest.fixture
def large(mariadb, tmp_path):
    return make_large(mariadb, tmp_path, MADE, attachments=0.5)


def items(house, address):
    done = house.run("folder", "list", address, "--json", check=False)
    return sum(folder["messages"] for folder in json.loads(done.stdout)) if done.returncode == 0 else 0


def test_through_ssh(small, house, sshd, tmp_path):
    """The source's host writes into the target's `kontor import`, whose answer comes back; broken off in between it goes on the next time."""
    dump = [MIGRATE, "dump", "--source", small.configuration(), "--stdout", "--only", CHIARA, "--quiet"]

    def through(cut=None):
        source = subprocess.Popen(dump, stdout=subprocess.PIPE)
        there = subprocess.Popen(sshd.client(KONTOR, "import", "--stdin", "--create-users", "--json", "--config", house.config),
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        sent = 0
        while piece := source.stdout.read1(16 << 10):
            sent += len(piece)
            there.stdin.write(piece)
            if cut and sent > cut:
                source.kill()
                there.send_signal(signal.SIGKILL)
                break
        source.wait()
        out, errors = there.communicate(timeout=120)
        return sent, there.returncode, out, errors

    size = sum(len(piece) for piece in pieces_of(dump))
    assert through(cut=size // 2)[1] != 0
    _, code, out, errors = through()
    assert code == 0, errors
    done = json.loads(out)
    assert done["clean"] and [account["address"] for account in done["accounts"]] == [CHIARA]
    copied = done["accounts"][0]["copied"]
    again = json.loads(through()[2])["accounts"][0]
    assert again["copied"] == 0 and again["present"] >= copied
    move = Move(house, tmp_path, ["--source", small.configuration()])
    proof = move.run("verify", "--only", CHIARA)
    assert proof["total"]["differences"] == 0 and proof["total"]["compared"] > 0


def pieces_of(command):
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while piece := process.stdout.read1(1 << 20):
            yield piece


class Clock:
    """The wall clock of one process: real time and some more."""

    def __init__(self, folder):
        self.file = folder / "wall-clock"
        self.ahead = 0
        self.environment = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}

    def go_to(self, hour, minute):
        """The next time that it is that late."""
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.ahead)
        then = now.replace(hour=hour, minute=minute, second=5)
        then += datetime.timedelta(days=1) if then <= now else datetime.timedelta()
        self.ahead += int((then - now).total_seconds())
        new = self.file.with_suffix(".new")
        new.write_text(f"+{self.ahead}\n")
        new.rename(self.file)


@pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed")
@pytest.mark.skipif(IS_SANITIZED, reason="a preloaded library comes before the sanitizer's")
def test_only_within_its_window(mariadb, house, tmp_path, monkeypatch):
    """It waits until the window opens, stops where it closes, and goes on when it opens again: one run over two nights."""
    clock = Clock(tmp_path)
    clock.go_to(21, 57)
    move = Move(house, tmp_path, make_large(mariadb, tmp_path, 1500, attachments=1, mean_size=20_000).source)
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    process = move.start("run", "--create-active-users", "--window", "22:00-06:00", "--bandwidth", "3000k", "--concurrency", "1", "--quiet")
    for name in clock.environment:
        monkeypatch.delenv(name)
    time.sleep(3)
    assert process.poll() is None and items(house, ALMA) == 0, "it waits"
    clock.go_to(22, 0)
    wait_for(lambda: items(house, ALMA) > 0, "the window to open", 30)
    clock.go_to(6, 0)
    wait_for(lambda: is_at_rest(house), "the window to close", 60)
    some = items(house, ALMA)
    assert process.poll() is None, "it waits for the next night"
    clock.go_to(22, 0)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    account = move.read_report()["accounts"][0]
    assert account["attempts"] == 2 and account["total"]["quarantined"] == 0
    assert 0 < some < items(house, ALMA)
    assert move.run("verify")["total"]["differences"] == 0


def is_at_rest(house):
    before = items(house, ALMA)
    time.sleep(4)
    return items(house, ALMA) == before




class Watch:
    """The most connections to the database at once, and the most memory, while a process runs."""

    def __init__(self, server, process):
        self.server, self.process, self.connections, self.memory = server, process, 0, 0
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while self.process.poll() is None:
            now = self.server.sql(f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{READER}'")[0][0]
            self.connections = max(self.connections, int(now))
            try:
                status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
                self.memory = max([self.memory, *(int(kib) for kib in re.findall(r"VmHWM:\s+(\d+)", status))])
            except OSError:
                return
            time.sleep(0.02)


def test_one_large_store_over_several_connections(large, mariadb, house, tmp_path):
    """Those that no other account needs help; killed in between, everything is there exactly once."""
    move = Move(house, tmp_path, large.source)
    connections = []

    def run_until(arrived):
        process = move.start("run", "--create-users", "--source-connections", "4", "--quiet")
        watch = Watch(mariadb, process)
        while process.poll() is None and (arrived is None or items(house, ALMA) < arrived):
            time.sleep(0.02)
        if arrived is not None:
            process.kill()
        out, _ = process.communicate(timeout=300)
        watch.thread.join()
        connections.append(watch.connections)
        return process, watch, out

    for arrived in (MADE // 4, MADE // 2):
        run_until(arrived)
    process, watch, out = run_until(None)
    assert process.returncode == 0, out
    assert 2 <= max(connections) <= 4
    if not IS_SANITIZED:
        assert watch.memory < 256 << 10
    total = move.read_report()["total"]
    assert total["source"] == total["copied"] + total["present"] and total["source"] > MADE
    process = move.start("verify", "--source-connections", "3", "--quiet")
    watch = Watch(mariadb, process)
    out, _ = process.communicate(timeout=300)
    watch.thread.join()
    assert process.returncode == 0, out
    assert watch.connections <= 3
    proof = move.read_report()["total"]
    assert proof["differences"] == 0 and proof["compared"] > MADE and proof["settings_compared"] > 0
    again = move.run("run")["total"]
    assert again["copied"] == again["updated"] == 0


def sent_bytes(mariadb):
    return int(mariadb.sql("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")[0][1])


def test_a_later_pass_lists_what_changed(large, mariadb, house, tmp_path):
    """New, read, moved, removed: each arrives, and the other items of their folder are not listed again."""
    move = Move(house, tmp_path, large.source)
    move.run("run", "--create-users")
    folder = large.made
    ids = [int(row[0]) for row in large.sql(f"SELECT id FROM hierarchy WHERE parent = {folder} AND type = 5 ORDER BY id")]
    neighbour = int(large.sql(f"SELECT h.id FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag = 0x3001 WHERE h.parent = "
                              f"(SELECT parent FROM hierarchy WHERE id = {folder}) AND h.type = 3 AND p.val_string = 'Year 2016'")[0][0])

    def a_pass(*options):
        before = sent_bytes(mariadb)
        report = move.run("run", *options)
        rows = {row["folder"]: row for row in report["accounts"][0]["folders"]}
        return rows, sent_bytes(mariadb) - before

    _, whole = a_pass("--full")
    rows, nothing = a_pass()
    assert rows["Year 2015"]["unchanged"] and rows["Year 2015"]["present"] == MADE
    large.sql(f"UPDATE properties SET val_ulong = val_ulong ^ 1 WHERE hierarchyid = {ids[5]} AND tag = 0x0E07")
    rows, one = a_pass()
    assert rows["Year 2015"]["updated"] == 1 and rows["Year 2015"]["present"] == rows["Year 2015"]["source"] == MADE
    assert one - nothing < (whole - nothing) / 3, (nothing, one, whole)

    large.maker.fill(3)
    rows, _ = a_pass()
    assert rows["Year 2015"]["copied"] == 3 and rows["Year 2015"]["present"] == MADE and rows["Year 2015"]["vanished"] == 0

    large.sql(f"UPDATE hierarchy SET flags = flags | 0x400 WHERE id = {ids[10]};"
              f"UPDATE hierarchy SET parent = {neighbour} WHERE id = {ids[20]};"
              f"DELETE FROM hierarchy WHERE id = {ids[-1]}")
    rows, _ = a_pass("--delete-vanished")
    assert rows["Year 2015"]["vanished"] == 3 and rows["Year 2015"]["source"] == MADE, rows["Year 2015"]
    assert rows["Year 2016"]["moved"] == 1, rows["Year 2016"]
    proof = move.run("verify")
    assert proof["total"]["differences"] == 0, proof
