# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Dovecot of one's own, as source of migrations and as the peer of measurements."""
import base64
import imaplib
import os
import pathlib
import pwd
import signal
import ssl
import subprocess
import tempfile

from .ports import answers, free_port, wait_for

CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
instance_name = kontor-test-{imap}
listen = 127.0.0.1
protocols = imap lmtp{pop3_protocol}
{tls}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_master_user_separator = *
auth_cache_size = 1M
auth_failure_delay = 0
mail_location = {location}
mail_fsync = always
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
default_internal_user = dovecot
default_login_user = dovenull
default_client_limit = {clients}
default_process_limit = {connections}
default_vsz_limit = 1G
mail_max_userip_connections = {connections}
postmaster_address = postmaster@example.org
hostname = dovecot.example.org
passdb {{
  driver = passwd-file
  master = yes
  args = scheme=PLAIN {root}/masters
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users
}}
{oauth}
userdb {{
  driver = static
  args = home={root}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
service imap-login {{
  service_count = 0
  client_limit = {clients}
  process_min_avail = 1
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = {connections}
}}
{pop3}
service lmtp {{
  process_min_avail = 4
  client_limit = 1
  process_limit = 64
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  # No penalty for wrong passwords: tests try many.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  chroot =
}}
{more}
"""

# Nothing secret is said before TLS, not on loopback either.
TLS = """ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2"""

POP3 = """service pop3-login {{
  service_count = 0
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}"""

OAUTH = """passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth.conf
}}"""

# Tokens are looked at here, no identity provider is asked.
OAUTH_TOKENS = """introspection_mode = local
local_validation_key_dict = fs:posix:prefix={root}/keys/
username_attribute = email
issuers = https://login.example.org
"""


class Dovecot:
    """`tls` is a certificate and its key, for imaps_port and STARTTLS; `token_secret` signs access tokens; `connections` is how many it
    may have at once."""

    def __init__(self, users, location="sdbox:~/mail", separator="/", more="", tls=None, token_secret=None, mechanisms=None, pop3=False,
                 connections=2000):
        # Its sockets' paths must stay short, and its users must reach the folder.
        self._folder = tempfile.TemporaryDirectory(prefix="dovecot-")
        self.root = pathlib.Path(self._folder.name)
        self.root.chmod(0o755)
        self.imap_port = free_port()
        self.imaps_port = free_port() if tls else 0
        self.lmtp_port = free_port()
        self.pop3_port = free_port() if pop3 else 0
        owner = pwd.getpwnam("mail")
        for name in ("run", "state", "home"):
            (self.root / name).mkdir()
        os.chown(self.root / "home", owner.pw_uid, owner.pw_gid)
        self.owner = owner
        (self.root / "masters").write_text("master:{PLAIN}master-secret\n")
        (self.root / "users").write_text("".join(f"{user}:{{PLAIN}}secret\n" for user in users))
        if token_secret:
            self._take_tokens(token_secret)
        mechanisms = mechanisms or "plain login" + (" xoauth2 oauthbearer" if token_secret else "")
        self.config = self.root / "dovecot.conf"
        self._settings = dict(
            root=self.root, imap=self.imap_port, imaps=self.imaps_port, lmtp=self.lmtp_port, location=location, separator=separator,
            user="mail", group="mail", mechanisms=mechanisms, oauth=OAUTH.format(root=self.root) if token_secret else "",
            tls=TLS.format(certificate=tls[0], key=tls[1]) if tls else "ssl = no", connections=connections, clients=4 * connections + 1000,
            pop3_protocol=" pop3" if pop3 else "", pop3=POP3.format(port=self.pop3_port) if pop3 else "")
        self.configure(more)
        self.process = None

    def _take_tokens(self, secret):
        (self.root / "oauth.conf").write_text(OAUTH_TOKENS.format(root=self.root))
        key = self.root / "keys/default/HS256/default"
        key.parent.mkdir(parents=True)
        key.write_bytes(base64.b64encode(secret))

    def configure(self, more=""):
        """`more` are settings that come last. They hold from the next start on."""
        self.config.write_text(CONFIG.format(more=more, **self._settings))

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.config], stdin=subprocess.DEVNULL)
        wait_for(lambda: answers(self.imap_port) and answers(self.lmtp_port), f"Dovecot; its log: {self.root}/dovecot.log")
        return self

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process = None

    def close(self):
        self.stop()
        self._folder.cleanup()

    def home(self, user):
        return self.root / "home" / user

    def imap(self, user, password="secret"):
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=60)
        if self.imaps_port:
            client.starttls(ssl._create_unverified_context())
        client.login(user, password)
        return client
