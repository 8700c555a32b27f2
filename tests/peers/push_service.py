# SPDX-License-Identifier: AGPL-3.0-or-later
"""A push service (RFC 8030) and the devices behind it, which decrypt what they are told (RFC 8291)."""
import base64
import http.server
import json
import os
import ssl
import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _derived(key, salt, info, size):
    return HKDF(hashes.SHA256(), size, salt, info).derive(key)


class Device:
    """What a browser has of one subscription."""

    def __init__(self, service, name):
        self.name = name
        self.url = f"https://127.0.0.1:{service.port}/{name}"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = self._key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.secret = os.urandom(16)
        self.told = []

    def subscription(self, **more):
        return {"deviceClientId": self.name, "url": self.url, "keys": {"p256dh": encoded(self.public), "auth": encoded(self.secret)}, **more}

    def decrypt(self, body):
        """RFC 8188 and RFC 8291, of one record."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21:21 + length], body[21 + length:]
        assert len(sealed) <= size <= 4096 and len(body) <= 4096
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        material = _derived(shared, self.secret, b"WebPush: info\0" + self.public + sender, 32)
        key, nonce = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16), _derived(material, salt, b"Content-Encoding: nonce\0", 12)
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert text.endswith(b"\2"), "the last record"
        return json.loads(text[:-1])


class PushService:
    """Answers 201, or what `answers` has: a list of (status, headers), one for each request."""

    def __init__(self, certificate):
        self.devices, self.answers, self.requests = {}, [], []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = owner.answers.pop(0) if owner.answers else (201, {})
                owner.requests.append((status, self.path, self.headers))
                device = owner.devices.get(self.path[1:])
                if status == 201 and device:
                    owner.check(self.headers)
                    device.told.append(device.decrypt(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*map(str, certificate))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.key = None  # the server's, once it said so
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def device(self, name):
        self.devices[name] = Device(self, name)
        return self.devices[name]

    def check(self, headers):
        """VAPID (RFC 8292): signed for this service, with the key that devices subscribed for."""
        assert headers["Content-Encoding"] == "aes128gcm" and int(headers["TTL"]) > 0 and headers["Urgency"] == "high"
        scheme, rest = headers["Authorization"].split(" ", 1)
        values = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid" and (self.key is None or values["k"] == self.key)
        signed, signature = values["t"].rsplit(".", 1)
        raw = decoded(signature)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(values["k"]))
        public.verify(encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")), signed.encode(), ec.ECDSA(hashes.SHA256()))
        claims = json.loads(decoded(signed.split(".")[1]))
        assert claims["aud"] == f"https://127.0.0.1:{self.port}" and claims["sub"].startswith("mailto:")

    def close(self):
        self._server.shutdown()
        self._server.server_close()
