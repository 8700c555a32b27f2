#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cuts the transcripts of tests/transcripts into seeds for the fuzz targets: fuzz_seeds.py FOLDER."""
import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rn0\\]))")


def bytes_of(text):
    """A transcript's escapes undone; what it leaves open (<*>, ${name}, {@}) becomes something of the kind."""
    text = text.replace("<*>", "text").replace("{@+}", "{3+}").replace("{@}", "{3}")
    text = re.sub(r"\$\{\w+\}", "7", text)
    plain = {"r": "\r", "n": "\n", "0": "\0", "\\": "\\"}
    parts, last = [], 0
    for match in ESCAPE.finditer(text):
        parts.append(text[last:match.start()].encode())
        parts.append(bytes([int(match[1], 16)]) if match[1] else plain[match[2]].encode())
        last = match.end()
    parts.append(text[last:].encode())
    return b"".join(parts)


def lines(protocol, side):
    """What one side (C or S) says in a protocol's transcripts, by scenario."""
    for file in sorted((ROOT / "tests/transcripts" / protocol).glob("*.txt")):
        scenario = []
        for line in file.read_text().splitlines():
            if line.startswith("= ") and scenario:
                yield scenario
                scenario = []
            if match := re.match(r"\d*(C-?|S(?:\.\.)?): (.*)$", line):
                if match[1][0] == side:
                    scenario.append(bytes_of(match[2]))
        if scenario:
            yield scenario


# A command's name with what stands before the arguments that the target reads.
NAMES = re.compile(rb"^\S+ (?:UID )?(?:FETCH \S+ |SEARCH |SORT |THREAD |STORE \S+ |[A-Z]+ )", re.I)


def imap_commands():
    for line in (line for scenario in lines("imap", "C") for line in scenario):
        if line:
            yield line
            yield NAMES.sub(b"", line)


def sessions(protocol, side):
    for scenario in lines(protocol, side):
        yield b"".join(line + b"\r\n" for line in scenario)


TARGETS = {
    "imap_command_fuzz": imap_commands,
    "imap_response_fuzz": lambda: sessions("imap", "S"),
    "imap_text_fuzz": imap_commands,
    "lmtp_fuzz": lambda: [*sessions("lmtp", "C"), *(line for scenario in lines("lmtp", "C") for line in scenario)],
    "pop3_fuzz": lambda: [*sessions("pop3", "C"), *(line for scenario in lines("pop3", "C") for line in scenario)],
}


def main():
    out = pathlib.Path(sys.argv[1])
    for target, seeds in TARGETS.items():
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds():
            if len(seed) <= 8192:
                (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    sys.exit(main())
