#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seals `message.eml` once and twice by python3-dkim (dkimpy): python-arc-1.eml and python-arc-2.eml. Keys as in make.py."""
import pathlib

import dkim

HERE = pathlib.Path(__file__).parent


def sealed(message, server, saw):
    results = b"Authentication-Results: " + server + b"; " + saw + b"\r\n"
    fields = dkim.arc_sign(results + message, b"rsa", b"example.org", (HERE / "rsa.pem").read_bytes(), server,
                           include_headers=[b"From", b"To", b"Subject"], timestamp=1700000000)
    return b"".join(fields) + results + message


if __name__ == "__main__":
    one = sealed((HERE / "message.eml").read_bytes(), b"relay.example.org", b"spf=pass smtp.mailfrom=ada@example.org; arc=none")
    (HERE / "python-arc-1.eml").write_bytes(one)
    two = sealed(one, b"second.example.org", b"arc=pass; dmarc=pass header.from=example.org")
    (HERE / "python-arc-2.eml").write_bytes(two)
