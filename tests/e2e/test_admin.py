# SPDX-License-Identifier: AGPL-3.0-or-later
"""Administration by command: with the server running and without, for people and for machines."""
import imaplib
import json
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import pytest

from peers.kontor import KONTOR
from peers.ports import wait_for

pytestmark = pytest.mark.short


def test_the_same_answers_with_and_without_a_server(make_kontor):
    kontor = make_kontor()
    kontor.populate()  # nobody serves: the store is opened by the command
    offline = kontor.json("user", "list")
    kontor.start()
    assert kontor.json("user", "list") == offline
    kontor.add_user("late@example.org")
    kontor.stop()
    assert len(kontor.json("user", "list")) == len(offline) + 1


def test_exit_codes_and_sentences(kontor):
    missing = kontor.run("user", "show", "nobody@example.org", check=False)
    assert missing.returncode == 3 and "nobody@example.org" in missing.stderr
    taken = kontor.run("user", "add", "ada@example.org", "--name", "Again", "--password-stdin", input="x\n", check=False)
    assert taken.returncode == 4 and "ada@example.org" in taken.stderr
    assert kontor.run("user", "frobnicate", check=False).returncode == 2
    for command in ([], ["user"], ["user", "add"], ["serve"], ["check"]):
        done = subprocess.run([KONTOR, *command, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "--help" in done.stdout, command


def test_life_of_a_user(kontor):
    with kontor.imap() as client:
        assert client.noop()[0] == "OK"
    kontor.run("user", "passwd", "ada@example.org", "--password-stdin", input="better\n")
    with pytest.raises(imaplib.IMAP4.error):
        kontor.imap()
    kontor.imap(password="better").logout()
    kontor.run("user", "set", "ada@example.org", "--status", "inactive")
    with pytest.raises(imaplib.IMAP4.error):
        kontor.imap(password="better")
    kontor.run("user", "set", "ada@example.org", "--status", "active")
    kontor.imap(password="better").logout()
    folders = kontor.json("folder", "list", "ada@example.org")
    assert "INBOX" in json.dumps(folders)
    kontor.run("user", "remove", "ben@example.org")
    with pytest.raises(imaplib.IMAP4.error):
        kontor.imap("ben@example.org")


def test_imported_hash_works_and_is_renewed(kontor):
    kontor.run("user", "add", "old@example.org", "--name", "Old", "--password-hash-stdin",
               input="{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0\n")
    for password, works in (("wrong", False), ("secret", True), ("secret", True)):
        try:
            kontor.imap("old@example.org", password).logout()
            assert works
        except imaplib.IMAP4.error:
            assert not works


def test_unknown_configuration_key(tmp_path):
    config = tmp_path / "kontor.toml"
    config.write_text('[imap]\nlisten_tsl = ["127.0.0.1:0"]\n')
    done = subprocess.run([KONTOR, "serve", "--config", config], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert "listen_tsl" in done.stderr and "listen_tls" in done.stderr, "the error suggests what was meant"


def test_metrics_and_health(kontor):
    base = f"http://127.0.0.1:{kontor.port('metrics')}"
    kontor.imap().logout()
    assert urllib.request.urlopen(base + "/health", timeout=10).status == 200
    text = urllib.request.urlopen(base + "/metrics", timeout=10).read().decode()
    assert "# TYPE" in text and "imap" in text
    status = kontor.json("status")
    assert status


def test_clean_shutdown_says_bye(kontor):
    client = kontor.imap()
    client.select("INBOX")
    kontor.process.send_signal(signal.SIGTERM)
    assert b"BYE" in client.readline()
    assert kontor.process.wait(30) == 0
    kontor.process = None
    assert "secret" not in kontor.log.read_text()


def test_only_one_process_serves_a_folder(kontor):
    done = subprocess.run([KONTOR, "serve", "--config", kontor.config], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "another" in done.stderr or "in use" in done.stderr or "running" in done.stderr, done.stderr


def test_certificates_are_reloaded(kontor, tmp_path):
    def serial():
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", kontor.port("imaps")), timeout=10) as raw, context.wrap_socket(raw) as stream:
            return stream.getpeercert(binary_form=True)

    before = serial()
    folder = kontor.data / "tls"
    certificate = kontor.certificate
    key = next(folder.glob("*key*.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=new.example.org",
                    "-days", "2", "-keyout", tmp_path / "k", "-out", tmp_path / "c"], check=True, capture_output=True)
    key.write_bytes((tmp_path / "k").read_bytes())
    certificate.write_bytes((tmp_path / "c").read_bytes())
    kontor.process.send_signal(signal.SIGHUP)
    wait_for(lambda: serial() != before, "the new certificate", 10)


def test_log_as_json(make_kontor):
    kontor = make_kontor(more="")
    text = kontor.config.read_text().replace('level = "info"', 'level = "info"\nformat = "json"')
    kontor.config.write_text(text)
    kontor.start()
    kontor.populate()
    kontor.imap().logout()
    time.sleep(0.2)
    events = [json.loads(line) for line in kontor.log.read_text().splitlines() if line.startswith("{")]
    login = next(e for e in events if e["event"] == "login.ok")
    assert "ada@example.org" in login.values()
    assert any(key in login for key in ("session", "s", "id"))
