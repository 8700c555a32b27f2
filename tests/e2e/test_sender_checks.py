# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who sent it: SPF, DKIM and DMARC of what comes by SMTP, with a real name server and signatures of an independent tool."""
import base64
import email
import smtplib
import socket
import time

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from peers.mailbox import snapshot
from peers.name_server import NameServer
from peers.ports import wait_for
from peers.smtp_server import SmtpServer

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
DKIM_RECORD = 's1._domainkey TXT "v=DKIM1; p=' + PUBLIC[:200] + '" "' + PUBLIC[200:] + '"'

SEALING_RECORD = 'list._domainkey TXT "v=DKIM1; p=' + PUBLIC[:200] + '" "' + PUBLIC[200:] + '"'

ZONES = {
    "list.example": ['@ TXT "v=spf1 ip4:127.0.0.1 -all"', SEALING_RECORD],
    "bank.example": ['@ TXT "v=spf1 ip4:127.0.0.1 -all"', '_dmarc TXT "v=DMARC1; p=reject"', DKIM_RECORD],
    "shop.example": ['@ TXT "v=spf1 -all"', '_dmarc TXT "v=DMARC1; p=quarantine"', DKIM_RECORD],
    "plain.example": ['@ TXT "v=spf1 ip4:192.0.2.66 -all"'],
}


@pytest.fixture
def checked(make_kontor):
    """A function that starts a server which asks our name server."""
    servers = []

    def start(smtp="", more=""):
        servers.append(NameServer(ZONES))
        kontor = make_kontor(more=servers[0].toml() + more, smtp=smtp)
        kontor.start()
        kontor.populate()
        return kontor

    yield start
    for server in servers:
        server.close()


def folder(kontor, name="INBOX"):
    with kontor.imap() as client:
        folders = snapshot(client)
        return [content for *_, content in folders[name][1]] if name in folders else []


def send(kontor, sender, message, to="ada@example.org"):
    with kontor.smtp() as client:
        return client.sendmail(sender, [to], message)


def message(author, subject="x", extra=""):
    return f"From: {author}\r\nTo: ada@example.org\r\nSubject: {subject}\r\n{extra}\r\nHello.\r\n".encode()


def results(content):
    return [" ".join(value.split()) for value in email.message_from_bytes(content).get_all("Authentication-Results") or []]


def test_the_authors_domain_decides(checked):
    kontor = checked()
    send(kontor, "a@bank.example", message("a@bank.example", "good"))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(kontor, "a@plain.example", message("a@bank.example", "forged"))
    assert refused.value.smtp_code == 550 and b"5.7.1" in refused.value.smtp_error and b"bank.example" in refused.value.smtp_error
    with pytest.raises(smtplib.SMTPDataError):
        send(kontor, "a@bank.example", b"From: a@bank.example\r\n" + message("evil@plain.example", "two fields"))
    send(kontor, "a@plain.example", message("a@shop.example", "suspicious"))
    send(kontor, "a@plain.example", message("a@plain.example", "no policy"))
    good, no_policy = folder(kontor)
    assert results(good) == [f"{results(good)[0].split(';')[0]}; spf=pass smtp.mailfrom=a@bank.example; dmarc=pass (p=reject dis=none) header.from=bank.example"]
    assert "spf=fail" in results(no_policy)[0] and "dmarc=none" in results(no_policy)[0]
    junk = [content for name in ("Junk", "Spam", "Junk E-mail") for content in folder(kontor, name)]
    assert len(junk) == 1 and b"Subject: suspicious" in junk[0]
    assert "dmarc=fail (p=quarantine dis=quarantine)" in results(junk[0])[0]


def test_a_signature_of_another_tool_saves_a_forwarded_message(checked):
    kontor = checked()
    signed = message("a@bank.example", "signed")
    signed = dkim.sign(signed, b"s1", b"bank.example", PRIVATE, include_headers=[b"From", b"To", b"Subject"]) + signed
    send(kontor, "forwarder@plain.example", signed)
    with pytest.raises(smtplib.SMTPDataError):
        send(kontor, "forwarder@plain.example", signed.replace(b"Hello.", b"Hello!"))
    content, = folder(kontor)
    assert "dkim=pass header.d=bank.example header.s=s1" in results(content)[0] and "dmarc=pass" in results(content)[0]


def test_forged_results_are_taken_out(checked):
    kontor = checked('sender_checks = "note"')
    send(kontor, "a@plain.example", message("a@bank.example"))
    ours = results(folder(kontor)[0])[0].split(";")[0]
    extra = f"Authentication-Results: {ours}; dmarc=pass\r\nAuthentication-Results: other.example; dmarc=pass\r\n"
    send(kontor, "a@plain.example", message("a@bank.example", "forged", extra))
    content = folder(kontor)[1]
    assert len(results(content)) == 2
    assert "dmarc=fail (p=reject dis=reject)" in results(content)[0], "noted, not enforced"
    assert results(content)[1].startswith("other.example")


def test_spf_is_checked_before_trusted_relays(checked):
    kontor = checked('trusted_relays = ["127.0.0.1"]')
    send(kontor, "a@plain.example", b"Received: from out.plain.example (out.plain.example [192.0.2.66])\r\n\tby relay.example (Postfix)\r\n" +
         message("a@plain.example"))
    send(kontor, "a@plain.example", b"Received: from out.plain.example (out.plain.example [192.0.2.67])\r\n\tby relay.example (Postfix)\r\n" +
         message("a@plain.example"))
    first, second = folder(kontor)
    assert "spf=pass" in results(first)[0] and "spf=fail" in results(second)[0]


def test_results_of_trusted_relays_count(checked):
    """The relay saw the client and the message as it was; from others the same field is worth nothing."""
    kontor = checked('trusted_relays = ["127.0.0.1"]\ntrusted_results = ["relay.example"]')
    trace = b"Received: from out.bank.example (out.bank.example [192.0.2.66])\r\n\tby relay.example (Postfix)\r\n"
    claim = b"Authentication-Results: relay.example; spf=softfail smtp.mailfrom=a@bank.example;\r\n\tdkim=pass header.d=bank.example header.s=s1;\r\n\tdmarc=pass header.from=bank.example\r\n"
    send(kontor, "a@bank.example", trace + claim + message("a@bank.example"))
    for forged in (trace + claim.replace(b"relay.example;", b"other.example;"), trace + b"Received: from x by out.bank.example\r\n" + claim):
        with pytest.raises(smtplib.SMTPDataError):
            send(kontor, "a@bank.example", forged + message("a@bank.example"))
    content, = folder(kontor)
    assert "spf=softfail" in results(content)[0] and "dkim=pass header.d=bank.example" in results(content)[0] and "dmarc=pass" in results(content)[0]


def sealed(content, saw=b"dmarc=pass header.from=bank.example"):
    """As a list passes it on: changed, and sealed by another tool."""
    content = b"Authentication-Results: mx.list.example; " + saw + b"\r\n" + content
    fields = dkim.arc_sign(content, b"list", b"list.example", PRIVATE, b"mx.list.example", include_headers=[b"From", b"To", b"Subject"])
    return b"".join(fields) + content


def test_lists_that_are_trusted_may_change_messages(checked):
    kontor = checked('trusted_sealers = ["list.example"]')
    send(kontor, "bounces@list.example", sealed(message("a@bank.example", "[list] through")))
    for content in (sealed(message("a@bank.example")).replace(b"Hello.", b"Hello!"), sealed(message("a@bank.example"), b"dmarc=fail header.from=bank.example")):
        with pytest.raises(smtplib.SMTPDataError):
            send(kontor, "bounces@list.example", content)
    content, = folder(kontor)
    assert "dmarc=fail (p=reject dis=none arc=list.example) header.from=bank.example; arc=pass (i=1) smtp.remote-ip=127.0.0.1" in results(content)[0]


def test_what_is_forwarded_is_sealed(checked):
    """As it came, and with a chain that it already had: others find the whole chain sound."""
    with SmtpServer() as peer:
        kontor = checked(more=f'\n[sending]\nsmart_hosts = ["* 127.0.0.1:{peer.port}"]\n')
        keys = {key["record_name"] + ".": key["record"].encode() for key in kontor.json("domain", "dkim", "add", "example.org")}
        keys["list._domainkey.list.example."] = b"v=DKIM1; p=" + PUBLIC.encode()
        kontor.run("rule", "forward", "ada@example.org", "--to", "bob@example.net")
        send(kontor, "a@bank.example", message("a@bank.example", "one"))
        send(kontor, "bounces@list.example", sealed(message("b@plain.example", "two")))
        broken = sealed(message("b@plain.example", "three")).replace(b"Hello.", b"Hello!")
        send(kontor, "bounces@list.example", broken)
        wait_for(lambda: len(peer.taken) == 3, "three messages to be passed on")
        chains = {}
        for taken in peer.taken:
            status, seals, reason = dkim.arc_verify(taken.content, dnsfunc=lambda name, timeout=5: keys.get(name.decode(), b""))
            chains[email.message_from_bytes(taken.content)["Subject"]] = (status, len(seals), taken.content)
        assert chains["one"][:2] == (b"pass", 1) and chains["two"][:2] == (b"pass", 2)
        assert chains["three"][0] != b"pass" and b"cv=fail" in chains["three"][2]
        assert b"ARC-Authentication-Results: i=1;" in chains["one"][2] and b"dmarc=pass" in chains["one"][2].split(b"Return-Path")[0]


def test_a_silent_name_server_delays_but_loses_nothing(make_kontor):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        kontor = make_kontor(more=f'\n[dns]\nservers = ["127.0.0.1:{silent.getsockname()[1]}"]\ntrust_anchor_file = ""\ntimeout = "1s"\n',
                             smtp='check_time = "2s"\ncheck_threads = 2')
        kontor.start()
        kontor.populate()
        start = time.monotonic()
        send(kontor, "a@bank.example", message("a@bank.example"))
        assert time.monotonic() - start < 15
        content, = folder(kontor)
        assert "spf=temperror" in results(content)[0] and "dmarc=temperror" in results(content)[0]
