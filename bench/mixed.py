# SPDX-License-Identifier: AGPL-3.0-or-later
"""16 clients that select, page, read, flag, append, search and idle, in turn and all at once."""
from servers import load, user

CLIENTS = 16
ACCOUNTS = 4  # user0 to user3 have four clients each
BYTES = 4000


def run(table, options):
    for accounts in (ACCOUNTS, CLIENTS):
        what = f"{CLIENTS} clients on {accounts} accounts"
        if not any(table.wants(f"{what}: {kind}") for kind in ("operations/s", "half", "99")):
            continue
        found = {peer.name: [] for peer in table.peers}
        for peer in table.peers:
            for i in range(accounts):
                peer.fill(user(i), options.mixed_messages, BYTES)
        for _ in range(table.repeat):
            for peer in table.peers:
                found[peer.name].append(load("mixed", peer.imap, CLIENTS, options.operations, accounts))
        middle = {name: sorted(runs)[len(runs) // 2] for name, runs in found.items()}
        for i, (kind, better) in enumerate([("operations/s", "more"), ("half are answered within (ms)", "less"), ("99 of 100 within (ms)", "less")]):
            table.add({"what": f"{what}: {kind}", "better": better, **{name: run[i] for name, run in middle.items()}})
