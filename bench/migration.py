# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same mailboxes moved over IMAP by kontor-migrate, doveadm backup and mbsync, one after another for each mailbox."""
import os
import pathlib
import subprocess
import tempfile
import time

from peers.dovecot import Dovecot
from peers.kontor import MIGRATE
from servers import FORMATS, user

MOVED = [user(i) for i in range(6, 10)]
BYTES = 4000


def run_tool(arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")


def secret_file(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def by_kontor(folder, kontor, source, user):
    """kontor-migrate into a new account of Kontor; returns seconds."""
    target = f"moved-{user}"
    kontor.server.add_user(target, inactive=True)
    token = secret_file(folder / f"{user}.token", kontor.server.json("import-token", "add", f"bench-{user}")["token"])
    users = secret_file(folder / f"{user}.csv", f"login,password,address\n{user},secret,{target}")
    begin = time.monotonic()
    run_tool([MIGRATE, "run", "--from", f"imap://127.0.0.1:{source.imap}/?tls=none", "--users", users,
              "--to", f"https://127.0.0.1:{kontor.server.port('https')}", "--token-file", token, "--insecure", "--report", folder / f"{user}.report"])
    return time.monotonic() - begin


def by_doveadm(folder, kontor, source, user):
    """doveadm backup over imapc into a Dovecot with sdbox, which runs for nothing else."""
    target = Dovecot([user], location=FORMATS["sdbox"],
                     more=f"imapc_host = 127.0.0.1\nimapc_port = {source.imap}\nimapc_user = {user}\nimapc_password = secret\n").start()
    try:
        target.home(user).mkdir()
        os.chown(target.home(user), target.owner.pw_uid, target.owner.pw_gid)
        begin = time.monotonic()
        run_tool(["doveadm", "-c", target.config, "backup", "-R", "-u", user, "imapc:"])
        return time.monotonic() - begin
    finally:
        target.close()


def by_mbsync(folder, kontor, source, user):
    """mbsync into a Maildir."""
    mail, config = folder / f"{user}.mail", folder / f"{user}.mbsyncrc"
    mail.mkdir()
    config.write_text(
        f"IMAPAccount a\nHost 127.0.0.1\nPort {source.imap}\nUser {user}\nPass secret\nSSLType None\n\nIMAPStore r\nAccount a\n"
        f"\nMaildirStore l\nPath {mail}/\nInbox {mail}/INBOX\nSubFolders Verbatim\n\n"
        "Channel c\nFar :r:\nNear :l:\nPatterns *\nCreate Near\nSync Pull\nSyncState *\n")
    begin = time.monotonic()
    run_tool(["mbsync", "-c", config, "-a"])
    return time.monotonic() - begin


TOOLS = {"kontor-migrate": by_kontor, "doveadm backup": by_doveadm, "mbsync": by_mbsync}


def run(table, options):
    what = f"migration of {options.migrate} messages, messages/s"
    if options.migrate == 0 or len(table.peers) < 2 or not table.wants(what):
        return
    kontor, source = table.peers[:2]
    count = options.migrate // len(MOVED)
    for owner in MOVED:
        source.fill(owner, count, BYTES)
    seconds = dict.fromkeys(TOOLS, 0.0)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for owner in MOVED:
            for name, tool in TOOLS.items():
                seconds[name] += tool(pathlib.Path(folder), kontor, source, owner)
    rates = {name: count * len(MOVED) / spent for name, spent in seconds.items()}
    ours = rates["kontor-migrate"]
    table.note("; ".join(f"{name}: {rate:.0f}/s" for name, rate in rates.items()))
    table.add({"what": what, "better": "more", "kontor": ours, source.name: max(rate for name, rate in rates.items() if name != "kontor-migrate")})
