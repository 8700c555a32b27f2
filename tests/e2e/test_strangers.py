# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clients that nobody knows: block lists in DNS and greylisting, with a real name server. The PROXY protocol says who comes."""
import imaplib
import ipaddress
import smtplib
import socket
import time

import pytest

from peers.kontor import Kontor
from peers.mailbox import snapshot
from peers.name_server import NameServer

ZONES = {
    "block.example": ["7.2.0.192 A 127.0.0.2", "8.2.0.192 A 127.0.0.9", "9.2.0.192 A 127.255.255.254",
                      ".".join(reversed(ipaddress.ip_address("2001:db8::7").exploded.replace(":", ""))) + " A 127.0.0.2"],
    "dubious.example": ["8.2.0.192 A 127.0.0.4"],
    "farm.example": ['@ TXT "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all"'],
}
SMTP = """sender_checks = "note"
greylisting = true
greylist_delay = "1s"
block_lists = ["block.example reject 127.0.0.2-127.0.0.8", "dubious.example mark", "gone.invalid reject"]
block_list_time = "2s"
"""


def connect(port, address):
    """A connection that a proxy says comes from `address`."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=60)
    there = ipaddress.ip_address(address)
    here = ipaddress.ip_address("127.0.0.1" if there.version == 4 else "::1")
    addresses = there.packed + here.packed + b"\x12\x34\0\x19"
    peer.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21" + (b"\x11" if there.version == 4 else b"\x21") + len(addresses).to_bytes(2, "big") + addresses)
    return peer


class From(smtplib.SMTP):
    def __init__(self, address, port):
        self.address = address
        super().__init__("127.0.0.1", port, timeout=60)

    def _get_socket(self, host, port, timeout):
        return connect(port, self.address)


class Reader(imaplib.IMAP4_SSL):
    def _create_socket(self, timeout):
        return self.ssl_context.wrap_socket(connect(self.port, "127.0.0.1"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    names = NameServer(ZONES)
    kontor = Kontor(tmp_path_factory.mktemp("strangers"), server='proxy_from = ["127.0.0.1"]', smtp=SMTP, more=names.toml())
    kontor.start()
    kontor.populate(("ada", "postmaster"))
    yield kontor
    kontor.close()
    names.close()


def answer(server, address, sender="x@plain.example", to="ada@example.org"):
    with From(address, server.port("smtp")) as client:
        client.ehlo("client.example")
        client.mail(sender)
        code, text = client.rcpt(to)
        if code != 250:
            return code, text.decode()
        return client.data(f"From: {sender}\r\nSubject: from {address}\r\n\r\nx\r\n")[0], ""


def test_who_is_listed_is_refused(server):
    for address in ("192.0.2.7", "2001:db8::7"):
        code, text = answer(server, address)
        assert code == 550 and "block.example" in text and address in text, (address, code, text)
    assert answer(server, "192.0.2.7", to="nobody@example.org")[0] == 550
    with From("192.0.2.7", server.port("smtp")) as client:
        client.ehlo("client.example")
        client.mail("x@plain.example")
        assert client.rcpt("postmaster@example.org")[0] == 250, "who is blocked by mistake can say so"


def test_codes_of_faults_and_lists_that_do_not_answer_block_nobody(server):
    start = time.monotonic()
    assert answer(server, "192.0.2.9")[0] == 450, "greylisted, not blocked"
    assert time.monotonic() - start < 10


def test_who_sends_first_comes_again(server):
    assert answer(server, "192.0.2.8", "a@dubious-sender.example")[0] == 450
    time.sleep(1.1)
    server.stop()
    server.start()
    assert answer(server, "192.0.2.8", "a@dubious-sender.example")[0] == 250
    assert answer(server, "192.0.2.108", "a@dubious-sender.example")[0] == 250, "a neighbour"
    with Reader("127.0.0.1", server.port("imaps"), ssl_context=server.tls()) as client:
        client.login("ada@example.org", "secret")
        marked = [content for *_, content in snapshot(client)["INBOX"][1] if b"Subject: from 192.0.2.8" in content]
    assert b"\r\nX-Blocked-By: dubious.example (127.0.0.4)\r\n" in marked[0]


def test_a_domains_farm_is_one(server):
    assert answer(server, "192.0.2.20", "a@farm.example")[0] == 450
    time.sleep(1.1)
    assert answer(server, "198.51.100.20", "a@farm.example")[0] == 250, "SPF vouches for both"
    assert answer(server, "203.0.113.20", "a@farm.example")[0] == 450, "but not for this one"
