# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the mail of one user takes on disk, in servers that hold nothing else, after a stop."""
import tempfile

from servers import FORMATS, start_dovecot, start_kontor, user

BYTES = 4000


def run(table, options):
    what = "bytes on disk per byte of mail"
    if not table.wants(what):
        return
    values = {}
    with tempfile.TemporaryDirectory(prefix="bench-kontor-") as folder:
        fresh = [start_kontor(folder)]
        try:
            fresh += [start_dovecot(peer.name, fresh[0]) for peer in table.peers if peer.name in FORMATS]
            for peer in fresh:
                peer.fill(user(0), options.disk_messages, BYTES)
                mail = sum(sizes(peer))
                peer.server.stop()
                values[peer.name] = peer.disk_bytes() / mail
        finally:
            for peer in fresh:
                peer.server.close()
    table.add({"what": what, "better": "less", **values})


def sizes(peer):
    with peer.server.imap(user(0)) as client:
        client.select("INBOX", readonly=True)
        return [int(line.rsplit(b"RFC822.SIZE ", 1)[1].split(b")")[0].split()[0]) for line in client.fetch("1:*", "(RFC822.SIZE)")[1]]
