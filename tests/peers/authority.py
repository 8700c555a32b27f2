# SPDX-License-Identifier: AGPL-3.0-or-later
"""A certificate authority of one's own, and the access tokens of an identity provider of one's own."""
import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import time


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Authority:
    """Issues certificates; `certificate` is the one to trust."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / "authority.pem"
        self._key = self.folder / "authority.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self._key, "-out",
                self.certificate, "-days", 2, "-subj", "/CN=Tests of Kontor", "-addext", "basicConstraints=critical,CA:TRUE")

    def issue(self, name, alternatives="IP:127.0.0.1,DNS:localhost", days=2):
        """(certificate, key) of a server; `days` may be negative: then it has expired."""
        request, certificate, key = (self.folder / f"{name}.{end}" for end in ("csr", "pem", "key"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj",
                f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", days, "-extfile",
                extensions, "-out", certificate)
        return certificate, key


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def access_token(user, secret, lifetime=600):
    """A JSON Web Token (RFC 7519, HS256) that says who its bearer is."""
    now = int(time.time())
    claims = {"iss": "https://login.example.org", "sub": user, "email": user, "iat": now - 5, "nbf": now - 5, "exp": now + lifetime}
    signed = _encoded(json.dumps({"typ": "JWT", "alg": "HS256"}).encode()) + b"." + _encoded(json.dumps(claims).encode())
    return (signed + b"." + _encoded(hmac.new(secret, signed, hashlib.sha256).digest())).decode()
