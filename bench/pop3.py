# SPDX-License-Identifier: AGPL-3.0-or-later
"""POP3 on a large maildrop."""
from servers import load, user

OWNER = user(1)  # who has the folder of --messages as well
BYTES = 4000
ROWS = [("login (s)", "less"), ("LIST (s)", "less"), ("UIDL (s)", "less"), ("RETR one after another, MB/s", "more")]


def run(table, options):
    names = [(f"{options.messages} messages: {what}", better) for what, better in ROWS]
    if not any(table.wants(what) for what, _ in names):
        return
    for peer in table.peers:
        peer.fill(OWNER, options.messages, BYTES)
    found = {peer.name: [] for peer in table.peers}
    for _ in range(table.repeat):
        for peer in table.peers:
            found[peer.name].append(load("pop3", peer.pop3, OWNER, "secret", min(3000, options.messages)))
    for i, (what, better) in enumerate(names):
        table.add({"what": what, "better": better, **{name: sorted(run[i] for run in runs)[len(runs) // 2] for name, runs in found.items()}})
