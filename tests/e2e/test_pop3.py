# SPDX-License-Identifier: AGPL-3.0-or-later
"""POP3 with the clients that people use, and against a server that is killed."""
import concurrent.futures
import os
import poplib
import subprocess
import time

import pytest

from peers.kontor import MIGRATE

COUNT = int(os.environ.get("KONTOR_POP3_MESSAGES", "10000"))  # of the large maildrop
MESSAGE = b"From: ben@example.org\r\nTo: ada@example.org\r\nSubject: %d\r\n\r\n%s"


def message(number, body=b"Hello\r\n"):
    return MESSAGE % (number, body)


def without_trace(data):
    """The message behind the fields that delivery put before it."""
    return data[data.index(b"From: "):]


def test_poplib_sees_what_was_delivered(kontor):
    bodies = [b"one\r\n", b".\r\n..dots\r\n", b"bare\nline\r\n", b"x" * 998 + b"\r\n", b"no end"]
    for number, body in enumerate(bodies):
        kontor.deliver("ada@example.org", message(number, body))
    client = kontor.pop3()
    capabilities = client.capa()
    assert {"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE", "UTF8", "LANG"} <= set(capabilities)
    count, octets = client.stat()
    assert count == len(bodies)
    _, sizes, _ = client.list()
    assert sum(int(line.split()[1]) for line in sizes) == octets
    for number, body in enumerate(bodies, 1):
        _, lines, _ = client.retr(number)
        data = b"".join(line + b"\r\n" for line in lines)
        assert len(data) == int(sizes[number - 1].split()[1])
        wanted = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert without_trace(data) == message(number - 1, wanted if wanted.endswith(b"\r\n") else wanted + b"\r\n")
    first_ids = client.uidl()[1]
    client.dele(2)
    client.quit()
    client = kontor.pop3()
    assert client.stat()[0] == len(bodies) - 1
    assert [line.split()[1] for line in client.uidl()[1]] == [line.split()[1] for i, line in enumerate(first_ids) if i != 1]
    client.quit()


def test_poplib_takes_up_tls(kontor):
    client = poplib.POP3("127.0.0.1", kontor.port("pop3"), timeout=30)
    with pytest.raises(poplib.error_proto, match="TLS"):
        client.user("ada@example.org")
    client.stls(kontor.tls())
    client.user("ada@example.org")
    client.pass_("secret")
    assert client.stat() == (0, 0)
    client.quit()


def test_a_protocol_that_is_not_allowed(kontor):
    kontor.run("user", "set", "ben@example.org", "--protocols", "imap")
    with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
        kontor.pop3("ben@example.org")
    kontor.pop3().quit()


def test_curl_fetches_and_deletes(kontor):
    big = message(7, b"0123456789abcdef\r\n" * 100_000)
    kontor.deliver("ada@example.org", message(1))
    kontor.deliver("ada@example.org", big)

    def curl(path, *options, port="pop3s"):
        url = f"{port}://127.0.0.1:{kontor.port(port)}/{path}"
        command = ["curl", "-sS", "--insecure", "--user", "ada@example.org:secret", *options, url]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout

    assert len(curl("").splitlines()) == 2
    assert without_trace(curl("2")) == big
    assert without_trace(curl("1", "--ssl-reqd", port="pop3")) == message(1)
    curl("1", "--request", "DELE", "--head")
    assert len(curl("").splitlines()) == 1


def test_mpop_fetches_each_message_once(kontor, tmp_path):
    for number in range(20):
        kontor.deliver("ada@example.org", message(number))
    folder = tmp_path / "mail"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config = tmp_path / "mpoprc"
    config.write_text(f"""
account here
host 127.0.0.1
port {kontor.port("pop3s")}
user ada@example.org
password secret
tls on
tls_starttls off
tls_certcheck off
auth plain
pipelining on
keep on
uidls_file {tmp_path}/uidls
delivery maildir {folder}
account default : here
""")
    config.chmod(0o600)
    for _ in range(2):
        subprocess.run(["mpop", f"--file={config}", "-q"], check=True, timeout=60)
    assert len(list((folder / "new").iterdir())) == 20
    kontor.deliver("ada@example.org", message(21))
    subprocess.run(["mpop", f"--file={config}", "-q"], check=True, timeout=60)
    assert len(list((folder / "new").iterdir())) == 21


def test_ids_of_the_former_server_stay(make_kontor, tmp_path):
    server = make_kontor().start()
    server.populate(inactive=True)
    box = tmp_path / "mail" / "ada@example.org"
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True)
    keys = [f"100000000{i}.M{i}P1.old" for i in range(3)]
    for i, key in enumerate(keys):
        (box / "cur" / f"{key}:2,S").write_bytes(message(i))
    (box / "dovecot-uidlist").write_text("3 V77 N50 G0123\n" + "".join(
        f"{5 + i} P{uidl} :{key}\n" if uidl else f"{5 + i} :{key}\n" for i, (key, uidl) in enumerate(zip(keys, ["old-a", "", "old-c"]))))
    (tmp_path / "token").write_text(server.json("import-token", "add", "move")["token"])
    (tmp_path / "token").chmod(0o600)
    done = subprocess.run([MIGRATE, "run", "--from", f"maildir:{tmp_path}/mail/%u", "--user", "ada@example.org", "--to",
                           f"https://127.0.0.1:{server.port('https')}", "--ca-file", server.certificate, "--token-file", tmp_path / "token"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    server.run("user", "set", "ada@example.org", "--status", "active")
    client = server.pop3()
    ids = [line.split()[1].decode() for line in client.uidl()[1]]
    assert ids == ["old-a", f"{6:08x}{77:08x}", "old-c"], "the second one is Dovecot's usual form of UID and UIDVALIDITY"
    client.quit()


def test_a_large_maildrop(kontor):
    """LIST and UIDL come from the folder's view: nothing is read for each message."""
    for number in range(20):
        kontor.deliver("ada@example.org", message(number))
    imap = kontor.imap()
    while int(imap.select("INBOX")[1][0]) < COUNT:
        assert imap.copy("1:*", "INBOX")[0] == "OK"
    total = int(imap.select("INBOX")[1][0])
    imap.logout()
    client = kontor.pop3()
    start = time.monotonic()
    assert len(client.list()[1]) == total
    ids = client.uidl()[1]
    assert len({line.split()[1] for line in ids}) == total
    assert time.monotonic() - start < 10
    marked = range(1, total + 1, 2)
    for first in range(0, len(marked), 100):
        batch = marked[first:first + 100]
        client.sock.sendall(b"".join(b"DELE %d\r\n" % number for number in batch))
        for _ in batch:
            client._getresp()
    client.quit()
    client = kontor.pop3()
    assert client.stat()[0] == total // 2
    client.quit()


def test_killed_while_it_quits(make_kontor):
    """What was not marked is never lost, whenever the server dies; what was answered with +OK is gone for good."""
    server = make_kontor().start()
    server.populate(["ada"])
    for round_number in range(8):
        for number in range(60):
            server.deliver("ada@example.org", message(number))
        client = server.pop3()
        count = client.stat()[0]
        ids = [line.split()[1] for line in client.uidl()[1]]
        kept = [uidl for i, uidl in enumerate(ids) if i % 3 == 0]
        for i in range(count):
            if i % 3 != 0:
                client.dele(i + 1)
        answered = False
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            quitting = pool.submit(client.quit)
            time.sleep(0.002 * round_number)
            server.kill()
            try:
                answered = quitting.result(20).startswith(b"+OK")
            except (poplib.error_proto, OSError, EOFError):
                pass
        server.start()
        client = server.pop3()
        left = [line.split()[1] for line in client.uidl()[1]]
        assert set(kept) <= set(left)
        assert set(left) <= set(ids)
        if answered:
            assert left == kept
        client.quit()
