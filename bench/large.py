# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder of --large messages: what the first client that opens it pays, searching, paging, what a small change costs, and the memory of
each step, up to a FETCH of everything."""
import time

from servers import Peak, load, user, wait_quiet

OWNER = user(5)
QUERIES = [
    ("SEARCH UNSEEN SINCE (s)", "SEARCH UNSEEN SINCE 1-Jan-2015"),
    ("SEARCH RETURN (PARTIAL 1:50) SEEN (s)", "SEARCH RETURN (PARTIAL 1:50) SEEN"),
    ("SEARCH RETURN (COUNT) one month (s)", "SEARCH RETURN (COUNT) SINCE 1-Mar-2009 BEFORE 1-Apr-2009"),
    ("SEARCH SUBJECT (s)", "SEARCH SUBJECT invoice"),
    ("SORT (REVERSE ARRIVAL) UNSEEN (s)", "SORT (REVERSE ARRIVAL) UTF-8 UNSEEN"),
    ("SORT (SUBJECT) (s)", "SORT (SUBJECT) UTF-8 ALL"),
    ("THREAD REFERENCES (s)", "THREAD REFERENCES UTF-8 ALL"),
    ("FETCH FLAGS of all (s)", "FETCH 1:* (UID FLAGS)"),
]
PAGES = 20


class Steps:
    """Measures rows, and says how much memory each took."""

    def __init__(self, table, peers, title):
        self.table, self.peers, self.title = table, peers, title

    def measure(self, what, better, function, **more):
        most = {}

        def watched(peer):
            with Peak(peer) as peak:
                value = function(peer)
            most[peer.name] = max(most.get(peer.name, 0), peak.most)
            return value

        self.table.measure(self.title + what, better, watched, self.peers, **more)
        if most:
            self.table.note("memory, at most: " + ", ".join(f"{name} {kib / 1024:.0f} MiB" for name, kib in most.items()))


def run(table, options):
    n, peers = options.large, table.peers[:2]  # Dovecot by the first of its formats
    title = f"{n} messages: "
    if n == 0 or not table.wants(title + "large"):
        return
    fill(table, peers, title, options)
    steps = Steps(table, peers, title)

    def commands(peer, *texts):
        return load("imap", peer.imap, OWNER, "secret", "INBOX", 1, *texts)[0]

    def select(peer):
        return load("select", peer.imap, OWNER, "secret", "INBOX", 1)[0]

    def afresh(peer):
        peer.restart()
        return select(peer)

    steps.measure("SELECT after a restart (s)", "less", afresh, repeat=1)
    steps.measure("SELECT (s)", "less", select)
    firsts = range(1, n - 50, max(1, n // PAGES))
    for what, verb in (("number", "FETCH"), ("UID", "UID FETCH")):
        pages = [f"{verb} {first}:{first + 49} (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)" for first in firsts]
        steps.measure(f"a page of 50 by {what}, of {PAGES} far apart (ms)", "less", lambda p, c=pages: commands(p, *c) / len(c) * 1e3)
    for what, command in QUERIES:
        steps.measure(what, "less", lambda p, c=command: commands(p, c), repeat=1 if "of all" in what or "THREAD" in what else None)
    changes = [f"STORE {first} {sign}FLAGS (\\Answered)" for first in firsts for sign in "+-"]
    steps.measure("a flag of one message (ms)", "less", lambda p: commands(p, *changes) / len(changes) * 1e3, repeat=1)
    steps.measure("a message more, with EXISTS (ms)", "less", lambda p: commands(p, *[arrival(i) for i in range(PAGES)]) / PAGES * 1e3, repeat=1)
    everything(table, steps)


def arrival(number):
    """A command with its literal."""
    text = f"Subject: one more\r\n\r\n{number:04}\r\n"
    return f"APPEND INBOX {{{len(text)}+}}\r\n{text}"


def fill(table, peers, title, options):
    rates = {}
    for peer in peers:
        begin = time.monotonic()
        peer.fill(OWNER, options.large, options.large_bytes)
        rates[peer.name] = options.large / (time.monotonic() - begin)
    table.add({"what": title + "fill by MULTIAPPEND, messages/s", "better": "more", **rates})


def everything(table, steps):
    growth = {}

    def all_bytes(peer):
        wait_quiet(peer)
        with Peak(peer) as peak:
            rate = load("bytes", peer.imap, OWNER, "secret", "INBOX", "UID FETCH 1:* (BODY.PEEK[])")[0]
        growth[peer.name] = peak.growth_mib
        return rate

    steps.measure("UID FETCH 1:* (BODY.PEEK[]), MB/s", "more", all_bytes, repeat=1)
    if growth:
        table.add({"what": steps.title + "so much the memory grew meanwhile (MiB)", "better": "less",
                   **{name: max(mib, 0.1) for name, mib in growth.items()}})
