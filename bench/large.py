# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder of --large messages: what the first client that opens it pays, paging, and the memory of a FETCH of everything."""
import time

from servers import Peak, load, user, wait_quiet

OWNER = user(5)
BYTES = 1500


def run(table, options):
    n = options.large
    peers = table.peers[:2]  # Dovecot by the first of its formats
    what = f"{n} messages: "
    rows = ["fill", "SELECT", "page", "SEARCH", "SORT", "THREAD", "FETCH", "memory"]
    if n == 0 or not any(table.wants(what + row) for row in [*rows, "large"]):
        return
    rates = {}
    for peer in peers:
        begin = time.monotonic()
        peer.fill(OWNER, n, BYTES)
        rates[peer.name] = n / (time.monotonic() - begin)
    table.add({"what": what + "fill by MULTIAPPEND, messages/s", "better": "more", **rates})

    def commands(peer, *texts):
        return load("imap", peer.imap, OWNER, "secret", "INBOX", 1, *texts)[0]

    def afresh(peer):
        peer.restart()
        return load("select", peer.imap, OWNER, "secret", "INBOX", 1)[0]

    table.measure(what + "SELECT after a restart (s)", "less", afresh, peers, repeat=1)
    table.measure(what + "SELECT (s)", "less", lambda p: load("select", p.imap, OWNER, "secret", "INBOX", 1)[0], peers)
    pages = [f"FETCH {first}:{first + 49} (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)" for first in range(1, n - 50, max(1, n // 20))]
    table.measure(what + "a page of 50 by number, of 20 far apart (ms)", "less", lambda p: commands(p, *pages) / len(pages) * 1e3, peers)
    table.measure(what + "SEARCH UNSEEN SINCE (s)", "less", lambda p: commands(p, "SEARCH UNSEEN SINCE 1-Jan-2015"), peers)
    table.measure(what + "SORT (REVERSE ARRIVAL) UNSEEN (s)", "less", lambda p: commands(p, "SORT (REVERSE ARRIVAL) UTF-8 UNSEEN"), peers)
    table.measure(what + "THREAD REFERENCES (s)", "less", lambda p: commands(p, "THREAD REFERENCES UTF-8 ALL"), peers, repeat=1)
    table.measure(what + "FETCH FLAGS of all (s)", "less", lambda p: commands(p, "FETCH 1:* (UID FLAGS)"), peers)
    growth = {}

    def all_bytes(peer):
        wait_quiet(peer)
        with Peak(peer) as peak:
            rate = load("bytes", peer.imap, OWNER, "secret", "INBOX", "UID FETCH 1:* (BODY.PEEK[])")[0]
        growth[peer.name] = peak.growth_mib
        table.note(f"{peer.name}: memory {peak.before / 1024:.0f} MiB before UID FETCH 1:* (BODY.PEEK[]), at most {peak.most / 1024:.0f} MiB")
        return rate

    table.measure(what + "UID FETCH 1:* (BODY.PEEK[]), MB/s", "more", all_bytes, peers, repeat=1)
    if growth:
        table.add({"what": what + "by so much its memory grew meanwhile (MiB)", "better": "less", **{k: max(v, 0.1) for k, v in growth.items()}})
