# SPDX-License-Identifier: AGPL-3.0-or-later
"""A full disk, and a log whose last write was torn."""
import os
import pathlib
import random
import re
import shutil
import smtplib
import subprocess
import tempfile
import threading
import time

import pytest

from peers.mailbox import snapshot
from peers.ports import wait_for

ADA = "ada@example.org"
CUTS = max(6, int(os.environ.get("KONTOR_ROUNDS", "0")) // 4)
NUMBER = re.compile(rb"X-Number: (\d+)")


def message(number, size):
    return f"Subject: n{number}\r\nX-Number: {number}\r\n\r\n".encode() + b"x" * size + b"\r\n"


def numbers(kontor, folder="INBOX"):
    with kontor.imap(ADA) as client:
        return [int(NUMBER.search(content)[1]) for *_, content in snapshot(client)[folder][1]]


@pytest.fixture
def disk():
    """A small disk of its own."""
    folder = tempfile.mkdtemp(prefix="kontor-disk-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        os.rmdir(folder)
        pytest.skip("mounting is not permitted here")
    yield pathlib.Path(folder)
    subprocess.run(["umount", folder], check=True)
    os.rmdir(folder)


def free_bytes(folder):
    at = os.statvfs(folder)
    return at.f_bavail * at.f_frsize


def deliver_until_refused(kontor, first, size):
    """Returns the number that was refused and how."""
    with kontor.lmtp() as client:
        for number in range(first, first + 5000):
            try:
                client.sendmail("s@example.com", [ADA], message(number, size))
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refusal:
                return number, refusal
    raise AssertionError("the disk was never full")


def refusal_of(fault):
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return next(iter(fault.recipients.values()))
    return fault.smtp_code, fault.smtp_error


@pytest.mark.parametrize("size", [2_000, 300_000], ids=["inline", "blobs"])
def test_a_full_disk(disk, make_kontor, size):
    kontor = make_kontor(data=disk / "data", more='[store]\ncache = "8M"\nwrite_buffer = "8M"\n')
    kontor.start()
    kontor.populate()
    kontor.deliver(ADA, message(0, size))
    # Little is left above what the store keeps free for itself.
    ballast = disk / "ballast"
    with open(ballast, "wb") as file:
        file.write(b"x" * max(0, free_bytes(disk) - (66 << 20)))
    refused, fault = deliver_until_refused(kontor, 1, size)
    code, text = refusal_of(fault)
    assert 400 <= code < 500, f"a full disk is no reason to bounce mail: {code} {text}"

    # What needs room is refused in words, what needs none goes on, and nothing that was acknowledged is missing.
    with kontor.imap(ADA) as client:
        count = int(client.select("INBOX")[1][0])
        assert count == refused
        status, answer = client.append("INBOX", None, None, message(99_999, size))
        assert status == "NO" and b"disk" in answer[0].lower(), answer
        for command in (lambda: client.store("1", "+FLAGS", "(\\Flagged)"), lambda: client.create("New"), lambda: client.copy("1", "Sent")):
            status, answer = command()
            assert status == "NO" and answer[0], answer
        assert len(client.fetch("1:*", "(BODY.PEEK[])")[1]) >= count
        assert client.noop()[0] == "OK"
    assert sorted(numbers(kontor)) == list(range(refused))

    # A restart of the server meets the same disk, and serves what is there.
    kontor.stop()
    kontor.check()
    kontor.start()
    assert sorted(numbers(kontor)) == list(range(refused))

    ballast.unlink()
    wait_for(lambda: is_delivered(kontor, refused, size), "deliveries to go on", 30)
    with kontor.imap(ADA) as client:
        client.select("INBOX")
        assert client.store("1", "+FLAGS", "(\\Flagged)")[0] == "OK"
    found = numbers(kontor)
    assert sorted(found) == list(range(refused + 1)), "once each, and nothing of what was refused"


def is_delivered(kontor, number, size):
    try:
        kontor.deliver(ADA, message(number, size))
        return True
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
        time.sleep(0.5)
        return False


def newest_log(data):
    return max((data / "store").rglob("*.log"), key=lambda file: int(file.stem))


def deliver_in_order(kontor, first, count):
    """Until the server dies; one in ten is large."""
    try:
        with kontor.lmtp() as client:
            for number in range(first, first + count):
                client.sendmail("s@example.com", [ADA], message(number, 90_000 if number % 10 == 9 else 500))
    except (smtplib.SMTPException, OSError):
        pass


def tear(log, at, rng):
    """What a power cut may leave of writes that were not yet synced: nothing, zeros, or something else."""
    size = log.stat().st_size
    with open(log, "r+b") as file:
        kind = rng.randrange(3)
        if kind == 0:
            file.truncate(at)
            return "cut"
        file.seek(at)
        length = min(size - at, rng.randint(1, 5000))
        file.write(b"\0" * length if kind == 1 else rng.randbytes(length))
        file.truncate()
        return "zeros" if kind == 1 else "garbage"


def test_a_torn_log(make_kontor, tmp_path):
    """Up to the last sync everything is there, wherever the log ends after it. Where it ends before (a disk that lied), what is left is
    sound and without gaps: the messages up to some point."""
    kontor = make_kontor()
    kontor.start()
    kontor.populate()
    kontor.stop()
    kontor.start()
    deliver_in_order(kontor, 0, 40)
    log = newest_log(kontor.data)
    synced = log.stat().st_size
    more = threading.Thread(target=deliver_in_order, args=(kontor, 40, 2000))
    more.start()
    wait_for(lambda: newest_log(kontor.data).stat().st_size > synced + 300_000, "more deliveries", 60)
    kontor.kill()
    more.join()
    assert newest_log(kontor.data) == log
    kept = tmp_path / "kept"
    shutil.copytree(kontor.data, kept, ignore=shutil.ignore_patterns("*.sock"))
    size = log.stat().st_size
    rng = random.Random(7)
    for turn in range(CUTS):
        shutil.rmtree(kontor.data)
        shutil.copytree(kept, kontor.data)
        is_after_sync = turn % 3 != 2
        at = rng.randint(synced, size - 1) if is_after_sync else rng.randint(0, synced)
        kind = tear(newest_log(kontor.data), at, rng)
        kontor.check()
        kontor.start()
        found = numbers(kontor)
        assert found == list(range(len(found))), f"{kind} at {at} of {size}: a gap, a double or another order in {found}"
        assert not is_after_sync or len(found) >= 40, f"{kind} at {at} of {size}: {len(found)} of the 40 that were synced before {synced}"
        # And it goes on from there.
        kontor.deliver(ADA, message(len(found), 500))
        kontor.stop()
        kontor.check()
