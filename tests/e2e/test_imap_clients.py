# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stock clients against the server: Python's imaplib, curl, mbsync, offlineimap."""
import hashlib
import imaplib
import ssl
import subprocess
import time

import pytest

from peers.mailbox import crlf, fill, own_messages, quoted, sample_messages, snapshot

pytestmark = pytest.mark.short


def test_every_message_comes_back_byte_for_byte(kontor):
    messages = [(name, crlf(data) if b"\r\n" not in data else data) for name, data in sample_messages() if data]
    with kontor.imap() as client:
        for name, data in messages:
            status, answer = append_raw(client, data)
            assert status == "OK", (name, answer)
        client.select("INBOX", readonly=True)
        for number, (name, data) in enumerate(messages, 1):
            status, answer = client.fetch(str(number), "(RFC822.SIZE BODY.PEEK[] ENVELOPE BODYSTRUCTURE)")
            assert status == "OK", name
            literals = [piece for piece in answer if isinstance(piece, tuple)]
            body = next(literal for head, literal in literals if b"BODY[] {" in head[-40:])
            assert body == data, f"{name} came back changed"


def append_raw(client, data):
    """imaplib's append() changes lone CRs and LFs; here the bytes go out as they are."""
    tag = client._new_tag()
    client.send(tag + b" APPEND INBOX {" + str(len(data)).encode() + b"}\r\n")
    while client._get_response():
        pass
    client.continuation_response = b""
    client.send(data + b"\r\n")
    return client._command_complete("APPEND", tag)


def test_curl_reads_over_imaps(kontor):
    kontor.deliver("ada@example.org", b"Subject: by curl\r\n\r\nHello\r\n")
    done = subprocess.run(
        ["curl", "-sS", "--cacert", kontor.certificate, "--insecure", "--user", "ada@example.org:secret",
         f"imaps://127.0.0.1:{kontor.port('imaps')}/INBOX;MAILINDEX=1"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"Subject: by curl" in done.stdout


def test_curl_starttls(kontor):
    done = subprocess.run(
        ["curl", "-sS", "--ssl-reqd", "--insecure", "--user", "ada@example.org:secret",
         f"imap://127.0.0.1:{kontor.port('imap')}/", "-X", "NAMESPACE"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"NAMESPACE" in done.stdout


def test_no_password_before_tls(kontor):
    client = imaplib.IMAP4("127.0.0.1", kontor.port("imap"))
    assert "LOGINDISABLED" in client.capabilities
    with pytest.raises(imaplib.IMAP4.error):
        client.login("ada@example.org", "secret")
    client.shutdown()


MBSYNC = """
IMAPAccount kontor
Host 127.0.0.1
Port {port}
User ada@example.org
Pass secret
SSLType IMAPS
CertificateFile {certificate}
AuthMechs PLAIN

IMAPStore remote
Account kontor

MaildirStore local
Path {maildir}/
Inbox {maildir}/INBOX
SubFolders Verbatim

Channel all
Far :remote:
Near :local:
Patterns *
Create Both
Expunge Both
Remove Both
SyncState *
CopyArrivalDate yes
"""


class Mbsync:
    def __init__(self, kontor, folder):
        self.maildir = folder / "mail"
        self.maildir.mkdir()
        self.config = folder / "mbsyncrc"
        self.config.write_text(MBSYNC.format(port=kontor.port("imaps"), certificate=kontor.certificate, maildir=self.maildir))

    def run(self):
        done = subprocess.run(["mbsync", "-c", self.config, "-a"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + done.stdout

    def files(self, folder="INBOX"):
        return sorted(f for part in ("cur", "new") for f in (self.maildir / folder / part).iterdir())


def changes_meet(sync, kontor, before, ending):
    """A flag and a new message made locally arrive at the server; what is removed there goes away here. Gives what is in the inbox then."""
    local = sync.files()
    local[0].rename(local[0].parent.parent / "cur" / (local[0].name.split(":")[0] + ":2,FS"))
    (sync.maildir / "INBOX" / "new" / f"{int(time.time())}{ending}").write_bytes(b"Subject: written offline\n\nHello\n")
    with kontor.imap() as client:
        client.select("INBOX")
        client.store("2", "+FLAGS", "\\Deleted")
        client.expunge()
    sync.run()
    with kontor.imap() as client:
        after = snapshot(client)["INBOX"][1]
    assert any(b"written offline" in content for *_, content in after)
    assert any("\\flagged" in flags for _, flags, _, _ in after)
    assert len(sync.files()) == len(after) == len(before)
    return after


def test_mbsync_both_ways(kontor, tmp_path):
    with kontor.imap() as client:
        fill(client, own_messages()[:-1], folders=["INBOX", "Archive/2024", "Entwürfe & Öl"])
    sync = Mbsync(kontor, tmp_path)
    sync.run()
    with kontor.imap() as client:
        before = snapshot(client)
    assert len(sync.files()) == len(before["INBOX"][1])

    after = changes_meet(sync, kontor, before["INBOX"][1], ".1.local")
    sync.run()
    with kontor.imap() as client:
        assert snapshot(client)["INBOX"][1] == after, "a sync with nothing to do changes nothing"


OFFLINEIMAP = """[general]
accounts = ada
metadata = {folder}/state
ui = quiet
[Account ada]
localrepository = here
remoterepository = there
[Repository here]
type = Maildir
localfolders = {maildir}
[Repository there]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = ada@example.org
remotepass = secret
ssl = yes
sslcacertfile = {certificate}
cert_fingerprint = {fingerprint}
decodefoldernames = no
"""


class Offlineimap:
    def __init__(self, kontor, folder):
        self.maildir = folder / "mail"
        self.config = folder / "offlineimaprc"
        der = ssl.PEM_cert_to_DER_cert(kontor.certificate.read_text())
        self.config.write_text(OFFLINEIMAP.format(
            folder=folder, maildir=self.maildir, port=kontor.port("imaps"), certificate=kontor.certificate,
            fingerprint=hashlib.sha1(der).hexdigest()))

    def run(self):
        done = subprocess.run(["offlineimap", "-c", self.config, "-o"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + done.stdout

    def files(self, folder="INBOX"):
        return sorted(f for part in ("cur", "new") for f in (self.maildir / folder / part).iterdir())


def test_offlineimap_both_ways(kontor, tmp_path):
    with kontor.imap() as client:
        fill(client, own_messages()[:-1], folders=["INBOX", "Archive/2024"])
    sync = Offlineimap(kontor, tmp_path)
    sync.run()
    with kontor.imap() as client:
        there = snapshot(client)
    before = there["INBOX"][1]
    assert len(sync.files()) == len(before) > 2
    assert len(sync.files("Archive.2024")) == len(there["Archive/2024"][1]) > 0

    after = changes_meet(sync, kontor, before, "_0.1.local")
    sync.run()
    with kontor.imap() as client:
        assert snapshot(client)["INBOX"][1] == after, "a sync with nothing to do changes nothing"


def test_idle_tells_of_a_delivery(kontor):
    watcher = kontor.imap()
    watcher.select("INBOX")
    watcher.send(b"a1 IDLE\r\n")
    assert watcher.readline().startswith(b"+")
    begin = time.monotonic()
    kontor.deliver("ada@example.org", b"Subject: now\r\n\r\nx\r\n")
    line = watcher.readline()
    assert b"EXISTS" in line, line
    assert time.monotonic() - begin < 5
    watcher.send(b"DONE\r\n")
    while not watcher.readline().startswith(b"a1 OK"):
        pass
    watcher.logout()


def test_two_sessions_see_each_other(kontor):
    with kontor.imap() as one, kontor.imap() as two:
        one.append("INBOX", None, None, b"Subject: shared\r\n\r\nx\r\n")
        one.select("INBOX")
        two.select("INBOX")
        one.store("1", "+FLAGS", "(\\Flagged work)")
        two.noop()
        assert b"\\Flagged" in two.response("FETCH")[1][0]
        one.store("1", "+FLAGS", "\\Deleted")
        one.expunge()
        two.noop()
        assert two.response("EXPUNGE")[1] == [b"1"]


def test_folder_names_with_every_script(kontor):
    names = ["Entwürfe & Öl", "日本語", "emoji 🎉", "with space", "A&B"]
    with kontor.imap() as client:
        for name in names:
            assert client.create(quoted(name))[0] == "OK", name
        listed = b"\n".join(line for line in client.list()[1])
        for name in names:
            assert quoted(name).strip('"').encode() in listed, name
        with pytest.raises(imaplib.IMAP4.error):
            if client.create('"bad &xx name"')[0] == "NO":
                raise imaplib.IMAP4.error("refused")
