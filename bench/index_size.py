# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the index of words takes of the room that its mail takes, for a mailbox as people have them (mailbag.py)."""
import statistics
import time

from mailbag import Mailbag
from servers import user

OWNER = user(6)


def run(table, options):
    what = f"{options.mailbag} messages of people: bytes of index per byte of mail"
    if options.mailbag == 0 or not table.wants(what):
        return
    peer = next(peer for peer in table.peers if peer.is_kontor)
    sizes = []
    with peer.server.imap(OWNER) as client:
        for message in Mailbag().messages(options.mailbag):
            status, answer = client.append("INBOX", None, None, message)
            if status != "OK":
                raise RuntimeError(f"APPEND: {answer}")
            sizes.append(len(message))
    peer.server.run("search", "rebuild", "--account", OWNER)
    taken = wait(peer)["bytes"]
    table.add({"what": what, "better": "less", peer.name: taken / sum(sizes)})
    table.note(f"their mean size is {statistics.mean(sizes) / 1000:.0f} kB, the median {statistics.median(sizes) / 1000:.1f} kB; "
               f"{sum(sizes) / 1e6:.0f} MB of mail, {taken / 1e6:.1f} MB of index")


def wait(peer):
    """Until all is indexed, and what was written then has its last form."""
    end, last = time.monotonic() + 3600, None
    while time.monotonic() < end:
        status = peer.server.json("search", "status", "--account", OWNER)["accounts"][0]
        if status["waiting"] == 0 and status["is_sound"] and status == last:
            return status
        last = status
        time.sleep(5)
    raise TimeoutError("the index is not made")
