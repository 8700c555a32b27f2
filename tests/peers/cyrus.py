# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Cyrus of one's own with its httpd (CalDAV, CardDAV, WebDAV), for those who may start one: root. Without its imapd, whose package would
remove Dovecot's."""
import os
import pathlib
import shutil
import signal
import smtplib
import socketserver
import struct
import subprocess
import tempfile
import threading

from .dav_wire import Dav
from .ports import answers, free_port, wait_for

MASTER = "/usr/sbin/cyrmaster"
SETTINGS = """
configdirectory: {root}/config
proc_path: {root}/run/proc
mboxname_lockpath: {root}/run/lock
defaultpartition: default
partition-default: {root}/spool
idlesocket: {root}/run/idle
lmtpsocket: {root}/run/lmtp
notifysocket: {root}/run/notify
admins: cyrus
altnamespace: no
unixhierarchysep: yes
virtdomains: off
autocreate_users: anyone
autocreate_quota: 0
autocreate_post: yes
httpmodules: caldav carddav webdav
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {root}/run/mux
tls_session_timeout: 0
"""
SERVICES = """
START {{
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  lmtp cmd="/usr/lib/cyrus/bin/lmtpd -a -C {root}/imapd.conf" listen="127.0.0.1:{lmtp}" prefork=0
  http cmd="/usr/lib/cyrus/bin/httpd -C {root}/imapd.conf" listen="127.0.0.1:{http}" prefork=2
}}
EVENTS {{
}}
"""


def can_start():
    return os.geteuid() == 0 and os.path.exists(MASTER) and os.path.exists("/usr/lib/cyrus/bin/httpd")


class _Judge(socketserver.BaseRequestHandler):
    """saslauthd's protocol: four counted strings, one counted answer. The password is "secret"."""

    def handle(self):
        fields = []
        for _ in range(4):
            size, = struct.unpack("!H", self._exactly(2))
            fields.append(self._exactly(size).decode())
        word = b"OK" if fields[1] == "secret" else b"NO"
        self.request.sendall(struct.pack("!H", len(word)) + word)

    def _exactly(self, count):
        out = b""
        while len(out) < count:
            piece = self.request.recv(count - len(out))
            if not piece:
                raise EOFError
            out += piece
        return out


class _Judges(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Cyrus:
    def __init__(self, users=("ada",)):
        self.users = users
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cyrus-"))
        self.lmtp_port, self.port = free_port(), free_port()
        for name in ("config/socket", "run/proc", "run/lock", "spool"):
            (self.root / name).mkdir(parents=True)
        (self.root / "imapd.conf").write_text(SETTINGS.format(root=self.root))
        (self.root / "cyrus.conf").write_text(SERVICES.format(root=self.root, lmtp=self.lmtp_port, http=self.port))
        self.process = None
        self.judges = _Judges(str(self.root / "run/mux"), _Judge)
        subprocess.run(["chown", "-R", "cyrus:mail", self.root], check=True)
        os.chmod(self.root, 0o755)
        threading.Thread(target=self.judges.serve_forever, daemon=True).start()

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen([MASTER, "-C", self.root / "imapd.conf", "-M", self.root / "cyrus.conf", "-p", self.root / "run/pid", "-D"],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for(lambda: answers(self.lmtp_port) and answers(self.port), "cyrus to answer", 40)
        for user in self.users:  # the first message makes the mailbox that the calendars belong to
            with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
                client.sendmail("postmaster@example.org", [user], "Subject: begin\r\n\r\n")
        return self

    def client(self, user="ada"):
        return Dav("127.0.0.1", self.port, user, "secret")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        self.judges.shutdown()
        shutil.rmtree(self.root, ignore_errors=True)
