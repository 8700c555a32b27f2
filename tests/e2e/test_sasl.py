# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logins with SASL: SCRAM with an independent client, tokens of an identity provider, certificates."""
import base64
import hashlib
import hmac
import http.server
import imaplib
import json
import poplib
import ssl
import subprocess
import threading
import time
import urllib.parse

import pytest

from peers.scram import Scram

ADA = "ada@example.org"


def gsasl(kontor, mechanism, password="secret", *options):
    """GNU SASL's own client, over STARTTLS. Where it can bind the channel it takes no mechanism that does not."""
    if not mechanism.endswith("-PLUS"):
        options = (*options, "--no-cb")
    command = ["gsasl", "--client", "--imap", "--connect", f"127.0.0.1:{kontor.port('imap')}", "--starttls",
               "--x509-ca-file", str(kontor.certificate), "--mechanism", mechanism, "--authentication-id", ADA,
               "--password", password, "--verbose", *options]
    return subprocess.run(command, input=". LOGOUT\r\n", capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"])
def test_gsasl(kontor, mechanism):
    done = gsasl(kontor, mechanism)
    assert "OK" in done.stdout and "logged in" in done.stdout, done.stdout + done.stderr
    done = gsasl(kontor, mechanism, "wrong")
    assert "logged in" not in done.stdout
    assert "AUTHENTICATIONFAILED" in done.stdout, done.stdout + done.stderr


def test_scram_comes_when_every_password_has_its_keys(make_kontor):
    server = make_kontor().start()
    server.populate(["ada"])
    digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
    server.run("user", "add", "ben@example.org", "--password-hash-stdin", input="{SHA}" + digest + "\n")

    def announced():
        client = server.imap(user=None)
        return {word for word in client.capabilities if word.startswith("AUTH=SCRAM")}

    assert announced() == set()
    server.imap("ben@example.org").logout()
    assert announced() == {"AUTH=SCRAM-SHA-256-PLUS", "AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1-PLUS", "AUTH=SCRAM-SHA-1"}
    client = server.imap(user=None)
    client.authenticate("SCRAM-SHA-256", Scram("ben@example.org", "secret").answers())
    client.logout()


def test_app_passwords_and_bound_channels(kontor):
    secret = kontor.json("user", "app-password", "add", ADA, "--label", "phone")["secret"]
    client = kontor.imap(user=None)
    client.authenticate("SCRAM-SHA-256", Scram(ADA, secret).answers())
    client.logout()
    client = kontor.imap(user=None)
    end_point = hashlib.sha256(client.sock.getpeercert(True)).digest()
    client.authenticate("SCRAM-SHA-256-PLUS", Scram(ADA, "secret", binding=("tls-server-end-point", end_point)).answers())
    client.logout()
    client = kontor.imap(user=None)
    with pytest.raises(imaplib.IMAP4.error):
        client.authenticate("SCRAM-SHA-256-PLUS", Scram(ADA, "secret", binding=("tls-server-end-point", bytes(32))).answers())


def test_pop3_takes_scram(kontor):
    for digest, name in (("sha1", "SCRAM-SHA-1"), ("sha256", "SCRAM-SHA-256")):
        scram = Scram(ADA, "secret", digest)
        client = kontor.pop3(user=None)

        # poplib takes only +OK and -ERR for answers: the exchange goes by its lines.
        def exchange(line):
            client._putcmd(line)
            return client._getline()[0]

        first = exchange(f"AUTH {name} {base64.b64encode(scram.first()).decode()}")
        last = exchange(base64.b64encode(scram.final(base64.b64decode(first[2:]))).decode())
        scram.check(base64.b64decode(last[2:]))
        assert exchange("").startswith(b"+OK")
        assert client.stat() == (0, 0)
        client.quit()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(sign, algorithm, **claims):
    claims = {"iss": "https://id.example", "aud": "kontor", "exp": int(time.time()) + 600, "email": ADA, **claims}
    text = url64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + "." + url64(json.dumps(claims).encode())
    return text + "." + url64(sign(text.encode()))


def bearer(value, user=ADA):
    return f"n,a={user},\x01host=mail.example.org\x01port=993\x01auth=Bearer {value}\x01\x01".encode()


def xoauth2(value, user=ADA):
    return f"user={user}\x01auth=Bearer {value}\x01\x01".encode()


def try_token(server, mechanism, response):
    client = server.imap(user=None)
    answers = iter([response, b"\x01"])
    try:
        client.authenticate(mechanism, lambda _: next(answers))
    except imaplib.IMAP4.error as refusal:
        assert "AUTHENTICATIONFAILED" in str(refusal)
        return False
    client.logout()
    return True


def test_tokens_signed_by_known_keys(make_kontor, tmp_path):
    key, public = tmp_path / "key.pem", tmp_path / "public.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    secret = tmp_path / "shared.secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    server = make_kontor(more=f"""
[oauth]
keys = ["{public}", "{secret}"]
issuer = "https://id.example"
audience = "kontor"

[limits]
failures_before_delay = 100  # what is waited for after so many bad tokens is none of this test
""").start()
    server.populate()

    def by_rsa(text):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, check=True, capture_output=True).stdout

    def by_secret(text):
        return hmac.digest(b"0123456789abcdef0123456789abcdef", text, "sha256")

    for good in (token(by_rsa, "RS256"), token(by_secret, "HS256")):
        assert try_token(server, "OAUTHBEARER", bearer(good))
        assert try_token(server, "XOAUTH2", xoauth2(good))
        assert not try_token(server, "XOAUTH2", xoauth2(good, "ben@example.org")), "it is Ada's"
    for bad in (token(by_rsa, "HS256"), token(by_secret, "RS256"), token(by_rsa, "RS256", aud="other"), token(by_rsa, "RS256", exp=1000),
                token(by_rsa, "RS256", iss="https://evil.example"), token(by_rsa, "RS256", email="nobody@example.org"), "junk"):
        assert not try_token(server, "OAUTHBEARER", bearer(bad))
    client = server.pop3(user=None)
    assert client._shortcmd("AUTH XOAUTH2 " + base64.b64encode(xoauth2(token(by_rsa, "RS256"))).decode()).startswith(b"+OK")
    client.quit()
    assert server.log.read_text().count("login.failed") == 9, "each counts as a failed login"
    assert "Bearer" not in server.log.read_text() and "eyJ" not in server.log.read_text(), "tokens stay out of the log"


class Provider(http.server.BaseHTTPRequestHandler):
    """RFC 7662: knows one token."""

    def do_POST(self):
        body = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        may_ask = self.headers["Authorization"] == "Basic " + base64.b64encode(b"kontor:hush").decode()
        answer = {"active": body["token"] == ["opaque+good"], "username": ADA}
        self.send_response(200 if may_ask else 401)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


def test_tokens_that_the_provider_knows(make_kontor, tmp_path):
    provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    (tmp_path / "secret").write_text("hush\n")
    server = make_kontor(more=f"""
[oauth]
introspection_url = "http://127.0.0.1:{provider.server_port}/introspect"
client_id = "kontor"
client_secret_file = "{tmp_path}/secret"
user_claim = "username"
""").start()
    server.populate()
    assert try_token(server, "OAUTHBEARER", bearer("opaque+good"))
    assert not try_token(server, "OAUTHBEARER", bearer("opaque+bad"))
    provider.shutdown()
    provider.server_close()
    client = server.imap(user=None)
    with pytest.raises(imaplib.IMAP4.error, match="UNAVAILABLE"):
        client.authenticate("OAUTHBEARER", lambda _: bearer("opaque+good"))


def openssl(*arguments, **options):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, **options)


def make_client_certificate(folder, address, authority):
    """A key and a certificate for a mail address; by the authority with that name, which is made if need be."""
    ca = folder / f"{authority}.pem"
    if not ca.exists():
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{authority}.key", "-out", ca, "-subj", f"/CN={authority}", "-days", 2)
    base = folder / f"{address}-{authority}"
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{base}.key", "-out", f"{base}.csr", "-subj", "/CN=client")
    (folder / "extensions").write_text(f"subjectAltName=email:{address}\nextendedKeyUsage=clientAuth\n")
    openssl("x509", "-req", "-in", f"{base}.csr", "-CA", ca, "-CAkey", folder / f"{authority}.key", "-CAcreateserial", "-out", f"{base}.pem",
            "-days", 2, "-extfile", folder / "extensions")
    return f"{base}.pem", f"{base}.key"


def test_certificates(make_kontor, tmp_path):
    ours = make_client_certificate(tmp_path, ADA, "authority")
    theirs = make_client_certificate(tmp_path, ADA, "stranger")
    server = make_kontor(more=f'[tls]\nclient_authorities = "{tmp_path}/authority.pem"\n').start()
    server.populate()

    def connect(certificate):
        context = server.tls()
        if certificate:
            context.load_cert_chain(*certificate)
        return imaplib.IMAP4_SSL("127.0.0.1", server.port("imaps"), ssl_context=context, timeout=30)

    client = connect(ours)
    assert "AUTH=EXTERNAL" in client.capabilities
    client.authenticate("EXTERNAL", lambda _: b"")
    assert client.select("INBOX")[0] == "OK"
    client.logout()
    client = connect(ours)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHORIZATIONFAILED"):
        client.authenticate("EXTERNAL", lambda _: b"ben@example.org")
    for certificate in (None, theirs):
        client = connect(certificate)
        assert "AUTH=EXTERNAL" not in client.capabilities
        with pytest.raises(imaplib.IMAP4.error):
            client.authenticate("EXTERNAL", lambda _: ADA.encode())
        client.login(ADA, "secret")
        client.logout()
    context = server.tls()
    context.load_cert_chain(*ours)
    client = poplib.POP3_SSL("127.0.0.1", server.port("pop3s"), context=context, timeout=30)
    assert client._shortcmd("AUTH EXTERNAL " + base64.b64encode(ADA.encode()).decode()).startswith(b"+OK")
    client.quit()
    assert ssl.HAS_TLSv1_3
