# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Postfix of one's own: a next hop that takes mail for a domain into mbox files, a smart host that wants a login, or a sender that
brings all it gets to one server. Needs root, as its master does."""
import base64
import json
import os
import pathlib
import shutil
import smtplib
import socketserver
import subprocess
import tempfile
import threading

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
lmtp unix - - n - - lmtp
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
mynetworks = {networks}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{root}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_process_limit = 20
smtputf8_enable = yes
alias_maps =
alias_database =
"""


def is_usable():
    return os.geteuid() == 0 and shutil.which("postfix") is not None


class Logins:
    """What Postfix asks about logins, in the protocol of Dovecot's auth service: PLAIN and LOGIN with the given passwords."""

    def __init__(self, passwords):
        self.passwords = dict(passwords)
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("VERSION\t1\t2", "MECH\tPLAIN\tplaintext", "MECH\tLOGIN\tplaintext", "SPID\t1", "CUID\t1", "COOKIE\t" + "0" * 32, "DONE")
                begun = {}  # of LOGIN: the user's name, once it was said
                for line in self.rfile:
                    words = line.decode().rstrip("\n").split("\t")
                    if words[0] == "AUTH":
                        given = [word[5:] for word in words if word.startswith("resp=")]
                        if words[2] == "LOGIN":
                            begun[words[1]] = None
                    elif words[0] == "CONT":
                        given = words[2:]
                    else:
                        continue
                    answer = base64.b64decode(given[0]).decode() if given else None
                    if words[1] not in begun and answer is not None:
                        self.judge(words[1], *answer.split("\0")[1:])
                    elif answer is None:
                        self.go_on(words[1], b"Username:" if words[1] in begun else b"")
                    elif begun[words[1]] is None:
                        begun[words[1]] = answer
                        self.go_on(words[1], b"Password:")
                    else:
                        self.judge(words[1], begun.pop(words[1]), answer)

            def go_on(self, request, challenge):
                self.say(f"CONT\t{request}\t" + base64.b64encode(challenge).decode())

            def judge(self, request, user, password):
                good = owner.passwords.get(user) == password
                self.say(f"OK\t{request}\tuser={user}" if good else f"FAIL\t{request}\tuser={user}")

            def say(self, *lines):
                self.wfile.write("".join(line + "\n" for line in lines).encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Postfix:
    """`users` are local parts that it knows; their mail is in box(). `more` is added to main.cf.

    `relay` is a port: what is not for its own domain goes there, without DNS, and whoever is on this machine may bring it. `logins`
    ({user: password}) may bring such mail too; then nobody else may. With a `certificate` (chain, key) it has STARTTLS."""

    def __init__(self, domain="example.net", users=("bob",), more="", certificate=None, relay=None, logins=None):
        import pwd

        account = pwd.getpwnam("postfix")
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kontor-postfix-"))
        self.root.chmod(0o755)
        for name in ("queue", "data", "mail", "etc"):
            (self.root / name).mkdir()
        for name in ("data", "mail"):
            os.chown(self.root / name, account.pw_uid, account.pw_gid)
        self.port = free_port()
        self.logins = Logins(logins) if logins else None
        (self.root / "boxes").write_text("".join(f"{user}@{domain} {user}\n" for user in users))
        own = ""
        if certificate:
            own += f"smtpd_tls_cert_file = {certificate[0]}\nsmtpd_tls_key_file = {certificate[1]}\nsmtpd_tls_security_level = may\n"
        if relay:
            own += f"relayhost = [127.0.0.1]:{relay}\nsmtp_dns_support_level = disabled\nsmtp_tls_security_level = may\nminimal_backoff_time = 1s\nqueue_run_delay = 1s\n"
        if logins:
            own += f"smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:{self.logins.port}\nsmtpd_sasl_security_options = noanonymous\n"
        networks = "127.0.0.0/8" if relay and not logins else ""
        (self.root / "etc/main.cf").write_text(
            MAIN.format(root=self.root, domain=domain, uid=account.pw_uid, gid=account.pw_gid, networks=networks) + own + more)
        (self.root / "etc/master.cf").write_text(MASTER.format(port=f"127.0.0.1:{self.port}"))

    def start(self):
        done = subprocess.run(["postfix", "-c", str(self.root / "etc"), "start"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + self.log()
        wait_for(lambda: answers(self.port), "Postfix to listen: " + self.log())
        return self

    def close(self):
        subprocess.run(["postfix", "-c", str(self.root / "etc"), "stop"], capture_output=True)
        if self.logins:
            self.logins.close()
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

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.port, timeout=60)

    def queue(self):
        """What it still has, as postqueue tells it: a dict for each message."""
        done = subprocess.run(["postqueue", "-c", str(self.root / "etc"), "-j"], capture_output=True, text=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]
