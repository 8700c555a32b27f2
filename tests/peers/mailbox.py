# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages to fill accounts with, and reading accounts back over IMAP for comparison."""
import base64
import pathlib
import random
import re
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def encode_folder(name):
    """Modified UTF-7 (RFC 3501 section 5.1.3)."""
    out, pending = "", ""

    def flush():
        nonlocal out, pending
        if pending:
            out += "&" + base64.b64encode(pending.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
            pending = ""

    for c in name:
        if 0x20 <= ord(c) < 0x7F:
            flush()
            out += "&-" if c == "&" else c
        else:
            pending += c
    flush()
    return out


def quoted(name):
    return '"' + encode_folder(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def crlf(message):
    """CRLF line ends, nothing else changed."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", message)


def sample_messages():
    """The collected messages beside the project where there are any, else the project's own."""
    for folder in (ROOT.parent / "shared/corpus/eml", ROOT / "tests/data/eml"):
        files = sorted(folder.glob("*.eml"))
        if files:
            return [(file.name, file.read_bytes()) for file in files]
    raise FileNotFoundError("tests/data/eml is empty")


def own_messages():
    return [(file.name, file.read_bytes()) for file in sorted((ROOT / "tests/data/eml").glob("*.eml"))]


FOLDERS = ["INBOX", "Archive/2024", "Archive/2025/Q1", "Entwürfe & Öl", "日本語", "Sent", "with space"]
KEYWORDS = ["$Forwarded", "$Label1", "NonJunk", "projektX"]


def fill(client, messages, separator="/", seed=3, folders=None, tolerant=False):
    """Appends messages spread over folders, with flags, keywords and dates. Returns how many the server refused, which
    is an error unless `tolerant`."""
    folders = folders or FOLDERS
    rng = random.Random(seed)
    for folder in folders:
        name = quoted(folder.replace("/", separator))
        if folder != "INBOX":
            client.create(name)
        if folder != "with space":
            client.subscribe(name)
    refused = 0
    for i, (_, message) in enumerate(messages):
        folder = folders[0] if rng.random() < 0.5 else rng.choice(folders)
        flags = [f for f, p in (("\\Seen", 0.7), ("\\Answered", 0.1), ("\\Flagged", 0.05), ("\\Draft", 0.01)) if rng.random() < p]
        flags += [k for k in KEYWORDS if rng.random() < 0.1]
        date = time.strftime('"%d-%b-%Y %H:%M:%S +0000"', time.gmtime(1_600_000_000 + i * 601))
        status, answer = client.append(quoted(folder.replace("/", separator)), "(" + " ".join(flags) + ")", date, crlf(message))
        if status != "OK" and not tolerant:
            raise RuntimeError(f"message {i}: {answer}")
        refused += status != "OK"
    return refused


def folder_names(client):
    """Raw names of all selectable folders."""
    names = []
    for line in client.list()[1]:
        if isinstance(line, tuple):
            line = line[0] + line[1]
        if b"\\Noselect" in line or b"\\NonExistent" in line:
            continue
        match = re.match(rb'\([^)]*\) (?:"[^"]*"|NIL) (.*)$', line)
        names.append(match.group(1).decode().strip('"'))
    return sorted(names)


ITEM = re.compile(rb'^(\d+) \((.*)$', re.S)


def snapshot(client, with_content=True):
    """{folder: (uidvalidity, [(uid, flags, instant, content)])} of the whole account."""
    out = {}
    for name in folder_names(client):
        status, _ = client.select(f'"{name}"', readonly=True)
        if status != "OK":
            raise RuntimeError(f"cannot open {name}")
        validity = int(client.response("UIDVALIDITY")[1][0])
        rows = []
        parts = "(UID FLAGS INTERNALDATE" + (" BODY.PEEK[])" if with_content else ")")
        status, answer = client.fetch("1:*", parts) if int(client.untagged_responses.get("EXISTS", [b"0"])[-1] or 0) else ("OK", [])
        content, head = None, b""
        for piece in answer:
            if isinstance(piece, tuple):
                head, content = piece
                continue
            if piece is None:
                continue
            whole = head + b" " + piece
            if b"INTERNALDATE" in whole:  # else it tells what another session changed meanwhile
                rows.append(parse_row(whole, content))
            head, content = b"", None
        out[name] = (validity, sorted(rows))
    return out


def parse_row(text, content):
    import imaplib

    uid = int(re.search(rb"UID (\d+)", text).group(1))
    flags = frozenset(f.decode().lower() for f in re.search(rb"FLAGS \(([^)]*)\)", text).group(1).split() if f.lower() != b"\\recent")
    date = re.search(rb'INTERNALDATE "[^"]*"', text)
    instant = int(time.mktime(imaplib.Internaldate2tuple(date.group(0))))
    return uid, flags, instant, content
