# SPDX-License-Identifier: AGPL-3.0-or-later
"""What long-lived mail clients do: come back and catch up, compress, and be sent away."""
import re
import time
import zlib

import pytest

pytestmark = pytest.mark.short


def ask(client, command):
    """The untagged lines and the tagged one of a command that imaplib does not know."""
    tag = client._new_tag()
    client.send(tag + b" " + command.encode() + b"\r\n")
    lines = []
    while True:
        line = client.readline()
        assert line, "the connection was closed"
        if line.startswith(tag):
            assert b" OK" in line, line
            return lines, line
        lines.append(line.rstrip(b"\r\n").decode())


def number(lines, word):
    return next(int(found[1]) for line in lines if (found := re.search(rf"\[{word} (\d+)\]", line)))


def numbers(text):
    return sorted(n for part in text.split(",") for n in
                  range(int(part.split(":")[0]), int(part.split(":")[-1]) + 1))


def test_a_client_catches_up_with_qresync(kontor):
    for i in range(20):
        kontor.deliver("ada@example.org", f"Subject: {i}\r\n\r\nx\r\n".encode())
    # The first visit: all is read once.
    with kontor.imap() as client:
        ask(client, "ENABLE QRESYNC")
        lines, _ = ask(client, "SELECT INBOX")
        validity, modseq = number(lines, "UIDVALIDITY"), number(lines, "HIGHESTMODSEQ")
        lines, _ = ask(client, "UID FETCH 1:* FLAGS")
        cache = {int(re.search(r"UID (\d+)", line)[1]): re.search(r"FLAGS \(([^)]*)\)", line)[1] for line in lines}
    assert len(cache) == 20
    # Meanwhile somebody else does this and that.
    with kontor.imap() as other:
        other.select("INBOX")
        other.store("3,5:7", "+FLAGS", "\\Deleted")
        other.expunge()
        other.uid("STORE", "10,12", "+FLAGS", "(\\Flagged later)")
    kontor.deliver("ada@example.org", b"Subject: new\r\n\r\nx\r\n")
    # The second visit: only what differs travels.
    with kontor.imap() as client:
        ask(client, "ENABLE QRESYNC")
        lines, _ = ask(client, f"SELECT INBOX (QRESYNC ({validity} {modseq} 1:{max(cache)}))")
        vanished = next(line for line in lines if line.startswith("* VANISHED (EARLIER) "))
        assert numbers(vanished.split()[-1]) == [3, 5, 6, 7]
        for uid in numbers(vanished.split()[-1]):
            del cache[uid]
        changed = [line for line in lines if " FETCH " in line]
        assert len(changed) == 2, lines
        for line in changed:
            cache[int(re.search(r"UID (\d+)", line)[1])] = re.search(r"FLAGS \(([^)]*)\)", line)[1]
        lines, _ = ask(client, f"UID FETCH {max(cache) + 1}:* FLAGS")
        for line in lines:
            cache[int(re.search(r"UID (\d+)", line)[1])] = re.search(r"FLAGS \(([^)]*)\)", line)[1]
        lines, _ = ask(client, "UID FETCH 1:* FLAGS")
        present = {int(re.search(r"UID (\d+)", line)[1]): re.search(r"FLAGS \(([^)]*)\)", line)[1] for line in lines}
        assert {uid: flags.replace("\\Recent", "").strip() for uid, flags in cache.items()} == \
               {uid: flags.replace("\\Recent", "").strip() for uid, flags in present.items()}
        # A removal while connected.
        with kontor.imap() as other:
            other.select("INBOX")
            other.uid("STORE", "1", "+FLAGS", "\\Deleted")
            other.expunge()
        lines, _ = ask(client, "NOOP")
        assert lines == ["* VANISHED 1"]


def test_compressed_conversation(kontor):
    body = b"Subject: large\r\n\r\n" + b"all work and no play\r\n" * 5000
    kontor.deliver("ada@example.org", body)
    client = kontor.imap()
    client.select("INBOX")
    ask(client, "COMPRESS DEFLATE")
    press, unpress = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
    client.sock.sendall(press.compress(b"z1 FETCH 1 BODY.PEEK[TEXT]\r\nz2 NOOP\r\n") + press.flush(zlib.Z_SYNC_FLUSH))
    received, plain = 0, b""
    while b"\r\nz2 OK" not in plain:
        piece = client.sock.recv(65536)
        assert piece
        received += len(piece)
        plain += unpress.decompress(piece)
    assert body.split(b"\r\n\r\n", 1)[1] in plain
    assert received < len(plain) / 10
    client.shutdown()


def test_a_suspended_user_is_sent_away(kontor):
    client = kontor.imap()
    client.select("INBOX")
    client.send(b"i1 IDLE\r\n")
    assert client.readline().startswith(b"+")
    begin = time.monotonic()
    kontor.run("user", "set", "ada@example.org", "--status", "suspended")
    try:
        line = client.readline()
        assert line.startswith(b"* BYE"), line
        assert time.monotonic() - begin < 10
        assert client.readline() == b""
    finally:
        kontor.run("user", "set", "ada@example.org", "--status", "active")
