# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill -9 while mail comes by SMTP for accounts here, for others, and for both, round after round on one store.

Whatever was answered with 250 is there in the end. What arrives twice was on its way out of the queue at a kill: the queue hands
it over again where it does not know whether it was taken. KONTOR_ROUNDS sets the rounds, KONTOR_SEED what is tried.
"""
import collections
import os
import random
import smtplib
import threading
import time

from peers.kontor import NO_CHECKS
from peers.mailbox import snapshot
from peers.ports import wait_for
from peers.smtp_server import SmtpServer

ROUNDS = int(os.environ.get("KONTOR_ROUNDS", "5"))
SEED = int(os.environ.get("KONTOR_SEED", "1"))
SENDERS, CONNECTIONS = 4, 4
DEATH = (OSError, smtplib.SMTPServerDisconnected, EOFError)
HERE, AWAY = "ada@example.org", "bob@example.net"


class Bringer(threading.Thread):
    """Brings message after message until the server dies. `certain[recipient]` was answered for, `possible[recipient]` not."""

    def __init__(self, server, name, seed):
        super().__init__()
        self.server, self.name_, self.rng = server, name, random.Random(seed)
        self.certain, self.possible = collections.defaultdict(set), collections.defaultdict(set)
        self.queued = set()
        self.done = 0
        self.fault = None

    def run(self):
        try:
            with self.server.smtp() as client:
                for number in range(100_000):
                    name = f"{self.name_}-{number}"
                    to = self.rng.choice([[HERE], [AWAY], [HERE, AWAY]])
                    size = 300_000 if self.rng.random() < 0.05 else self.rng.randrange(20, 3000)
                    for one in to:
                        self.possible[one].add(name)
                    if AWAY in to:
                        self.queued.add(name)
                    client.sendmail("s@example.org", to, f"Subject: {name}\r\nMessage-ID: <{name}@x>\r\n\r\n{'x' * size}\r\n")
                    for one in to:
                        self.possible[one].discard(name)
                        self.certain[one].add(name)
                    self.done += 1
        except DEATH:
            pass
        except Exception as fault:
            self.fault = fault


def subject(content):
    return content[content.index(b"Subject: ") + 9:].split(b"\r\n", 1)[0].decode()


def test_nothing_that_was_answered_for_is_lost(make_kontor):
    rng = random.Random(SEED)
    with SmtpServer() as peer:
        server = make_kontor(smtp=NO_CHECKS + 'trusted_networks = ["127.0.0.0/8"]\nconnections_per_minute = 100000\n',
                             more=f'[sending]\nsmart_hosts = ["* 127.0.0.1:{peer.port} tls=none"]\nconnections = {CONNECTIONS}\n[queue]\nretry_first = "1s"\n')
        server.start()
        server.populate()
        certain, possible, queued = collections.defaultdict(set), collections.defaultdict(set), set()
        for round_ in range(ROUNDS):
            bringers = [Bringer(server, f"r{round_}s{i}", rng.random()) for i in range(SENDERS)]
            for one in bringers:
                one.start()
            enough, end = rng.choice([0, 5, 20, 60]), time.monotonic() + 20
            while sum(one.done for one in bringers) < enough and time.monotonic() < end:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.05))
            server.kill()
            for one in bringers:
                one.join()
            for one in bringers:
                if one.fault:
                    raise one.fault
                queued |= one.queued
                for to in (HERE, AWAY):
                    certain[to] |= one.certain[to]
                    possible[to] |= one.possible[to]
            server.check()
            server.start()
        wait_for(lambda: server.json("queue", "counts")["messages"] == 0, "the queue to be empty", 60)
        with server.imap() as client:
            here = collections.Counter(subject(content) for *_, content in snapshot(client)["INBOX"][1])
        away = collections.Counter(subject(one.content) for one in list(peer.taken) if one.recipients == [AWAY])
        for to, found in ((HERE, here), (AWAY, away)):
            assert not certain[to] - set(found), f"answered for but lost: {sorted(certain[to] - set(found))[:5]}"
            assert set(found) <= certain[to] | possible[to]
        twice_here = [name for name, count in here.items() if count > 1]
        assert set(twice_here) <= queued, "what is delivered before its answer is there once"
        doubled = sum(count - 1 for found in (here, away) for count in found.values())
        print(f"{ROUNDS} kills; {sum(map(len, certain.values()))} answered for; {doubled} came twice out of the queue")
        assert doubled <= ROUNDS * CONNECTIONS * 2
