# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sieve scripts move in: by ManageSieve, from files, in an archive; again and again."""
import json
import pathlib
import subprocess

from peers.kontor import MIGRATE
from peers.move import ADA, activate, from_dovecot
from peers.ports import free_port

MANAGESIEVE = """
protocols = imap lmtp sieve
service managesieve-login {{
  chroot =
  inet_listener sieve {{
    port = {port}
  }}
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
}}
"""
ACTIVE = 'require ["fileinto", "mailbox"];\r\nif header :contains "subject" "[list]" { fileinto :create "Lists"; }\r\n'
OTHER = 'keep; # Gr\u00fc\u00dfe ' + "x" * 8172 + "\r\n"  # nearly as long as a line of the protocol may be


def put_scripts(dovecot):
    home = pathlib.Path(dovecot.home(ADA))
    (home / "sieve").mkdir(parents=True)
    (home / "sieve/main.sieve").write_bytes(ACTIVE.encode())
    (home / "sieve/other.sieve").write_bytes(OTHER.encode())
    (home / ".dovecot.sieve").symlink_to("sieve/main.sieve")
    subprocess.run(["chown", "-R", "-h", "mail:mail", home], check=True)
    return home


def row(report):
    return next(one for one in report["accounts"][0]["folders"] if one["folder"] == "Sieve scripts")


def test_scripts_move_by_managesieve_and_a_second_run_changes_nothing(target, make_dovecot, tmp_path):
    port = free_port()
    dovecot = make_dovecot(ADA, more=MANAGESIEVE.format(port=port))
    home = put_scripts(dovecot)
    move = from_dovecot(target, dovecot, tmp_path)
    move.source += ["--managesieve", f"127.0.0.1:{port}"]
    first = row(move.run())
    assert (first["source"], first["copied"], first["unaccounted"]) == (2, 2, 0)
    listed = target.json("sieve", "list", ADA)
    assert target.run("sieve", "show", ADA, "--name", "main").stdout.encode() in (ACTIVE.encode(), ACTIVE.replace("\r", "").encode())
    assert "main" in str(listed) and "other" in str(listed)
    second = row(move.run())
    assert (second["copied"], second["present"], second["updated"]) == (0, 2, 0)
    proof = row(move.run("verify"))
    assert (proof["compared"], proof["differences"]) == (2, 0)
    # What changed there follows, what changed here stays.
    (home / "sieve/other.sieve").write_text("discard;\n")
    mine = tmp_path / "mine.sieve"
    mine.write_text("stop;\n")
    target.run("sieve", "put", ADA, "main", "--script", mine)
    third = row(move.run())
    assert (third["copied"], third["updated"], third["present"]) == (0, 1, 2)
    assert "discard" in target.run("sieve", "show", ADA, "--name", "other").stdout
    assert "stop" in target.run("sieve", "show", ADA, "--name", "main").stdout
    assert row(move.run("verify", code=1))["differences"] == 1
    activate(target)


def test_scripts_move_in_an_archive_from_files(target, make_dovecot, tmp_path):
    dovecot = make_dovecot(ADA, location="maildir:~/Maildir")
    home = put_scripts(dovecot)
    with dovecot.imap(ADA) as client:
        client.append("INBOX", None, None, b"Subject: one\r\n\r\nHi\r\n")
    archive = tmp_path / "archive.tar.zst"
    done = subprocess.run([MIGRATE, "dump", "--from", f"maildir:{home}/Maildir", "--user", ADA, "--sieve", home / "sieve", "--output", archive],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    end = json.loads(subprocess.run(["tar", "--zstd", "-xOf", archive, f"{ADA}/end.json"], capture_output=True, check=True).stdout)
    assert [(one["name"], one.get("active", False)) for one in end["scripts"]] == [("main", True), ("other", False)]
    for _ in range(2):
        target.run("import", "--input", archive)
    names = target.json("sieve", "list", ADA)
    assert "main" in str(names) and "other" in str(names)
    target.deliver(ADA, "Subject: [list] x\r\n\r\nHi\r\n")
    activate(target)
    imap = target.imap()
    assert imap.select("INBOX", readonly=True)[1][0] == b"1"
    assert imap.select("Lists", readonly=True)[1][0] == b"1", "the script that was active there filters here"
    imap.logout()
