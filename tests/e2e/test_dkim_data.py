# SPDX-License-Identifier: AGPL-3.0-or-later
"""python3-dkim verifies the messages of tests/data/dkim that our own signer made: dkim_test.cc proves that it makes just these."""
import json
import pathlib
import shutil
import subprocess

import pytest

from peers.kontor import ROOT

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")

HAS_OPENDKIM = shutil.which("opendkim") is not None or pathlib.Path("/usr/sbin/opendkim").exists()
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


@pytest.mark.skipif(not HAS_OPENDKIM, reason="opendkim is not installed")
def test_opendkim_agrees(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("".join(f"{name} {record}\n" for name, record in json.loads((DATA / "keys.json").read_text()).items()))
    config = tmp_path / "conf"
    config.write_text(f"Mode v\nTestPublicKeys {keys}\nSyslog no\n")
    changed = tmp_path / "changed.eml"
    changed.write_bytes((DATA / "ours-rsa.eml").read_bytes().replace(b"last", b"lost"))
    verdicts = [subprocess.run([shutil.which("opendkim") or "/usr/sbin/opendkim", "-x", config, "-t", file], capture_output=True, text=True)
                for file in (DATA / "ours-rsa.eml", changed)]
    assert "succeeded" in verdicts[0].stdout + verdicts[0].stderr
    assert "succeeded" not in verdicts[1].stdout + verdicts[1].stderr
