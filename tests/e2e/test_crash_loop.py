# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill -9 under mixed load, round after round on one store.

Every worker keeps a model of what it was told is done. After each kill the store must be sound and hold exactly that; of
the one command that a worker had under way, all or nothing. KONTOR_ROUNDS sets the rounds (`make crash` takes 200),
KONTOR_SEED what is tried.
"""
import collections
import imaplib
import os
import random
import re
import smtplib
import ssl
import threading
import time

from peers.mailbox import snapshot

ROUNDS = int(os.environ.get("KONTOR_ROUNDS", "10"))
SEED = int(os.environ.get("KONTOR_SEED", "1"))
USERS = ("ada@example.org", "ben@example.org")
WORKERS_PER_USER = 2
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "$Label1", "projektx"]
NUMBER = re.compile(rb"X-Number: (\d+)")

# What a dying server does to its clients.
DEATH = (imaplib.IMAP4.abort, OSError, ssl.SSLError, smtplib.SMTPServerDisconnected, EOFError)


class Numbers:
    """Each message has a number of its own in a header."""

    def __init__(self):
        self._lock = threading.Lock()
        self._last = 0

    def next(self):
        with self._lock:
            self._last += 1
            return self._last


def message(number, rng):
    size = 90_000 if rng.random() < 0.05 else rng.randrange(20, 3000)
    return f"Subject: n{number}\r\nX-Number: {number}\r\n\r\n{'x' * size}\r\n".encode()


def frozen(folders):
    """A comparable copy of {folder: [(number, flags)]}."""
    return {name: tuple(sorted((number, tuple(sorted(flags))) for number, flags in rows)) for name, rows in folders.items()}


def copied(folders):
    return {name: list(rows) for name, rows in folders.items()}


class Deliverer(threading.Thread):
    """Delivers by LMTP to one or to both users. `certain[user]` are acknowledged numbers, `possible[user]` those in doubt."""

    def __init__(self, kontor, numbers, seed):
        super().__init__()
        self.kontor, self.numbers, self.rng = kontor, numbers, random.Random(seed)
        self.certain = {user: set() for user in USERS}
        self.possible = {user: set() for user in USERS}
        self.done = 0
        self.fault = None

    def run(self):
        try:
            with smtplib.LMTP("127.0.0.1", self.kontor.port("lmtp"), timeout=60) as client:
                while True:
                    number = self.numbers.next()
                    to = self.rng.choice([USERS[:1], USERS[1:], USERS])
                    for user in to:
                        self.possible[user].add(number)
                    client.sendmail("s@example.com", to, message(number, self.rng))
                    for user in to:
                        self.possible[user].discard(number)
                        self.certain[user].add(number)
                    self.done += 1
        except DEATH:
            pass
        except Exception as fault:
            self.fault = fault


class Worker(threading.Thread):
    """Works on folders of its own below `root`, and takes messages with UIDs of its own from the inbox."""

    def __init__(self, kontor, numbers, user, share, seed, before=None):
        super().__init__()
        self.kontor, self.numbers, self.user, self.share, self.rng = kontor, numbers, user, share, random.Random(seed)
        self.root = before.root if before else f"W{share}"
        self.folders = copied(before.folders) if before else {}
        # What holds if the command under way was done; None while there is none.
        self.after = None
        self.root_after = self.root
        self.taken, self.taking = (set(before.taken) if before else set()), None
        self.serial = before.serial if before else 0
        self.commands = collections.Counter()
        self.done = 0
        self.fault = None

    def run(self):
        try:
            self.client = self.kontor.imap(self.user)
            while True:
                self.step()
        except DEATH:
            pass
        except Exception as fault:
            self.fault = fault

    def step(self):
        steps = [self.append] * 4 + [self.take] * 3 + [self.store] * 4 + [self.copy] * 2 + [self.move] * 2
        steps += [self.expunge] * 3 + [self.create, self.delete, self.rename]
        step = self.rng.choice(steps)
        if not self.folders and step not in (self.create, self.rename):
            step = self.create
        step()

    def do(self, what, after, *command):
        """Sends a command that turns the folders into `after`."""
        self.after = after
        status, answer = command[0](*command[1:])
        assert status == "OK", f"{what} was refused: {answer}"
        self.folders, self.root, self.after = after, self.root_after, None
        self.commands[what] += 1
        self.done += 1

    def any_folder(self):
        return self.rng.choice(sorted(self.folders))

    def name(self, folder):
        return f'"{self.root}/{folder}"'

    def opened(self, folder):
        """{uid: (number, flags)} of a folder, which must be what the model has."""
        status, answer = self.client.select(self.name(folder))
        assert status == "OK", answer
        rows = {}
        if self.folders[folder]:
            _, answer = self.client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (X-Number)])")
            for piece in answer:
                if isinstance(piece, tuple):
                    head = piece[0]
                    flags = frozenset(f for f in re.search(rb"FLAGS \(([^)]*)\)", head)[1].decode().split() if f != "\\Recent")
                    rows[re.search(rb"UID (\d+)", head)[1].decode()] = (int(NUMBER.search(piece[1])[1]), flags)
        assert frozen({folder: rows.values()}) == frozen({folder: self.folders[folder]}), f"{folder} of {self.user} is not what was done"
        return rows

    def some(self, rows):
        uids = sorted(rows, key=int)
        return self.rng.sample(uids, self.rng.randint(1, min(5, len(uids)))) if uids else []

    def append(self):
        folder, number = self.any_folder(), self.numbers.next()
        flags = frozenset(self.rng.sample(FLAGS, self.rng.randint(0, 3)))
        after = copied(self.folders)
        after[folder].append((number, flags))
        self.do("append", after, self.client.append, self.name(folder), f"({' '.join(sorted(flags))})", None, message(number, self.rng))

    def take(self):
        self.client.select("INBOX")
        answer = self.client.uid("SEARCH", None, "ALL")[1][0].split()
        mine = [uid.decode() for uid in answer if int(uid) % WORKERS_PER_USER == self.share]
        if not mine:
            return
        uid = self.rng.choice(mine)
        number = int(NUMBER.search(self.client.uid("FETCH", uid, "(BODY.PEEK[HEADER.FIELDS (X-Number)])")[1][0][1])[1])
        folder = self.any_folder()
        after = copied(self.folders)
        after[folder].append((number, frozenset()))
        self.taking = number
        self.do("take", after, self.client.uid, "MOVE", uid, self.name(folder))
        self.taken.add(number)
        self.taking = None

    def store(self):
        folder = self.any_folder()
        rows = self.opened(folder)
        uids = self.some(rows)
        if not uids:
            return
        flags, sign = frozenset(self.rng.sample(FLAGS, 2)), self.rng.choice("+-")
        changed = {uid: (number, (had | flags if sign == "+" else had - flags) if uid in uids else had) for uid, (number, had) in rows.items()}
        after = copied(self.folders)
        after[folder] = list(changed.values())
        self.do("store", after, self.client.uid, "STORE", ",".join(uids), f"{sign}FLAGS", f"({' '.join(sorted(flags))})")

    def copy(self, move=False):
        source, target = self.any_folder(), self.any_folder()
        rows = self.opened(source)
        uids = self.some(rows)
        if not uids or (move and source == target):
            return
        after = copied(self.folders)
        after[target] += [rows[uid] for uid in uids]
        if move:
            after[source] = [row for uid, row in rows.items() if uid not in uids]
        self.do("move" if move else "copy", after, self.client.uid, "MOVE" if move else "COPY", ",".join(uids), self.name(target))

    def move(self):
        self.copy(move=True)

    def expunge(self):
        folder = self.any_folder()
        rows = self.opened(folder)
        uids = self.some(rows)
        if not uids:
            return
        after = copied(self.folders)
        after[folder] = [(number, had | {"\\Deleted"} if uid in uids else had) for uid, (number, had) in rows.items()]
        self.do("mark deleted", after, self.client.uid, "STORE", ",".join(uids), "+FLAGS.SILENT", "(\\Deleted)")
        after = copied(self.folders)
        after[folder] = [row for row in after[folder] if "\\Deleted" not in row[1]]
        self.do("expunge", after, self.client.expunge)

    def create(self):
        if len(self.folders) >= 6:
            return self.delete()
        self.serial += 1
        name = f"f{self.serial}"
        self.do("create", copied(self.folders) | {name: []}, self.client.create, self.name(name))

    def delete(self):
        if len(self.folders) < 3:
            return self.create()
        name = self.any_folder()
        after = copied(self.folders)
        del after[name]
        self.do("delete", after, self.client.delete, self.name(name))

    def rename(self):
        if not self.folders:
            return self.create()
        self.serial += 1
        if self.rng.random() < 0.3:  # with all that is below
            old, self.root_after = self.root, f"W{self.share}-{self.serial}"
            return self.do("rename root", copied(self.folders), self.client.rename, old, self.root_after)
        old, new = self.any_folder(), f"f{self.serial}"
        after = copied(self.folders)
        after[new] = after.pop(old)
        self.do("rename", after, self.client.rename, self.name(old), self.name(new))

    def settle(self, held):
        """Compares with what the account holds and learns what became of the command under way."""
        roots = [root for root in {self.root, self.root_after} if any(name == root or name.startswith(root + "/") for name in held)]
        assert len(roots) <= 1, f"renamed by halves: {roots}"
        found = {name[len(roots[0]) + 1:]: rows for name, rows in held.items() if name.startswith(roots[0] + "/")} if roots else {}
        is_done = self.after is not None and frozen(found) == frozen(self.after) and roots == [self.root_after]
        if is_done:
            self.folders, self.root = self.after, self.root_after
        else:
            assert frozen(found) == frozen(self.folders), difference(self.folders, self.after, found)
            assert not roots or roots == [self.root]
        if is_done and self.taking is not None:
            self.taken.add(self.taking)
        self.after, self.root_after, self.taking = None, self.root, None


def difference(before, after, found):
    lines = ["not what was acknowledged:"]
    for name in sorted({*before, *found, *(after or {})}):
        states = [frozen(state).get(name) if state is not None else "(none)" for state in (before, after, found)]
        if states[0] != states[2]:
            lines.append(f"{name}: acknowledged {states[0]}; under way {states[1]}; found {states[2]}")
    return "\n".join(lines)


def read_account(kontor, user):
    """{folder: [(number, flags)]}; the names of flags as FLAGS has them."""
    names = {flag.lower(): flag for flag in [*FLAGS, "\\Deleted"]}
    with kontor.imap(user) as client:
        return {folder: [(int(NUMBER.search(content)[1]), frozenset(names[f] for f in flags)) for _, flags, _, content in rows]
                for folder, (_, rows) in snapshot(client).items()}


def test_mixed_load(kontor):
    numbers, rng = Numbers(), random.Random(SEED)
    certain = {user: set() for user in USERS}
    last = {}
    commands = collections.Counter()
    for number in range(ROUNDS):
        deliverers = [Deliverer(kontor, numbers, rng.random()) for _ in range(2)]
        workers = {(user, share): Worker(kontor, numbers, user, share, rng.random(), last.get((user, share)))
                   for user in USERS for share in range(WORKERS_PER_USER)}
        everyone = [*deliverers, *workers.values()]
        for one in everyone:
            one.start()
        # After so much was acknowledged, whatever the machine's speed; now and then at once.
        enough, end = rng.choice([0, 10, 40, 80, 160]), time.monotonic() + 20
        while sum(one.done for one in everyone) < enough and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05))
        kontor.kill()
        for one in everyone:
            one.join()
        for one in everyone:
            if one.fault:
                raise one.fault
        kontor.check()
        kontor.start()
        for user in USERS:
            held = read_account(kontor, user)
            mine = [worker for (owner, _), worker in workers.items() if owner == user]
            for worker in mine:
                worker.settle(held)
                commands += worker.commands
            taken = set().union(*(worker.taken for worker in mine))
            possible = set().union(*(d.possible[user] for d in deliverers))
            certain[user] |= set().union(*(d.certain[user] for d in deliverers))
            inbox = [row[0] for row in held["INBOX"]]
            assert len(inbox) == len(set(inbox)), "a message is in the inbox twice"
            assert not certain[user] - taken - set(inbox), f"round {number}: acknowledged but lost"
            assert not set(inbox) & taken, f"round {number}: what was moved is back"
            assert set(inbox) <= certain[user] | possible
            # What arrived without an answer is there to stay.
            certain[user] |= set(inbox) | (taken & possible)
        last = workers
    commands["deliver"] = sum(map(len, certain.values()))
    print(f"{ROUNDS} kills; acknowledged: {dict(commands)}")
    missing = {"deliver", "append", "take", "store", "copy", "move", "expunge", "create", "delete", "rename"} - set(commands)
    assert ROUNDS < 10 or not missing, f"nothing of {missing} was acknowledged"
