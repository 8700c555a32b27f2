#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moves a Kopano organisation into a fresh Kontor, and mailboxes of a Dovecot and a Maildir; proves the move; repeats it; serves."""
import argparse
import gzip
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from peers.dovecot import Dovecot  # noqa: E402
from peers.kontor import KONTOR, MIGRATE, Kontor  # noqa: E402
from peers.mailbox import fill, sample_messages  # noqa: E402
from peers.maildir import fill_maildir  # noqa: E402
from peers.mariadb import DATA, KopanoSet, MariaDB, make_tenants  # noqa: E402

DOMAIN = "example.org"
IMAP_USERS = ["ada", "ben", "carla"]
MAILDIR_USERS = ["dora"]


def say(text=""):
    print(text, flush=True)


def migrate(command, source, kontor, folder, name, *more):
    """Runs kontor-migrate and returns its report and the seconds it took."""
    report = folder / f"{command}-{name}"
    begin = time.monotonic()
    done = subprocess.run([MIGRATE, command, *source, "--to", f"https://127.0.0.1:{kontor.port('https')}", "--token-file", folder / "token",
                           "--ca-file", kontor.certificate, "--report", report, *more], capture_output=True, text=True)
    seconds = time.monotonic() - begin
    if done.returncode != 0:
        say(done.stdout + done.stderr)
        raise SystemExit(f"kontor-migrate {command} of {name} ended with {done.returncode}")
    return json.loads((folder / f"{report.name}.json").read_text()), seconds


def secret_file(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def table(rows):
    head = ("user", "from", "folders", "items", "MB", "seconds", "again", "differences")
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        say("  " + "  ".join(str(cell).ljust(width) if i < 2 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the verification, with its exit code")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    messages = [(name, data) for name, data in sample_messages() if data]

    with tempfile.TemporaryDirectory(prefix="kontor-demo-") as folder:
        folder = pathlib.Path(folder)
        dovecot = Dovecot([f"{user}@{DOMAIN}" for user in IMAP_USERS])
        kontor = Kontor(folder / "kontor")
        database = MariaDB()
        try:
            return run(options, folder, database, dovecot, kontor, messages)
        finally:
            database.close()
            dovecot.close()
            kontor.close()


def kopano(folder, database, kontor):
    """A Kopano installation of two companies as a source, and its people by address with their passwords."""
    with gzip.open(DATA / "manifest.json.gz") as file:
        truth = json.load(file)
    make_tenants(kontor)
    installation = KopanoSet(database, "kopano", folder / "kopano")
    return ["--source", installation.configuration()], {user["email"]: user["password_known"] for user in truth["users"]}


def run(options, folder, database, dovecot, kontor, messages):
    say(f"Bringing a Kopano installation to life; filling a Dovecot and a Maildir with {len(messages)} messages for each user")
    dovecot.start()
    for i, user in enumerate(IMAP_USERS):
        with dovecot.imap(f"{user}@{DOMAIN}") as client:
            refused = fill(client, messages, seed=i, tolerant=True)
            if refused:
                say(f"  Dovecot itself refused {refused} of {user}'s messages")
    for user in MAILDIR_USERS:
        fill_maildir(folder / "maildirs" / f"{user}@{DOMAIN}", messages)

    say("Starting Kontor and creating tenants, domains and the users of the Dovecot; those of Kopano come with their passwords")
    kontor.start()
    kontor.populate(users=IMAP_USERS + MAILDIR_USERS, domain=DOMAIN, inactive=True)
    secret_file(folder / "token", kontor.json("import-token", "add", "demo")["token"])
    (folder / "users.csv").write_text("login,address\n" + "".join(f"{u}@{DOMAIN},{u}@{DOMAIN}\n" for u in IMAP_USERS))
    secret_file(folder / "master", "master-secret")
    installation, people = kopano(folder, database, kontor)
    sources = {
        "Kopano": [*installation, "--create-users"],
        "IMAP": ["--from", f"imap://127.0.0.1:{dovecot.imap_port}/?tls=none", "--users", folder / "users.csv", "--master-user", "master",
                 "--master-password-file", folder / "master"],
        "Maildir": ["--from", f"maildir:{folder}/maildirs/%u", "--user", f"dora@{DOMAIN}"],
    }

    rows, differences = [], 0
    for name, source in sources.items():
        say(f"Moving what {name} has")
        first, _ = migrate("run", source, kontor, folder, name)
        again, _ = migrate("run", source, kontor, folder, name + "-again")
        proof, _ = migrate("verify", [word for word in source if word != "--create-users"], kontor, folder, name)
        for account in first["accounts"]:
            address = account["address"]
            second = next(a for a in again["accounts"] if a["address"] == address)
            verified = next(a for a in proof["accounts"] if a["address"] == address)
            moved, different = account["total"], verified["total"]["differences"]
            # Settings are no items.
            items = sum(folder["source"] for folder in account["folders"] if folder["folder"] != "Settings, rules and rights")
            differences += different + abs(items - verified["total"]["compared"])
            rows.append((address, name, len(account["folders"]), moved["copied"], f"{moved['bytes'] / 1e6:.1f}",
                         f"{account['seconds']:.1f}", f"{second['total']['copied']} new", different))
    say()
    table(rows)
    say()
    kontor.run("check", "--read-content")
    say("The store is sound (kontor check --read-content).")
    if differences:
        say(f"{differences} differences: see the reports")
        return 1
    say("Nothing was lost and nothing was doubled.")
    if options.once:
        return 0

    moved = {row[0] for row in rows}
    for address in sorted(moved):
        kontor.run("user", "set", address, "--status", "active")
    who = next(address for address in people if address in moved)
    say(f"""
The report of the move: {folder}/run-Kopano.html
Settings for a mail client:
  IMAP server   127.0.0.1, port {kontor.port('imaps')}, SSL/TLS (the certificate is self-signed: {kontor.certificate})
  User name     {who}   password {people[who]}   (as at Kopano; the others likewise: pw- and the login)
  or            ada@{DOMAIN}   password secret   (or ben, carla, dora)
Calendars and contacts: https://127.0.0.1:{kontor.port('https')}/ with the same name and password
Delivery by LMTP: 127.0.0.1:{kontor.port('lmtp')}
Administration:   {KONTOR} user list --config {kontor.config}

Serving until Ctrl-C.""")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nStopping.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
