# SPDX-License-Identifier: AGPL-3.0-or-later
"""SELECT, FETCH and STORE in a folder of --messages."""
from servers import load, user

READER = user(1)
BYTES = 4000


def run(table, options):
    def fill(peer):
        peer.fill(READER, options.messages, BYTES)

    def commands(peer, *texts):
        return load("imap", peer.imap, READER, "secret", "INBOX", 1, *texts)[0]

    table.measure("SELECT of the folder (s)", "less", lambda p: load("select", p.imap, READER, "secret", "INBOX", 1)[0], prepare=fill)
    for turn in ("first", "second"):
        table.measure(f"FETCH ENVELOPE BODYSTRUCTURE of all, {turn} (s)", "less", lambda p: commands(p, "FETCH 1:* (ENVELOPE BODYSTRUCTURE)"),
                      prepare=fill, repeat=1)
    table.measure("FETCH BODY.PEEK[] of all, MB/s", "more",
                  lambda p: load("bytes", p.imap, READER, "secret", "INBOX", "FETCH 1:* (BODY.PEEK[])")[0], prepare=fill)
    flags = min(2000, options.messages)
    table.measure(f"STORE of {flags} flags (s)", "less",
                  lambda p: commands(p, f"STORE 1:{flags} +FLAGS.SILENT (\\Flagged)", f"STORE 1:{flags} -FLAGS.SILENT (\\Flagged)") / 2, prepare=fill)
