# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill -9 at any moment: what was acknowledged is there once, and the store is sound."""
import random
import re
import smtplib
import threading
import time

from peers.mailbox import snapshot


def deliver_until_dead(kontor, worker, first, last, acknowledged):
    try:
        with kontor.lmtp() as client:
            for i in range(first, last):
                to = "ada@example.org" if i % 2 else "ben@example.org"
                body = "x" * (200 if i % 10 else 90_000)
                client.sendmail("s@example.com", [to], f"Subject: n{i}\r\nX-Number: {i}\r\n\r\n{body}\r\n".encode())
                acknowledged.append(i)
    except (smtplib.SMTPException, OSError):
        pass


def test_a_thousand_deliveries(kontor):
    acknowledged = []
    rng = random.Random(11)
    next_number = 0
    rounds = 0
    while next_number < 1000:
        workers = []
        for w in range(4):
            count = 60
            workers.append(threading.Thread(target=deliver_until_dead, args=(kontor, w, next_number, next_number + count, acknowledged)))
            next_number += count
        for worker in workers:
            worker.start()
        time.sleep(rng.uniform(0.05, 0.5))
        kontor.kill()
        for worker in workers:
            worker.join()
        kontor.check()
        kontor.start()
        rounds += 1
    found = []
    for user in ("ada@example.org", "ben@example.org"):
        with kontor.imap(user) as client:
            for *_, content in snapshot(client)["INBOX"][1]:
                found.append(int(re.search(rb"X-Number: (\d+)", content).group(1)))
    assert rounds >= 4
    assert len(acknowledged) > 20
    missing = set(acknowledged) - set(found)
    assert not missing, f"acknowledged but lost: {sorted(missing)[:10]}"
    doubled = {n for n in acknowledged if found.count(n) > 1}
    assert not doubled, f"there twice: {sorted(doubled)[:10]}"


def test_mixed_changes_survive(kontor):
    """Flags, moves and expunges that were acknowledged are there after each kill."""
    with kontor.imap() as client:
        for i in range(40):
            client.append("INBOX", None, None, f"Subject: m{i}\r\n\r\nx\r\n".encode())
    rng = random.Random(5)
    flagged, moved, tried = set(), set(), set()
    for _ in range(5):
        client = kontor.imap()
        client.select("INBOX")
        uids = client.uid("SEARCH", None, "ALL")[1][0].split()
        killer = threading.Timer(rng.uniform(0.02, 0.3), kontor.kill)
        killer.start()
        try:
            for uid in uids:
                if client.uid("STORE", uid, "+FLAGS", "(\\Flagged)")[0] == "OK":
                    flagged.add(uid)
                if int(uid) % 7 == 0:
                    tried.add(uid)
                    if client.uid("MOVE", uid, "Archive")[0] == "OK":
                        moved.add(uid)
        except Exception:
            pass
        killer.join()
        try:
            client.shutdown()
        except OSError:
            pass
        kontor.check()
        kontor.start()
        with kontor.imap() as again:
            state = snapshot(again)
            there = {str(uid).encode(): flags for uid, flags, *_ in state["INBOX"][1]}
            for uid in flagged - tried:
                assert "\\flagged" in there[uid], f"UID {uid} lost its flag"
            assert not moved & set(there), "a moved message is back"
            assert len(there) + len(state["Archive"][1]) == 40
