# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bad input gets a clear answer and bounded memory, and never ends the server."""
import socket
import ssl
import time

import pytest

from peers.mailbox import snapshot

pytestmark = pytest.mark.short


def talk(kontor, login=True):
    raw = socket.create_connection(("127.0.0.1", kontor.port("imaps")), timeout=30)
    stream = kontor.tls().wrap_socket(raw)
    file = stream.makefile("rwb")
    assert file.readline().startswith(b"* OK")
    if login:
        file.write(b"l LOGIN ada@example.org secret\r\n")
        file.flush()
        while not (line := file.readline()).startswith(b"l "):
            assert line
        assert line.startswith(b"l OK")
    return file


def ask(file, command, tag=b"x"):
    file.write(command)
    file.flush()
    lines = []
    while True:
        line = file.readline()
        lines.append(line)
        if not line or line.startswith(tag + b" ") or line.startswith(b"* BYE"):
            return lines


@pytest.mark.parametrize("command", [
    b"x\r\n", b"x \r\n", b"x NONSENSE\r\n", b"x FETCH\r\n", b"x SELECT\r\n", b'x SELECT "unterminated\r\n', b"x LOGIN a\r\n",
    b"x UID\r\n", b"x STORE 1 FLAGS\r\n", b"x SEARCH ((((\r\n", b"x FETCH 1 BODY[999999999999999999999]\r\n", b"x SELECT \x00\r\n",
    b"x CREATE &\r\n", b"x CREATE \"&AGE\"\r\n", b"x FETCH 0 FLAGS\r\n", b"x FETCH 1:99999999999 FLAGS\r\n", b"x STATUS INBOX (NOPE)\r\n",
])
def test_malformed_commands_are_refused(kontor, command):
    file = talk(kontor)
    last = ask(file, command)[-1]
    assert b" BAD" in last or b" NO" in last, last
    assert ask(file, b"y NOOP\r\n", b"y")[-1].startswith(b"y OK"), "the session goes on"


def test_a_literal_of_four_gigabytes(kontor):
    before = kontor.memory_kib()
    file = talk(kontor)
    last = ask(file, b"x APPEND INBOX {4294967295}\r\n")[-1]
    assert b" NO" in last or b" BAD" in last or b"BYE" in last, last
    file = talk(kontor)
    try:
        last = ask(file, b"x APPEND INBOX {4294967295+}\r\n" + b"y" * 100_000)[-1]
        assert b" NO" in last or b" BAD" in last or b"BYE" in last or not last, last
    except (ConnectionError, ssl.SSLError):
        pass  # closed while we still wrote: nothing else can end a literal that was not asked for
    assert ask(talk(kontor), b"y NOOP\r\n", b"y")[-1].startswith(b"y OK")
    assert kontor.memory_kib() - before < 100_000


def test_endless_line(kontor):
    file = talk(kontor)
    try:
        last = ask(file, b"x NOOP " + b"a" * 2_000_000 + b"\r\n")[-1]
        assert b" BAD" in last or b"BYE" in last or last == b""
    except (ConnectionError, ssl.SSLError):
        pass
    assert ask(talk(kontor), b"y NOOP\r\n", b"y")[-1].startswith(b"y OK")


def test_ten_thousand_nested_parts(kontor):
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(10_000))
    message = b"MIME-Version: 1.0\r\n" + head + b"Content-Type: text/plain\r\n\r\ndeep\r\n"
    nested = b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(10_000)) + b"Subject: deep\r\n\r\nx\r\n"
    for data in (message, nested):
        kontor.deliver("ada@example.org", data)
    file = talk(kontor)
    assert ask(file, b"x SELECT INBOX\r\n")[-1].startswith(b"x OK")
    begin = time.monotonic()
    assert ask(file, b"x FETCH 1:2 (ENVELOPE BODYSTRUCTURE)\r\n")[-1].startswith(b"x OK")
    assert time.monotonic() - begin < 10
    with kontor.imap() as client:
        bodies = [content for *_, content in snapshot(client)["INBOX"][1]]
    assert bodies[0].endswith(message) and bodies[1].endswith(nested)


def test_bad_tls(kontor):
    with socket.create_connection(("127.0.0.1", kontor.port("imaps")), timeout=30) as plain:
        plain.sendall(b"a LOGIN ada@example.org secret\r\n" * 10)
        plain.settimeout(15)
        try:
            while plain.recv(4096):
                pass
        except ConnectionError:
            pass
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with socket.create_connection(("127.0.0.1", kontor.port("imaps")), timeout=30) as raw:
            old.wrap_socket(raw)
    assert ask(talk(kontor), b"y NOOP\r\n", b"y")[-1].startswith(b"y OK")


def test_slow_loris(make_kontor):
    kontor = make_kontor(imap='login_timeout = "3s"')
    kontor.start()
    kontor.populate()
    slow = [kontor.tls().wrap_socket(socket.create_connection(("127.0.0.1", kontor.port("imaps")), timeout=30)) for _ in range(20)]
    begin = time.monotonic()
    open_sockets = set(slow)
    while open_sockets and time.monotonic() - begin < 20:
        for stream in list(open_sockets):
            try:
                stream.sendall(b"a")
                stream.settimeout(0.01)
                while True:
                    if not stream.recv(4096):
                        open_sockets.discard(stream)
                        break
            except TimeoutError:
                pass
            except (OSError, ssl.SSLError):
                open_sockets.discard(stream)
        time.sleep(0.3)
    assert not open_sockets, "a client that sends a byte now and then never logs in, and is let go"
    assert ask(talk(kontor), b"y NOOP\r\n", b"y")[-1].startswith(b"y OK")


def test_failed_logins_are_slowed_down(kontor):
    file = talk(kontor, login=False)
    begin = time.monotonic()
    for i in range(5):
        assert b" NO" in ask(file, b"x LOGIN ada@example.org wrong%d\r\n" % i)[-1]
    assert time.monotonic() - begin > 1.0
    log = kontor.log.read_text()
    assert "login.failed" in log
    assert "wrong0" not in log and "secret" not in log, "no password reaches the log"
