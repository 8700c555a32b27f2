# SPDX-License-Identifier: AGPL-3.0-or-later
"""python3-dkim verifies the messages of tests/data/dkim that our own signer made: dkim_test.cc proves that it makes just these."""
import json

import pytest

from peers.kontor import ROOT

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")

DATA = ROOT / "tests/data/dkim"


def answer(keys):
    known = {name + ".": text for name, text in keys.items()}
    return lambda name, timeout=5: known.get(name.decode() if isinstance(name, bytes) else name, "").encode()


@pytest.mark.parametrize("file", ["ours-rsa.eml", "ours-ed25519.eml"])
def test_python_dkim_agrees(file):
    lookup = answer(json.loads((DATA / "keys.json").read_text()))
    message = (DATA / file).read_bytes()
    assert dkim.verify(message, dnsfunc=lookup)
    assert not dkim.verify(message.replace(b"Ada", b"Eve"), dnsfunc=lookup)
    assert not dkim.verify(message.replace(b"last", b"lost"), dnsfunc=lookup)
    assert not dkim.verify(message.replace(b"\r\nTo:", b"\r\nCc: eve@example.com\r\nTo:", 1), dnsfunc=lookup)


@pytest.mark.parametrize("file", ["ours-arc-1.eml", "ours-arc-2.eml"])
def test_python_arc_agrees(file):
    lookup = answer(json.loads((DATA / "keys.json").read_text()))
    message = (DATA / file).read_bytes()
    status, results, reason = dkim.arc_verify(message, dnsfunc=lookup)
    assert status == b"pass" and len(results) == int(file[9]), reason
    for old, new in ((b"Ada", b"Eve"), (b"last", b"lost"), (b"spf=pass", b"spf=fail"), (b"\r\nTo:", b"\r\nCc: eve@example.com\r\nTo:")):
        assert dkim.arc_verify(message.replace(old, new, 1), dnsfunc=lookup)[0] == b"fail", new
