# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kontor server of one's own, and its administration by command."""
import contextlib
import imaplib
import json
import os
import pathlib
import poplib
import signal
import smtplib
import ssl
import subprocess
import tempfile

from .certificates import Authority
from .ports import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("KONTOR_BUILD", "build/release")
# A sanitizer keeps what was freed for a while: its memory says nothing.
IS_SANITIZED = BUILD.name in ("asan", "tsan")
KONTOR = BUILD / "kontor"
MIGRATE = BUILD / "kontor-migrate"

CONFIG = """
[server]
data = "{data}"
{server}
[log]
level = "info"
[passwords]
memory_kib = 1024
passes = 1
[imap]
listen_tls = ["127.0.0.1:0"]
listen = ["127.0.0.1:0"]
{imap}
[pop3]
listen_tls = ["127.0.0.1:0"]
listen = ["127.0.0.1:0"]
{pop3}
[managesieve]
listen_tls = ["127.0.0.1:0"]
listen = ["127.0.0.1:0"]
[lmtp]
listen = ["127.0.0.1:0", "unix:{data}/lmtp.sock"]
{lmtp}
[smtp]
listen = ["127.0.0.1:0"]
{smtp}
[https]
listen = ["127.0.0.1:0"]
[dav]
listen = ["127.0.0.1:0"]
{dav}
[metrics]
listen = ["127.0.0.1:0"]
{more}
"""


# For tests of other things: no name server is needed.
NO_CHECKS = 'sender_checks = "off"\n'


class CommandFailed(Exception):
    def __init__(self, arguments, done):
        super().__init__(f"kontor {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()} {done.stdout.strip()}")
        self.code = done.returncode
        self.stderr = done.stderr


class Kontor:
    """`options` are lines of TOML for the sections server, imap, pop3, lmtp and smtp; `more` is TOML of its own. With an `authority`
    its certificate is served, else a self-signed one. `environment` is added to that of all its processes."""

    def __init__(self, folder, more="", authority=None, data=None, environment=None, **options):
        self.authority = authority
        self.environment = {**os.environ, **(environment or {})}
        if authority:
            more = authority.toml() + more
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # A Unix socket's path may have 107 bytes: test folders are often longer.
        self._short = tempfile.TemporaryDirectory(prefix="kontor-")
        self.data = pathlib.Path(data or pathlib.Path(self._short.name) / "data")
        self.config = self.folder / "kontor.toml"
        self.log = self.folder / "kontor.log"
        self.config.write_text(CONFIG.format(data=self.data, more=more, **{"server": "", "imap": "", "pop3": "", "lmtp": "", "dav": "", "smtp": NO_CHECKS, **options}))
        self.process = None
        self.endpoints = {}

    def start(self):
        (self.data / "endpoints.json").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([KONTOR, "serve", "--config", self.config], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=self.environment)
        wait_for(self._is_ready, "kontor to be ready; its log: " + str(self.log), 60)
        self.endpoints = json.loads((self.data / "endpoints.json").read_text())
        return self

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"kontor ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        return (self.data / "endpoints.json").exists()

    def stop(self):
        """A clean shutdown, which must end with exit code 0."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process = None
        assert code == 0, f"kontor ended with {code}:\n{self.log.read_text()[-4000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def close(self):
        """Stops and checks the store: nothing may be wrong with it at the end of any test."""
        try:
            if self.process is not None:
                if self.process.poll() is not None:
                    raise RuntimeError(f"kontor died with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
                self.stop()
            if self.data.exists():
                self.check()
        finally:
            if self.process is not None:
                self.kill()
            self._short.cleanup()

    def run(self, *arguments, input=None, check=True):
        arguments = [str(a) for a in arguments]
        done = subprocess.run([KONTOR, *arguments, "--config", str(self.config)], input=input, capture_output=True, text=True, timeout=300, env=self.environment)
        if check and done.returncode != 0:
            raise CommandFailed(arguments, done)
        return done

    def json(self, *arguments, input=None):
        return json.loads(self.run(*arguments, "--json", input=input).stdout)

    def check(self, *options):
        done = self.run("check", "--read-content", *options, check=False)
        assert done.returncode == 0, f"kontor check: {done.stdout}\n{done.stderr}"

    def populate(self, users=("ada", "ben"), domain="example.org", tenant="acme", password="secret", inactive=False):
        self.run("tenant", "add", tenant)
        self.run("domain", "add", domain, "--tenant", tenant)
        for user in users:
            self.add_user(f"{user}@{domain}", password, inactive)

    def add_user(self, address, password="secret", inactive=False, quota=None):
        options = (["--inactive"] if inactive else []) + (["--quota", quota] if quota else [])
        self.run("user", "add", address, "--name", address.split("@")[0].title(), "--password-stdin", *options, input=password + "\n")

    def port(self, name):
        return int(self.endpoints[name].rsplit(":", 1)[1])

    @property
    def certificate(self):
        """What clients shall trust."""
        return self.authority.certificate if self.authority else next((self.data / "tls").glob("*cert*.pem"))

    def tls(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False
        return context

    def imap(self, user="ada@example.org", password="secret"):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port("imaps"), ssl_context=self.tls(), timeout=60)
        if user:
            client.login(user, password)
        return client

    def pop3(self, user="ada@example.org", password="secret"):
        client = poplib.POP3_SSL("127.0.0.1", self.port("pop3s"), context=self.tls(), timeout=60)
        if user:
            client.user(user)
            client.pass_(password)
        return client

    def lmtp(self):
        return smtplib.LMTP("127.0.0.1", self.port("lmtp"))

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.port("smtp"))

    def deliver(self, to, message, sender="sender@example.com"):
        with self.lmtp() as client:
            return client.sendmail(sender, [to] if isinstance(to, str) else to, message)

    def memory_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise RuntimeError("no VmRSS")


@contextlib.contextmanager
def trusted(folder):
    """One at work with ada@ and ben@example.org, whose certificate programs can be told to trust."""
    kontor = Kontor(folder / "kontor", authority=Authority(folder / "authority"))
    try:
        kontor.start()
        kontor.populate()
        yield kontor
    finally:
        kontor.close()
