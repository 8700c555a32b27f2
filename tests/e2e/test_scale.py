# SPDX-License-Identifier: AGPL-3.0-or-later
"""What clients do all day must not cost more in a large folder than in a small one, and nothing may take memory by the folder's size."""
import os
import pathlib

from peers.imap_wire import Wire, fetched

SMALL = 2_000
LARGE = int(os.environ.get("KONTOR_LARGE", "30000"))  # 15 times as many: what goes through all of them shows
TURNS = 40
TOGETHER = 500
# So many times the work of the small folder is taken for the noise of the machine and for what grows by the logarithm.
FACTOR = 5


def busy(kontor):
    """Seconds of processor time of all its threads."""
    total = 0
    for task in pathlib.Path(f"/proc/{kontor.process.pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def connect(kontor, folder=None):
    wire = Wire(kontor.port("imap"), "kontor")
    assert wire.command(b"LOGIN ada@example.org secret").status == b"OK"
    if folder:
        assert wire.command(b"SELECT " + folder).status == b"OK"
    return wire


def fill(wire, folder, count):
    wire.command(b"CREATE " + folder)
    for first in range(0, count, TOGETHER):
        parts = [b"APPEND " + folder]
        for number in range(first, min(count, first + TOGETHER)):
            flags = b"" if number % 20 == 0 else b" (\\Seen)"
            date = b' "%02d-Mar-20%02d 10:00:00 +0000" ' % (1 + number % 28, number * 20 // count)
            parts += [flags + date, [b"Subject: number %d\r\nMessage-ID: <%d@x>\r\n\r\ntext\r\n" % (number, number)]]
        assert wire.command(*parts).status == b"OK"


def steps(count):
    """{what: commands}; each is done over and over in a folder of so many messages."""
    at = [1 + count * turn // TURNS for turn in range(TURNS)]
    arrival = [b"Subject: more\r\n\r\nmore\r\n"]
    return {
        "nothing": [(b"NOOP",)] * TURNS,
        "a page by number": [(b"FETCH %d:%d (UID FLAGS ENVELOPE)" % (first, min(count, first + 9)),) for first in at],
        "a page by UID": [(b"UID FETCH %d:%d (FLAGS INTERNALDATE RFC822.SIZE)" % (first, first + 9),) for first in at],
        "one whole message": [(b"UID FETCH %d BODY.PEEK[]" % first,) for first in at],
        "a flag": [(b"UID STORE %d +FLAGS (\\Answered)" % first,) for first in at],
        "a message more": [(b"APPEND %s ", arrival)] * TURNS,
        "a message less": [(b"UID STORE %d +FLAGS.SILENT (\\Deleted)" % first,) if turn % 2 == 0 else (b"UID EXPUNGE %d" % at[turn - 1],)
                           for turn, first in enumerate(at)],
        "what changed last": [(b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 999999999)",)] * 5,
        "SELECT": [(b"SELECT %s",)] * TURNS,
    }


def times(kontor, folder, count):
    wire, out = connect(kontor, folder), {}
    for what, commands in steps(count).items():
        begin = busy(kontor)
        for parts in commands:
            answer = wire.command(parts[0].replace(b"%s", folder), *parts[1:])
            assert answer.status == b"OK", answer.raw
        out[what] = (busy(kontor) - begin) / len(commands)
    wire.close()
    return out


def test_commands_do_not_cost_by_the_folders_size(make_kontor):
    kontor = make_kontor(imap='plain_login = "local"')
    kontor.start()
    kontor.populate(users=("ada",))
    wire = connect(kontor)
    fill(wire, b"small", SMALL)
    fill(wire, b"large", LARGE)
    for folder, count in ((b"small", SMALL), (b"large", LARGE)):  # lists in memory, blocks in caches
        wire.command(b"SELECT " + folder)
        wire.command(b"SEARCH SUBJECT number")
    small, large = times(kontor, b"small", SMALL), times(kontor, b"large", LARGE)
    table = "\n".join(f"{what:20} {small[what] * 1e6:8.0f} us {large[what] * 1e6:8.0f} us" for what in small)
    print(table)
    for what in small:
        allowed = FACTOR * small[what] + 300e-6
        # These look at every row, which are few bytes each.
        allowed += LARGE * 50e-9 if what == "what changed last" else 0
        assert large[what] < allowed, f"{what} costs by the size of the folder:\n{table}"

    # Searching by flag and date reads no message, and all contents pass by without being kept.
    before, begin = kontor.memory_kib(), busy(kontor)
    wire.command(b"SELECT large")
    for _ in range(10):
        assert wire.command(b"UID SEARCH RETURN (PARTIAL 1:100) UNSEEN SINCE 1-Jan-2010 BEFORE 1-Jan-2012").status == b"OK"
    assert (busy(kontor) - begin) / 10 < LARGE * 1e-6, "a search by flag and date takes less than a microsecond a message"
    answer = wire.command(b"UID FETCH 1:* (BODY.PEEK[])")
    assert len(fetched(answer)) > LARGE // 2
    assert kontor.memory_kib() - before < 48 << 10
    wire.close()
