# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spam and viruses, by rspamd and, through it, ClamAV; and what rspamd learns from people who move messages."""
import contextlib
import email
import pathlib
import smtplib
import tempfile

import pytest

from peers.kontor import Kontor
from peers.milters import EICAR, Clamd, Rspamd
from peers.ports import wait_for

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*{}*C.34X"
REJECT = GTUBE.format("GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL")
ADD_HEADER = "YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

if not pathlib.Path("/usr/bin/rspamd").exists():
    pytest.skip("there is no rspamd here: scripts/packages.sh test", allow_module_level=True)


class Place:
    def __init__(self, folder):
        self.short = tempfile.TemporaryDirectory(prefix="rspamd-")
        short = pathlib.Path(self.short.name)
        # What was started ends also if what comes then does not start.
        with contextlib.ExitStack() as started:
            started.callback(self.short.cleanup)
            self.clamd = Clamd(short) if pathlib.Path("/usr/sbin/clamd").exists() else None
            if self.clamd:
                started.callback(self.clamd.close)
            self.rspamd = Rspamd(short)
            started.callback(self.rspamd.close)
            (short / "password").write_text("secret\n")
            self.kontor = Kontor(folder, more=f"""
[filters]
received = ["rspamd http://127.0.0.1:{self.rspamd.port} timeout=20s"]
lmtp = ["milter 127.0.0.1:{self.rspamd.milter} timeout=20s"]
train = "http://127.0.0.1:{self.rspamd.controller}"
train_password_file = "{short}/password"
""")
            started.callback(self.kontor.close)
            self.kontor.start()
            self.kontor.populate()
            self.close = started.pop_all().close


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("rspamd") / "kontor")
    yield made
    made.close()


def send(kontor, body, to=("ada@example.org",), more=""):
    with kontor.smtp() as client:
        return client.sendmail("x@example.com", list(to), f"From: X <x@example.com>\r\nTo: ada@example.org\r\nSubject: s\r\n{more}\r\n{body}\r\n")


def content_of(kontor, folder, user="ada@example.org"):
    with kontor.imap(user) as client:
        count = int(client.select(folder)[1][0])
        assert count, f"nothing is in {folder}"
        return email.message_from_bytes(client.fetch(str(count), "(BODY.PEEK[])")[1][0][1])


@pytest.mark.short
def test_gtube_is_refused_and_the_rest_is_marked(place):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(place.kontor, REJECT)
    assert (refused.value.smtp_code, refused.value.smtp_error) == (550, b"5.7.1 Gtube pattern")
    send(place.kontor, "fine", more="X-Spam: Yes\r\nX-Spam-Score: 99\r\n")
    message = content_of(place.kontor, "INBOX")
    assert message["X-Spam"] is None and message["X-Spam-Score"] is None and message["X-Spam-Status"].startswith("No, score=")


def test_junk_is_filed_as_junk(place):
    send(place.kontor, ADD_HEADER)
    message = content_of(place.kontor, "Junk")
    assert message["X-Spam"] == "Yes" and message["X-Spam-Status"].startswith("Yes, score=")


def test_settings_by_user(place):
    """The same message: rspamd is told whom it is for, and ben wants to see less."""
    send(place.kontor, "fine", to=["ada@example.org"])
    send(place.kontor, "fine", to=["ben@example.org"])
    assert content_of(place.kontor, "INBOX")["X-Spam"] is None
    assert content_of(place.kontor, "Junk", "ben@example.org")["X-Spam"] == "Yes"


def test_rspamd_as_a_milter(place):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        place.kontor.deliver("ada@example.org", f"From: x@example.com\r\nSubject: s\r\n\r\n{REJECT}\r\n".encode())
    assert (refused.value.smtp_code, refused.value.smtp_error) == (554, b"5.7.1 Gtube pattern")
    for _ in range(3):
        place.kontor.deliver("ada@example.org", b"From: x@example.com\r\nSubject: s\r\n\r\nfine\r\n")


def test_a_virus_is_refused(place):
    if not place.clamd:
        pytest.skip("there is no clamd here: scripts/packages.sh test")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(place.kontor, EICAR)
    assert refused.value.smtp_code == 550 and b"Own.Eicar" in refused.value.smtp_error


def put(kontor, body):
    """Into the inbox, past rspamd, which may know such words by now."""
    with kontor.imap() as client:
        client.append("INBOX", None, None, f"From: X <x@example.com>\r\nSubject: s\r\n\r\n{body}\r\n".encode())


def test_rspamd_learns_from_what_people_move(place):
    words = "cheap pills and watches for everyone who reads this remarkable offer today and tomorrow"
    put(place.kontor, words)
    before = place.rspamd.stat()
    with place.kontor.imap() as client:
        number = client.select("INBOX")[1][0].decode()
        assert client._simple_command("MOVE", number, "Junk")[0] == "OK"
    wait_for(lambda: place.rspamd.stat()["BAYES_SPAM"] > before["BAYES_SPAM"], "rspamd to learn junk", 60)
    with place.kontor.imap() as client:
        number = client.select("Junk")[1][0].decode()
        client.copy(number, "INBOX")
        client.store(number, "+FLAGS", "\\Deleted")
        client.expunge()
    wait_for(lambda: place.rspamd.stat()["BAYES_HAM"] > before["BAYES_HAM"], "rspamd to learn that it was none", 60)


def test_lessons_wait_for_rspamd(place):
    """They are kept with the account: also through a crash."""
    def told():
        return place.kontor.log.read_text().count("filter.lesson ")

    put(place.kontor, "another remarkable offer with many words that nobody has ever asked for at all")
    password = pathlib.Path(place.short.name) / "password"
    hidden = password.rename(password.with_suffix(".hidden"))
    with place.kontor.imap() as client:
        number = client.select("INBOX")[1][0].decode()
        client._simple_command("MOVE", number, "Junk")
    wait_for(lambda: "rspamd's password cannot be read" in place.kontor.log.read_text(), "the lesson to fail")
    place.kontor.kill()
    before = told()
    hidden.rename(password)
    place.kontor.start()
    place.kontor.imap().logout()
    wait_for(lambda: told() > before, "rspamd to be told after all", 60)
