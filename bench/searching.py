# SPDX-License-Identifier: AGPL-3.0-or-later
"""SEARCH, SORT and THREAD in a folder of --messages; SEARCH TEXT without and with an index."""
import subprocess
import time

from reading import BYTES, READER
from servers import XAPIAN, dovecot_settings, load, size_on_disk, user

QUERIES = [
    ("SEARCH by flag (s)", "SEARCH UNSEEN"),
    ("SEARCH by date (s)", "SEARCH SINCE 1-Mar-2008 BEFORE 1-Apr-2008"),
    ("SEARCH by flag, date and size (s)", "SEARCH SEEN NOT FLAGGED SINCE 1-Mar-2008 LARGER 10000"),
    ("SEARCH FROM (s)", "SEARCH FROM sender77"),
    ("SEARCH SUBJECT (s)", "SEARCH SUBJECT invoice"),
    ("SEARCH HEADER Message-ID (s)", "SEARCH HEADER Message-ID load-777@"),
    ("SORT (DATE) (s)", "SORT (DATE) UTF-8 ALL"),
    ("SORT (REVERSE ARRIVAL) UNSEEN (s)", "SORT (REVERSE ARRIVAL) UTF-8 UNSEEN"),
    ("SORT (SUBJECT FROM) (s)", "SORT (SUBJECT FROM) UTF-8 ALL"),
    ("THREAD REFERENCES (s)", "THREAD REFERENCES UTF-8 ALL"),
    ("THREAD REFS (s)", "THREAD REFS UTF-8 ALL"),
]
TEXTS = [("a word of one message", "needle777"), ("a word of every 100th", "zebra"), ("a word of most", "friday"), ("a word of none", "nowhere9")]


INDEXED = user(4)


def search(peer, command, owner=READER):
    return load("imap", peer.imap, owner, "secret", "INBOX", 1, command)[0]


def run(table, options):
    def fill(peer):
        peer.fill(READER, options.messages, BYTES)

    for what, command in QUERIES:
        table.measure(what, "less", lambda p, c=command: search(p, c), prepare=fill)
    plain(table, options, fill)
    indexed(table, options)


def plain(table, options, fill):
    """What it costs to read everything."""
    rows = [(f"no index: SEARCH TEXT {what} (s)", word) for what, word in TEXTS]
    if not any(table.wants(row) for row, _ in rows):
        return
    kontor = table.peers[0]
    for peer in table.peers:
        fill(peer)
    kontor.restart("[search]\nindex = false\n")
    for what, word in rows:
        table.measure(what, "less", lambda p, w=word: search(p, f"SEARCH TEXT {w}"), repeat=1)
    kontor.restart("")


def indexed(table, options):
    """Dovecot gets its index by fts_xapian, in the first of its formats."""
    title = f"{options.indexed} messages, index: "
    rows = [(f"{title}SEARCH TEXT {what} (s)", word) for what, word in TEXTS]
    making, size = title + "taken in, messages/s", title + "bytes of index per byte of mail"
    if options.indexed == 0 or not any(table.wants(what) for what in [making, size, *(row for row, _ in rows)]):
        return
    peers = table.peers[:2]
    rates, sizes = {}, {}
    for peer in peers:
        peer.fill(INDEXED, options.indexed, BYTES)
        seconds, taken = index_kontor(peer) if peer.is_kontor else index_dovecot(table, peer)
        rates[peer.name], sizes[peer.name] = options.indexed / seconds, taken / (options.indexed * BYTES)
    table.add({"what": making, "better": "more", **rates})
    table.add({"what": size, "better": "less", **sizes})
    for what, word in rows:
        table.measure(what, "less", lambda p, w=word: search(p, f"SEARCH TEXT {w}", INDEXED), peers=peers)
    for peer in peers:
        peer.restart("" if peer.is_kontor else dovecot_settings(table.peers[0]))


def index_kontor(peer):
    """Seconds and bytes, made anew. New mail does not wait for more."""
    peer.restart("[search]\nsettle = \"0s\"\n")
    begin = time.monotonic()
    peer.server.run("search", "rebuild", "--account", INDEXED)
    while (status := peer.server.json("search", "status", "--account", INDEXED)["accounts"][0])["waiting"] > 0 or not status["is_sound"]:
        if time.monotonic() - begin > 900:
            raise TimeoutError("the index is not made")
        time.sleep(0.1)
    return time.monotonic() - begin, status["bytes"]


def index_dovecot(table, peer):
    """Seconds and bytes."""
    peer.restart(dovecot_settings(table.peers[0]) + XAPIAN)
    begin = time.monotonic()
    subprocess.run(["doveadm", "-c", peer.server.config, "index", "-u", INDEXED, "INBOX"], check=True, capture_output=True, timeout=900)
    return time.monotonic() - begin, sum(size_on_disk(folder) for folder in peer.server.home(INDEXED).rglob("xapian-indexes"))
