# SPDX-License-Identifier: AGPL-3.0-or-later
"""Searches find what stands in attached documents, which another process reads."""
import email.message
import os
import signal
import subprocess

import pytest

from peers.kontor import ROOT

pytestmark = pytest.mark.short

DOCUMENTS = ROOT / "tests/data/documents"
# File, the type its sender gives it, a word that only it has.
SENT = [
    ("letter.pdf", "application/pdf", "Luftpost"),
    ("cairo.pdf", "application/octet-stream", "Straßenbahn"),
    ("letter.docx", "application/msword", "Zeppelinpost"),
    ("sheet.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "4711.5"),
    ("slides.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "Ausblick"),
    ("text.odt", "application/vnd.oasis.opendocument.text", "Edsger"),
    ("book.epub", "application/epub+zip", "Kapitel"),
    ("letter.rtf", "application/rtf", "Привет"),
]


def deliver_all(kontor):
    with kontor.lmtp() as client:
        for file, kind, _ in SENT:
            message = email.message.EmailMessage()
            message["Subject"] = "enclosed"
            message.set_content("see the attachment\n")
            message.add_attachment((DOCUMENTS / file).read_bytes(), *kind.split("/"), filename=file)
            client.sendmail("x@example.com", ["ada@example.org"], message.as_bytes())


def found(client, key, word):
    client.literal = word.encode()
    answer = client.uid("SEARCH", "CHARSET", "UTF-8", key)[1][0]
    return [int(number) for number in answer.split()]


def readers(kontor):
    done = subprocess.run(["pgrep", "-P", str(kontor.process.pid), "kontor-extract"], capture_output=True, text=True)
    return [int(pid) for pid in done.stdout.split()]


def test_what_stands_in_documents_is_found(kontor):
    deliver_all(kontor)
    with kontor.imap("ada@example.org") as client:
        client.select("INBOX")
        for number, (file, _, word) in enumerate(SENT, 1):
            assert found(client, "BODY", word) == [number], file
            assert found(client, "TEXT", word.lower()) == [number], file
        assert found(client, "BODY", "gestrichen") == []
        # Whatever ends the readers, others take their place.
        for reader in readers(kontor):
            os.kill(reader, signal.SIGKILL)
        deliver_all(kontor)
        client.noop()
        assert found(client, "BODY", "Luftpost") == [1, 1 + len(SENT)]


def test_documents_are_not_read_if_that_is_wanted(make_kontor):
    kontor = make_kontor(more="[search]\nextract = false\n")
    kontor.start()
    kontor.populate()
    deliver_all(kontor)
    with kontor.imap("ada@example.org") as client:
        client.select("INBOX")
        assert found(client, "BODY", "Luftpost") == []
        assert len(found(client, "BODY", "attachment")) == len(SENT)
    assert readers(kontor) == []
