# SPDX-License-Identifier: AGPL-3.0-or-later
"""A SCRAM client (RFC 5802) of our own, for protocols that no packaged client speaks it in."""
import base64
import hashlib
import hmac
import os


class Scram:
    """`binding` is (name, data) for the -PLUS forms."""

    def __init__(self, user, password, digest="sha256", binding=None):
        self.password, self.digest = password, digest
        self.header = f"p={binding[0]},," if binding else "n,,"
        self.data = binding[1] if binding else b""
        self.bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={base64.b64encode(os.urandom(12)).decode()}"
        self.signature = None

    def first(self):
        return (self.header + self.bare).encode()

    def final(self, server_first):
        server_first = server_first.decode()
        parts = dict(part.split("=", 1) for part in server_first.split(","))
        salted = hashlib.pbkdf2_hmac(self.digest, self.password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
        bound = base64.b64encode(self.header.encode() + self.data).decode()
        without_proof = f"c={bound},r={parts['r']}"
        message = f"{self.bare},{server_first},{without_proof}".encode()
        key = hmac.digest(salted, b"Client Key", self.digest)
        signature = hmac.digest(hashlib.new(self.digest, key).digest(), message, self.digest)
        self.signature = hmac.digest(hmac.digest(salted, b"Server Key", self.digest), message, self.digest)
        proof = bytes(a ^ b for a, b in zip(key, signature))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def check(self, server_final):
        assert server_final == b"v=" + base64.b64encode(self.signature), "the server does not know the password"

    def answers(self):
        """For imaplib.authenticate: challenge in, response out."""
        steps = iter([lambda _: self.first(), self.final, lambda text: self.check(text) or b""])
        return lambda challenge: next(steps)(challenge)
