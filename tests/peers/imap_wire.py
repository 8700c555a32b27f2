# SPDX-License-Identifier: AGPL-3.0-or-later
"""IMAP with nothing hidden: commands as they are typed, answers as the tokens that came."""
import re
import socket


class Atom(bytes):
    """A word, as opposed to a string in quotes or in a literal, which is bytes."""


class Answer:
    """`untagged` are lists of tokens: Atom, bytes (strings), None (NIL), lists (parentheses). `code` are the words in brackets."""

    def __init__(self, untagged, status, code, text, raw):
        self.untagged, self.status, self.code, self.text, self.raw = untagged, status, code, text, raw


class Wire:
    def __init__(self, port, name, host="127.0.0.1"):
        self.name = name
        self._socket = socket.create_connection((host, port), timeout=60)
        self._file = self._socket.makefile("rb")
        self._last = 0
        self.greeting = self._file.readline()

    def close(self):
        self._socket.close()

    def command(self, *parts):
        """Sends the parts, those in lists as non-synchronising literals, and reads up to the tagged answer."""
        self._last += 1
        tag = b"t%d" % self._last
        line = tag + b" "
        for part in parts:
            line += b"{%d+}\r\n%s" % (len(part[0]), part[0]) if isinstance(part, list) else part
        self._socket.sendall(line + b"\r\n")
        untagged, raw = [], b""
        while True:
            pieces = self._response()
            raw += b"".join(pieces)
            if pieces[0].startswith(tag + b" "):
                status, code, text = status_of(pieces[0][len(tag) + 1:].rstrip(b"\r\n"))
                return Answer(untagged, status, code, text, raw)
            if pieces[0].startswith(b"* "):
                pieces[0] = pieces[0][2:]
                untagged.append(tokens(pieces))
            elif not pieces[0].startswith(b"+"):
                raise RuntimeError(f"{self.name} said {pieces[0]!r}")

    def _response(self):
        """A line and, if it has literals, them and what follows each, alternating."""
        pieces = []
        while True:
            line = self._file.readline()
            if not line:
                raise ConnectionError(f"{self.name} closed the connection")
            pieces.append(line)
            match = re.search(rb"\{(\d+)\}\r\n$", line)
            if not match:
                return pieces
            pieces.append(self._file.read(int(match[1])))


def status_of(line):
    status, _, rest = line.partition(b" ")
    code = []
    if match := re.match(rb"\[([^\]]*)\] ?(.*)$", rest, re.S):
        code, rest = match[1].split(), match[2]
    return status.upper(), code, rest


def tokens(pieces):
    """Untagged OK, NO, BAD, BYE and PREAUTH: [status, [code...], text]."""
    first = pieces[0].split(b" ", 1)[0].upper()
    if first in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"):
        status, code, text = status_of(pieces[0].rstrip(b"\r\n"))
        return [Atom(status), code, text]
    stack = [[]]
    for i, piece in enumerate(pieces):
        if i % 2:
            stack[-1].append(piece)
            continue
        text, at = re.sub(rb"\{\d+\}\r\n$", b"", piece).rstrip(b"\r\n"), 0
        while at < len(text):
            c = text[at:at + 1]
            if c == b" ":
                at += 1
            elif c == b"(":
                stack.append([])
                at += 1
            elif c == b")":
                done = stack.pop()
                stack[-1].append(done)
                at += 1
            elif c == b'"':
                match = re.compile(rb'"((?:\\.|[^"\\])*)"').match(text, at)
                stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[1]))
                at = match.end()
            else:
                # A word may hold brackets with spaces and parentheses within: BODY[HEADER.FIELDS (To)]<0>.
                match = re.compile(rb'(?:[^\s()"\[\]]|\[[^\]]*\])+').match(text, at)
                word = match[0]
                stack[-1].append(None if word.upper() == b"NIL" else Atom(word))
                at = match.end()
    assert len(stack) == 1, pieces
    return stack[0]


def fetched(answer):
    """{sequence number: {ITEM: value}} of the FETCH responses, later ones on top."""
    out = {}
    for line in answer.untagged:
        if len(line) == 3 and isinstance(line[1], Atom) and line[1].upper() == b"FETCH":
            items = line[2]
            out.setdefault(int(line[0]), {}).update({bytes(items[i]).upper(): items[i + 1] for i in range(0, len(items), 2)})
    return out
