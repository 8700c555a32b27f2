#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A milter on libmilter that does what messages say in their field X-Milter: `actions_milter.py SOCKET LOG`. Each
callback leaves a line of JSON in the log."""
import json
import sys

import Milter

LOG = open(sys.argv[2], "a", buffering=1)


def note(**what):
    LOG.write(json.dumps(what) + "\n")


class Actions(Milter.Base):
    def __init__(self):
        self.id = Milter.uniqueID()
        self.wanted = []

    def connect(self, name, family, address):
        note(on="connect", name=name, address=address and str(address[0]), daemon=self.getsymval("{daemon_name}"), j=self.getsymval("j"))
        return Milter.CONTINUE

    def hello(self, name):
        note(on="hello", name=name)
        return Milter.CONTINUE

    def envfrom(self, sender, *parameters):
        self.wanted, self.fields, self.size = [], [], 0
        note(on="mail", sender=sender, login=self.getsymval("{auth_authen}"), id=self.getsymval("i"))
        return Milter.TEMPFAIL if sender == "<wait@example.com>" else Milter.CONTINUE

    def envrcpt(self, recipient, *parameters):
        note(on="rcpt", recipient=recipient)
        return Milter.CONTINUE

    def data(self):
        note(on="data")
        return Milter.CONTINUE

    def header(self, name, value):
        self.fields.append((name, value))
        if name == "X-Milter":
            self.wanted.append(value)
        return Milter.CONTINUE

    def eoh(self):
        if "early" in self.wanted:
            return Milter.ACCEPT
        return Milter.CONTINUE

    def body(self, piece):
        self.size += len(piece)
        return Milter.SKIP if "skip" in self.wanted else Milter.CONTINUE

    def eom(self):
        note(on="eom", fields=self.fields, size=self.size)
        for wanted in self.wanted:
            answer = getattr(self, "do_" + wanted, lambda: Milter.CONTINUE)()
            if answer is not None and answer != Milter.CONTINUE:
                return answer
        return Milter.CONTINUE

    def do_reject(self):
        return Milter.REJECT

    def do_words(self):
        self.setreply("554", "5.7.9", "First line", "Second line")
        return Milter.REJECT

    def do_tempfail(self):
        return Milter.TEMPFAIL

    def do_discard(self):
        return Milter.DISCARD

    def do_headers(self):
        self.addheader("X-Added", "first\n second")
        self.addheader("X-On-Top", "1", 0)
        self.chgheader("Subject", 1, "changed")
        self.chgheader("X-Gone", 2, "")

    def do_body(self):
        self.progress()
        self.replacebody(b"new body\r\n" * 20000)

    def do_recipients(self):
        self.addrcpt("<ben@example.org>")
        self.addrcpt("<far@elsewhere.example>")
        self.delrcpt("<ada@example.org>")

    def do_sender(self):
        self.chgfrom("<other@example.com>")

    def do_quarantine(self):
        self.quarantine("looks odd")

    def do_crash(self):
        import os
        os._exit(1)

    def do_sleep(self):
        import time
        time.sleep(120)

    def close(self):
        note(on="close")
        return Milter.CONTINUE


Milter.factory = Actions
Milter.set_flags(Milter.CHGBODY + Milter.CHGHDRS + Milter.ADDHDRS + Milter.ADDRCPT + Milter.DELRCPT + Milter.QUARANTINE + Milter.CHGFROM)
Milter.runmilter("actions", sys.argv[1], 60)
