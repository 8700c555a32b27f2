#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signs `message.eml` by python3-dkim (dkimpy), in every form: python-*.eml. The keys are for tests only; keys.json is what DNS
would say of them. ours-*.eml are the same message with the field that DkimSigner makes."""
import base64
import json
import pathlib
import subprocess

import dkim

HERE = pathlib.Path(__file__).parent
MESSAGE = (
    b"Received: from a.example by b.example;\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"From: Ada  <ada@example.org>\r\nSubject:   folded \r\n\t and\twide   \r\nTo: ben@example.com\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"X-Twice: one\r\nX-Twice: two\r\nMessage-ID: <1@example.org>\r\n\r\n"
    b"First line  \r\n\tindented  and   wide\r\n \r\n\r\n.dot\r\nlast \r\n\r\n \t\r\n\r\n"
)
FIELDS = [b"from", b"subject", b"to", b"date", b"x-twice", b"x-twice", b"message-id", b"cc"]

if __name__ == "__main__":
    (HERE / "message.eml").write_bytes(MESSAGE)
    rsa = (HERE / "rsa.pem").read_bytes()
    der = subprocess.run(["openssl", "pkey", "-in", HERE / "ed25519.pem", "-outform", "DER"], capture_output=True, check=True).stdout
    seed = base64.b64encode(der[-32:])
    for name, selector, key, forms, extra in (
            ("simple-simple", b"rsa", rsa, (b"simple", b"simple"), {}),
            ("simple-relaxed", b"rsa", rsa, (b"simple", b"relaxed"), {}),
            ("relaxed-simple", b"rsa", rsa, (b"relaxed", b"simple"), {}),
            ("relaxed-relaxed", b"rsa", rsa, (b"relaxed", b"relaxed"), {}),
            ("length", b"rsa", rsa, (b"relaxed", b"relaxed"), {"length": True}),
            ("ed25519", b"ed", seed, (b"relaxed", b"relaxed"), {"signature_algorithm": b"ed25519-sha256"})):
        field = dkim.sign(MESSAGE, selector, b"example.org", key, canonicalize=forms, include_headers=FIELDS, **extra)
        (HERE / f"python-{name}.eml").write_bytes(field + MESSAGE)
    public = subprocess.run(["openssl", "pkey", "-in", HERE / "rsa.pem", "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
    edpub = subprocess.run(["openssl", "pkey", "-in", HERE / "ed25519.pem", "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
    (HERE / "keys.json").write_text(json.dumps({
        "rsa._domainkey.example.org": "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode(),
        "ed._domainkey.example.org": "v=DKIM1; k=ed25519; p=" + base64.b64encode(edpub[-32:]).decode()}, indent=1) + "\n")
