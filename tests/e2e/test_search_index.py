# SPDX-License-Identifier: AGPL-3.0-or-later
"""The index of words: searches give the same answers before it is made, with it, without it, and after every mishap."""
import shutil
import time

from peers.mailbox import own_messages

NEEDLES = ["hello", "ello", "example.org", "Planning", "the", "=", "\u00fc", "zzz", "Ada Example", "text/plain", "a b", "\u65e5\u672c", "\u041f\u0440", "o w",
           "Content-Type: text", "1.0", "first", "report"]


def ask(client, key, needle):
    data = needle.encode()
    client.literal = data
    status, found = client.uid("SEARCH", "CHARSET", "UTF-8", key)
    assert status == "OK", found
    return found[0].split()


def answers(server):
    with server.imap() as client:
        client.select("INBOX", readonly=True)
        return {(key, needle): ask(client, key, needle) for key in ("BODY", "TEXT") for needle in NEEDLES}


def status_of(server):
    return server.json("search", "status", "--account", "ada@example.org")["accounts"][0]


def wait_until_indexed(server, documents, patience=60):
    end = time.monotonic() + patience
    while (status := status_of(server))["documents"] != documents or status["waiting"]:
        assert time.monotonic() < end, status
        time.sleep(0.1)
    assert status["is_sound"] and status["bytes"] > 0


def fill(client, copies=1):
    count = 0
    for _ in range(copies):
        for _, data in own_messages():
            if data.strip():
                data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\0", b"")
                count += client.append("INBOX", None, None, data)[0] == "OK"
    return count


def test_answers_stay_the_same(make_kontor):
    server = make_kontor(more='[search]\nsettle = "1h"\n')
    server.start()
    server.populate()
    with server.imap() as client:
        count = fill(client)
    scanned = answers(server)
    assert sum(map(bool, scanned.values())) > 15
    server.run("search", "rebuild", "--account", "ada@example.org")
    wait_until_indexed(server, count)
    assert answers(server) == scanned
    # What comes later is found at once: it is read until the index has it.
    with server.imap() as client:
        client.append("INBOX", None, None, b"Subject: later\r\n\r\nhello zzz\r\n")
        client.select("INBOX")
        late = client.uid("SEARCH", "BODY", "zz")[1][0]
        assert late and late not in scanned["BODY", "zzz"]
        client.uid("STORE", late, "+FLAGS", "\\Deleted")
        client.expunge()
        assert client.uid("SEARCH", "BODY", "zz")[1][0] == b""
    # Its folder may go at any time, also under a running server.
    shutil.rmtree(server.data / "search")
    assert answers(server) == scanned
    server.stop()
    server.start()
    wait_until_indexed(server, count)
    assert answers(server) == scanned
    server.run("user", "remove", "ada@example.org", "--yes")
    assert not any(p.name for p in (server.data / "search").iterdir() if p.is_dir())


def test_survives_kills_while_it_is_made(make_kontor):
    server = make_kontor(more='[search]\nsettle = "0s"\n')
    server.start()
    server.populate()
    with server.imap() as client:
        count = fill(client, copies=8)
    for pause in (0.0, 0.05, 0.1, 0.2, 0.4):
        server.run("search", "rebuild")
        time.sleep(pause)
        server.kill()
        server.start()
    wait_until_indexed(server, count)
    indexed = answers(server)
    server.stop()
    shutil.rmtree(server.data / "search")
    (server.data / "search").touch()  # nothing can be made there: searches read
    server.start()
    assert answers(server) == indexed
    assert "search.index_failed" in server.log.read_text()
