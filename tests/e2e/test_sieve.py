# SPDX-License-Identifier: AGPL-3.0-or-later
"""What scripts do, by `kontor sieve test`, against Pigeonhole's sieve-test over the same scripts and messages."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from peers.kontor import KONTOR

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "tests/data/sieve").glob("*.sieve"))
MESSAGES = sorted((ROOT / "tests/data/eml").glob("*.eml"))

CONFIG = """protocols =
mail_location = maildir:{home}/mail
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
ssl = no
recipient_delimiter = +
plugin {{
  sieve_extensions = +editheader +vacation-seconds
}}
"""

# Where the two read a message in different ways, and why.
DIFFERENT = {
    ("contents", "09-forwarded"),  # ":anychild" there does not look into the message that was forwarded
    ("contents", "21-unknown-charset"),  # text of an unknown charset is guessed here, and not read there
    ("headers", "05-latin1-raw-header"),  # the header's bytes are no UTF-8, so there they are no mailbox's name
}


def words(flags):
    return tuple(sorted(flag.lower() for flag in flags))


def pigeonhole(home, script, message):
    command = ["sieve-test", "-c", str(home / "dovecot.conf"), "-f", "sender@example.net", "-r", "me+work@example.org",
               "-a", "me+work@example.org", str(script), str(message)]
    done = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", timeout=60,
                          env={**os.environ, "HOME": str(home), "TZ": "UTC"}, check=False)
    assert done.returncode == 0, done.stderr
    actions, is_implicit, in_message = [], False, False
    for line in done.stdout.splitlines():
        if line in ("START MESSAGE", "END MESSAGE"):
            in_message = line == "START MESSAGE"
        elif in_message:
            continue
        elif line == "Implicit keep:":
            is_implicit = True
        elif line.startswith(" * store message in folder: "):
            name = line.split(": ", 1)[1]
            actions.append(["keep" if is_implicit or name == "INBOX" else "file " + name, ()])
        elif line.startswith("        + add IMAP flags: "):
            actions[-1][1] = words(line.split(": ", 1)[1].split())
        elif line.startswith(" * redirect message to: "):
            actions.append(["redirect " + line.split(": ", 1)[1].strip("<>"), ()])
        elif line.startswith(" * reject message with reason: "):
            actions.append(["reject " + line.split(": ", 1)[1], ()])
        elif line.startswith(" * send vacation message"):
            actions.append(["vacation", ()])
        elif line.startswith(" * send notification"):
            actions.append(["notify", ()])
    return actions or [["discard", ()]]


def kontor_runs(script, message):
    done = subprocess.run([KONTOR, "sieve", "test", "--script", script, "--message", message, "--from", "sender@example.net",
                           "--to", "me+work@example.org", "--json"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    actions = []
    for line in json.loads(done.stdout)["actions"].splitlines():
        line, _, _ = line.partition(" edition=")
        line, _, flags = line.partition(" flags=(")
        kind, _, rest = line.replace(" create", "").partition(" ")
        text = rest.strip('"').replace('\\"', '"').replace("\\\\", "\\")
        if kind == "edition":
            continue
        name = {"fileinto": "file " + text, "redirect": "redirect " + text, "reject": "reject " + text}.get(kind, kind)
        actions.append([name, words(flags.rstrip(")").split())])
    return actions


@pytest.fixture
def home():
    """Where sieve-test, which gives up root's rights, can read and write."""
    with tempfile.TemporaryDirectory(prefix="kontor-sieve-") as folder:
        path = pathlib.Path(folder)
        (path / "dovecot.conf").write_text(CONFIG.format(home=path))
        (path / "mail").mkdir()
        for each in (path, path / "mail"):
            each.chmod(0o777)
        yield path


@pytest.mark.skipif(not shutil.which("sieve-test"), reason="needs Debian's dovecot-sieve")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_actions_are_pigeonholes(home, script):
    own = home / script.name
    shutil.copy(script, own)
    different = {}
    for message in MESSAGES:
        if (script.stem, message.stem) in DIFFERENT:
            continue
        ours, theirs = kontor_runs(own, message), pigeonhole(home, own, message)
        if ours != theirs:
            different[message.stem] = (ours, theirs)
    assert not different


# Real mail, where it is there: every so-manieth.
CORPUS = sorted((ROOT / "../shared/corpus/eml").glob("*.eml"))[3::120]


def same_as_shown(ours, theirs):
    """sieve-test shows the beginning of long names."""
    return len(ours) == len(theirs) and all(
        one[1] == other[1] and (one[0] == other[0] or (other[0].endswith("...") and one[0].startswith(other[0][:-3])))
        for one, other in zip(ours, theirs))


@pytest.mark.skipif(not shutil.which("sieve-test") or not CORPUS, reason="needs Debian's dovecot-sieve and a corpus")
def test_actions_on_real_mail_are_pigeonholes(home):
    different = {}
    for script in SCRIPTS:
        own = home / script.name
        shutil.copy(script, own)
        for message in CORPUS:
            copy = home / message.name
            shutil.copy(message, copy)
            copy.chmod(0o644)
            try:
                ours, theirs = kontor_runs(own, copy), pigeonhole(home, own, copy)
            except AssertionError as fault:
                if "Panic" in str(fault):  # it dies of editing a message that is nothing but a header
                    continue
                raise
            if not same_as_shown(ours, theirs):
                different[script.stem, message.stem] = (ours, theirs)
    assert not different


def test_faults_are_shown_with_their_places(tmp_path):
    script = tmp_path / "bad.sieve"
    script.write_text('require "fileinto";\nif header :is "subject" "x" {\n  fileinto :copy "x";\n  bogus;\n}\n')
    done = subprocess.run([KONTOR, "sieve", "check", "--script", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "line 3, column 12: ':copy' needs require \"copy\"; at the script's beginning.",
        "line 4, column 3: There is no command 'bogus'.",
    ]
    script.write_text("keep;")
    done = subprocess.run([KONTOR, "sieve", "check", "--script", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "The script is sound.\n")
