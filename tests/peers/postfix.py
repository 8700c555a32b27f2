# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Postfix of one's own, as a next hop: it takes mail for a domain into one mbox file. Needs root, as its master does."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from .ports import answers, free_port, wait_for

MASTER = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
myhostname = mx.{domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{root}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_process_limit = 20
"""


def is_usable():
    return os.geteuid() == 0 and shutil.which("postfix") is not None


class Postfix:
    """`users` are local parts that it knows; their mail is in boxes(). `more` is added to main.cf."""

    def __init__(self, domain="example.net", users=("bob",), more="", certificate=None):
        import pwd

        account = pwd.getpwnam("postfix")
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kontor-postfix-"))
        self.root.chmod(0o755)
        for name in ("queue", "data", "mail", "etc"):
            (self.root / name).mkdir()
        for name in ("data", "mail"):
            os.chown(self.root / name, account.pw_uid, account.pw_gid)
        self.port = free_port()
        (self.root / "boxes").write_text("".join(f"{user}@{domain} {user}\n" for user in users))
        if certificate:
            more += f"\nsmtpd_tls_cert_file = {certificate[0]}\nsmtpd_tls_key_file = {certificate[1]}\nsmtpd_tls_security_level = may\n"
        (self.root / "etc/main.cf").write_text(MAIN.format(root=self.root, domain=domain, uid=account.pw_uid, gid=account.pw_gid) + more)
        (self.root / "etc/master.cf").write_text(MASTER.format(port=f"127.0.0.1:{self.port}"))

    def start(self):
        done = subprocess.run(["postfix", "-c", str(self.root / "etc"), "start"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + self.log()
        wait_for(lambda: answers(self.port), "Postfix to listen: " + self.log())
        return self

    def close(self):
        subprocess.run(["postfix", "-c", str(self.root / "etc"), "stop"], capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def log(self):
        file = self.root / "mail.log"
        return file.read_text() if file.exists() else ""

    def box(self, user):
        file = self.root / "mail" / user
        return file.read_bytes() if file.exists() else b""
