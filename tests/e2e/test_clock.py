# SPDX-License-Identifier: AGPL-3.0-or-later
"""The wall clock jumps, forward and back, under a running server and between two runs of it."""
import datetime
import pathlib
import re
import socket
import time

import pytest

from peers.imap_wire import Wire, fetched

ADA = "ada@example.org"
LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
DAY = 86_400
# Seconds that the server's wall clock is off by, one after the other.
JUMPS = [400 * DAY, -400 * DAY, 0, -3_600, 3_600, 2 * DAY, -2 * DAY]


class WallClock:
    """What time it is for processes with this environment. Only the wall clock is moved: the one that counts durations cannot jump."""

    def __init__(self, folder):
        self.file = folder / "wall-clock"
        self.set(0)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, offset):
        self.offset = offset
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset:+d}\n")
        new.rename(self.file)

    def now(self):
        return time.time() + self.offset


@pytest.fixture
def clock(tmp_path):
    if LIBRARY is None:
        pytest.skip("libfaketime is not installed")
    return WallClock(tmp_path)


@pytest.fixture
def server(make_kontor, clock):
    kontor = make_kontor(environment=clock.environment, imap='plain_login = "local"', pop3='login_delay = "0s"')
    kontor.start()
    kontor.populate()
    return kontor


def message(text):
    return f"Subject: {text}\r\n\r\n{text}\r\n".encode()


def open_inbox(kontor):
    wire = Wire(kontor.port("imap"), "kontor")
    assert wire.command(b"LOGIN ada@example.org secret").status == b"OK"
    assert wire.command(b"SELECT INBOX (CONDSTORE)").status == b"OK"
    return wire


def rows(wire):
    """{uid: (internal date, modseq, flags, EMAILID)}"""
    answer = wire.command(b"FETCH 1:* (UID INTERNALDATE MODSEQ FLAGS EMAILID)")
    assert answer.status == b"OK", answer.raw
    return {int(items[b"UID"]): (items[b"INTERNALDATE"], int(items[b"MODSEQ"][0]), sorted(f for f in items[b"FLAGS"] if f != b"\\Recent"), items[b"EMAILID"])
            for items in fetched(answer).values()}


def uid_validity(wire, folder):
    raw = wire.command(b"STATUS " + folder + b" (UIDVALIDITY)").raw
    return int(re.search(rb"UIDVALIDITY (\d+)", raw)[1])


def instant(internal_date):
    return datetime.datetime.strptime(internal_date.decode().strip(), "%d-%b-%Y %H:%M:%S %z").timestamp()


class Watcher:
    """A client that stays in IDLE."""

    def __init__(self, kontor):
        self.socket = socket.create_connection(("127.0.0.1", kontor.port("imap")), timeout=20)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        for command in (b"LOGIN ada@example.org secret", b"SELECT INBOX"):
            self.socket.sendall(b"a " + command + b"\r\n")
            while not self.lines.readline().startswith(b"a OK"):
                pass
        self.socket.sendall(b"b IDLE\r\n")
        while not self.lines.readline().startswith(b"+"):
            pass

    def hears_of(self, count):
        while line := self.lines.readline():
            if line == b"* %d EXISTS\r\n" % count:
                return True
        return False

    def close(self):
        self.socket.close()


def test_a_running_server(server, clock):
    """Nothing that was said becomes untrue: UIDs, MODSEQs and UIDVALIDITYs only grow, dates stay, and no session ends."""
    wire, watcher = open_inbox(server), Watcher(server)
    server.deliver(ADA, message("first"))
    wire.command(b"NOOP")
    known, validities = rows(wire), [uid_validity(wire, b"INBOX")]
    highest = max(modseq for _, modseq, _, _ in known.values())
    for turn, offset in enumerate(JUMPS):
        clock.set(offset)
        # A name that is used again gets numbers of its own, although the clock may show a time that was before.
        for name in (b"Again", b"Other%d" % turn):
            assert wire.command(b"CREATE " + name).status == b"OK"
            validities.append(uid_validity(wire, name))
        assert wire.command(b"DELETE Again").status == b"OK"
        server.deliver(ADA, message(f"delivered {turn}"))
        appended = wire.command(b"APPEND INBOX (\\Flagged) ", [message(f"appended {turn}")])
        assert appended.status == b"OK", appended.raw
        assert wire.command(b"STORE 1 %cFLAGS (\\Answered)" % (b"+-"[turn % 2])).status == b"OK"
        wire.command(b"NOOP")
        now = rows(wire)
        assert len(now) == len(known) + 2
        fresh = sorted(set(now) - set(known))
        assert min(fresh) > max(known), "UIDs grow"
        assert all(now[uid][1] > highest for uid in [*fresh, min(known)]), "MODSEQs grow"
        assert all(abs(instant(now[uid][0]) - clock.now()) < 60 for uid in fresh), "messages that come have the clock's time"
        assert all(now[uid][0] == known[uid][0] and now[uid][3] == known[uid][3] for uid in known), "those that are there keep theirs"
        changed = wire.command(b"FETCH 1:* (UID) (CHANGEDSINCE %d)" % highest)
        assert {int(items[b"UID"]) for items in fetched(changed).values()} == {*fresh, min(known)}
        assert len({bytes(email[0]) for *_, email in now.values()}) == len(now)
        known, highest = now, max(modseq for _, modseq, _, _ in now.values())
        assert watcher.hears_of(len(known)), "a session that waits does not end"
    assert validities == sorted(set(validities))
    # What is searched by age goes by the clock as it is.
    assert wire.command(b"SEARCH YOUNGER 60").untagged[-1]
    watcher.close()
    wire.close()


def test_limits_hold(server, clock):
    """Delays after wrong passwords are neither forgotten nor made longer."""
    def seconds_of_a_wrong_login():
        wire = Wire(server.port("imap"), "kontor")
        begin = time.monotonic()
        assert wire.command(b"LOGIN ben@example.org wrong").status == b"NO"
        wire.close()
        return time.monotonic() - begin

    for _ in range(4):
        seconds_of_a_wrong_login()
    for offset in (400 * DAY, -400 * DAY):
        clock.set(offset)
        assert 0.9 < seconds_of_a_wrong_login() < 30
        begin = time.monotonic()
        wire = open_inbox(server)
        client = server.pop3()
        assert client.stat()[0] == 0
        client.quit()
        wire.close()
        assert time.monotonic() - begin < 10


@pytest.mark.parametrize("offset", [400 * DAY, -400 * DAY])
def test_a_restart_at_another_time(server, clock, offset):
    """A server that starts in another year has what it had, goes on from there, and its store is sound."""
    server.deliver(ADA, message("before"))
    server.deliver(ADA, b"Subject: large\r\n\r\n" + b"x" * 300_000 + b"\r\n")
    wire = open_inbox(server)
    known, validity = rows(wire), uid_validity(wire, b"INBOX")
    wire.close()
    server.stop()
    clock.set(offset)
    server.check()
    server.start()
    wire = open_inbox(server)
    assert rows(wire) == known and uid_validity(wire, b"INBOX") == validity
    server.deliver(ADA, message("after"))
    wire.command(b"NOOP")
    now = rows(wire)
    assert len(now) == 3 and max(now) > max(known) and now[max(now)][1] > max(modseq for _, modseq, _, _ in known.values())
    assert wire.command(b"CREATE New").status == b"OK"
    assert uid_validity(wire, b"New") != validity
    wire.close()
    clock.set(0)
