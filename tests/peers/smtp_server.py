# SPDX-License-Identifier: AGPL-3.0-or-later
"""A next hop that takes mail, and says what a test wants it to say."""
import base64
import dataclasses
import socketserver
import ssl
import threading


@dataclasses.dataclass
class Taken:
    sender: str
    recipients: list
    content: bytes
    is_encrypted: bool
    user: str


class SmtpServer:
    """`answers` maps the start of a command ("RCPT TO:<ben@") to the reply that it gets; `offers` are its extensions. With a
    `certificate` (chain, key) it has STARTTLS; with `passwords` it wants a login."""

    def __init__(self, answers=None, offers=("PIPELINING", "8BITMIME", "SIZE 10000000", "DSN", "SMTPUTF8"), certificate=None, passwords=None,
                 port=0):
        self.answers = dict(answers or {})
        self.offers = list(offers)
        self.passwords = passwords
        self.taken = []
        self.commands = []
        self.connections = 0
        self.tls = None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(*map(str, certificate))
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                owner.connections += 1
                try:
                    owner._converse(self)
                except (OSError, ssl.SSLError):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _answer(self, line, usual):
        for start, reply in self.answers.items():
            if line.upper().startswith(start.upper()):
                return reply
        return usual

    def _converse(self, handler):
        source = handler.rfile
        sock = handler.connection

        def say(text):
            sock.sendall(text.encode() + b"\r\n")

        say(self._answer("CONNECT", "220 peer.example ESMTP"))
        sender, recipients, user, encrypted, chunks = "", [], "", False, b""
        while True:
            line = source.readline()
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append(text)
            upper = text.upper()
            if upper.startswith("EHLO"):
                lines = ["peer.example", *self.offers]
                if self.tls and not encrypted:
                    lines.append("STARTTLS")
                if self.passwords:
                    lines.append("AUTH PLAIN LOGIN")
                for one in lines[:-1]:
                    say("250-" + one)
                say("250 " + lines[-1])
            elif upper == "STARTTLS" and self.tls:
                say("220 go on")
                sock = self.tls.wrap_socket(sock, server_side=True)
                source, encrypted = sock.makefile("rb"), True
            elif upper.startswith("AUTH PLAIN"):
                _, name, password = base64.b64decode(text.split()[2]).split(b"\0")
                good = (self.passwords or {}).get(name.decode()) == password.decode()
                user = name.decode() if good else ""
                say("235 2.7.0 welcome" if good else "535 5.7.8 wrong password")
            elif upper.startswith("MAIL FROM"):
                sender, recipients = text[10:].split(">")[0].strip("<"), []
                say(self._answer(text, "530 5.7.0 log in first" if self.passwords and not user else "250 2.1.0 ok"))
            elif upper.startswith("RCPT TO"):
                reply = self._answer(text, "250 2.1.5 ok")
                if reply.startswith("2"):
                    recipients.append(text[8:].split(">")[0].strip("<"))
                say(reply)
            elif upper == "DATA":
                if not recipients:
                    say("554 5.5.1 no recipients")
                    continue
                say("354 go on")
                content = b""
                while (line := source.readline()) not in (b".\r\n", b""):
                    content += line[1:] if line.startswith(b".") else line
                if not line:
                    return
                reply = self._answer("DATA-END", "250 2.0.0 taken")
                if reply.startswith("2"):
                    self.taken.append(Taken(sender, recipients, content, encrypted, user))
                say(reply)
            elif upper.startswith("BDAT"):
                chunks += source.read(int(text.split()[1]))
                if upper.endswith(" LAST"):
                    self.taken.append(Taken(sender, recipients, chunks, encrypted, user))
                    chunks = b""
                say("250 2.0.0 taken")
            elif upper == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")
