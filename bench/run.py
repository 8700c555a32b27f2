#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kontor beside Dovecot (mdbox, sdbox, maildir), in one run on one machine, as a table of ratios.

Each measurement goes round all servers before the next begins, so that noise of the machine hits all alike; short ones go round several
times, and the median counts. Dovecot runs with mail_fsync=always; Kontor's commits are always synced. IMAP, POP3 and LMTP are spoken in
the clear over loopback, but for the idle connections, which use TLS.
"""
import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dav  # noqa: E402
import delivery  # noqa: E402
import disk  # noqa: E402
import idle  # noqa: E402
import index_size  # noqa: E402
import kopano  # noqa: E402
import large  # noqa: E402
import migration  # noqa: E402
import mixed  # noqa: E402
import pop3  # noqa: E402
import reading  # noqa: E402
import searching  # noqa: E402
import transport  # noqa: E402
from servers import FORMATS, start_dovecot, start_kontor  # noqa: E402
from table import Table  # noqa: E402

SUBJECTS = [("delivery", delivery), ("reading", reading), ("searching", searching), ("pop3", pop3), ("mixed", mixed), ("idle", idle),
            ("large folder", large), ("migration", migration), ("index size", index_size),
            ("disk", disk), ("transport", transport), ("dav", dav), ("kopano", kopano)]


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="comma-separated words: only rows (or subjects) that have one of them")
    parser.add_argument("--formats", default=",".join(FORMATS), help="comma-separated Dovecot formats; none: Kontor alone")
    parser.add_argument("--repeat", type=int, default=3, help="rounds of short measurements (default 3)")
    parser.add_argument("--messages", type=int, default=20_000, help="in the folder that is read and searched (default 20000)")
    parser.add_argument("--indexed", type=int, default=200, help="in the folder whose text is indexed; fts_xapian is slow (default 200; 0: none)")
    parser.add_argument("--mailbag", type=int, default=2000, help="messages as people have them, for the size of their index (default 2000; 0: none)")
    parser.add_argument("--deliveries", type=int, default=1000, help="of each delivery measurement (default 1000)")
    parser.add_argument("--queued", type=int, default=2000, help="messages that go through the queue (default 2000; 0: none)")
    parser.add_argument("--operations", type=int, default=2000, help="of the mixed work (default 2000)")
    parser.add_argument("--mixed-messages", type=int, default=1000, help="in each folder of the mixed work (default 1000)")
    parser.add_argument("--watchers", type=lambda text: [int(n) for n in text.split(",")], default=[100, 1000],
                        help="idle connections on one folder (default 100,1000)")
    parser.add_argument("--idle", type=int, default=10_000, help="idle TLS connections (default 10000)")
    parser.add_argument("--idle-dovecot", type=int, default=1000, help="the same of Dovecot, which takes more memory for each (default 1000)")
    parser.add_argument("--idle-formats", type=int, default=1, help="how many Dovecots have them (default 1)")
    parser.add_argument("--rest", type=int, default=20, help="seconds for which they are left alone (default 20)")
    parser.add_argument("--large", type=int, default=240_000, help="messages in the large folder (default 240000; 0: none)")
    parser.add_argument("--large-bytes", type=int, default=1500, help="their mean size (default 1500)")
    parser.add_argument("--migrate", type=int, default=5000, help="messages that are moved to another server (default 5000; 0: none)")
    parser.add_argument("--disk-messages", type=int, default=5000, help="for the room they take on disk (default 5000)")
    parser.add_argument("--events", type=int, default=10_000, help="in the calendar that Kontor, Radicale and Cyrus keep (default 10000; 0: none)")
    parser.add_argument("--many-events", type=int, default=100_000, help="in the large calendar (default 100000; 0: none)")
    parser.add_argument("--many-peers", action="store_true", help="Radicale and Cyrus keep the large calendar, too, which takes them long")
    parser.add_argument("--kopano", type=int, default=20_000, help="messages of a Kopano installation that moves in; 500000 take 12 GB (default 20000; 0: none)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the table there")
    return parser.parse_args(arguments)


def main():
    options = options_of(sys.argv[1:])
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-kontor-") as folder:
        peers = []
        try:
            peers.append(start_kontor(folder))
            connections = max([2000, options.idle_dovecot + 200, *(n + 200 for n in options.watchers)])
            for kind in filter(None, options.formats.split(",")):
                peers.append(start_dovecot(kind, peers[0], connections))
            table = Table(peers, options.only.split(","), options.repeat)
            table.header()
            for name, subject in SUBJECTS:
                table.begin(name)
                subject.run(table, options)
                if options.json:
                    table.write(options.json)
            for peer in peers:
                peer.server.stop()
            peers[0].server.check()
        finally:
            for peer in peers:
                peer.server.close()
    table.summary()
    print(f"{(time.monotonic() - begin) / 60:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())
