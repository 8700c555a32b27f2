# SPDX-License-Identifier: AGPL-3.0-or-later
"""SEARCH, SORT and THREAD against Dovecot's answers, over the same messages."""
import imaplib
import re

SAME = [
    "SEARCH ALL", "SEARCH UNSEEN", "SEARCH SUBJECT re", "SEARCH FROM example", "SEARCH TO @", "SEARCH CC a", "SEARCH SUBJECT \"\"",
    "SEARCH SENTSINCE 1-Jan-2010", "SEARCH SENTBEFORE 1-Jan-2005", "SEARCH LARGER 4000", "SEARCH HEADER Message-ID \"\"",
    "SEARCH OR SUBJECT test BODY hello", "SEARCH NOT HEADER Reply-To \"\"", "SEARCH TEXT hello", "SEARCH BODY test",
    "SEARCH RETURN (MIN MAX COUNT ALL) LARGER 1000", "SEARCH RETURN (PARTIAL 1:5) LARGER 1000",
    "SORT (ARRIVAL) UTF-8 ALL", "SORT (SIZE) UTF-8 ALL", "SORT (REVERSE SIZE) UTF-8 LARGER 1000",
    "SORT (DATE) UTF-8 SENTSINCE 1-Jan-1980", "SORT (SUBJECT DATE) UTF-8 ALL", "SORT (FROM DATE) UTF-8 ALL",
    "SORT (REVERSE DATE) UTF-8 SENTSINCE 1-Jan-1980", "SORT (CC TO SIZE) UTF-8 ALL", "SORT (DISPLAYFROM SIZE) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL", "THREAD REFS UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL",
]


def untagged(client, command):
    tag = client._new_tag().decode()
    client.send(f"{tag} {command}\r\n".encode())
    lines = []
    while True:
        line = client.readline().decode()
        if line.startswith(tag):
            assert line.split()[1] == "OK", (command, line)
            return [re.sub(r'\(TAG "[^"]*"\)', "(TAG)", answer) for answer in lines]
        if line.upper().startswith(("* SEARCH", "* ESEARCH", "* SORT", "* THREAD")):
            lines.append(line.rstrip())


def fill(client, messages):
    for number, message in enumerate(messages):
        date = imaplib.Time2Internaldate(1_600_000_000 + 60 * number)
        assert client.append("INBOX", None, date, message)[0] == "OK"
    client.select("INBOX")


def replies():
    """Threads of every shape: chains, gaps, equal subjects, forwards, repeated ids."""
    for n in range(60):
        parent = (n * 7) % 13
        headers = [f"Message-ID: <m{n % 55}@x>", f"Date: {1 + n % 28} Jan 2024 1{n % 10}:{n:02}:00 +0{n % 5}00",
                   f"From: Person {n % 7} <p{n % 5}@example.net>"]
        prefix = ["", "Re: ", "Fwd: ", "Re: [list] "][n % 4] if n % 3 else ""
        headers.append(f"Subject: {prefix}topic {n % 9}")
        if n % 3:
            headers.append(f"References: <gone{parent}@x> <m{parent}@x>" if n % 5 else f"References: <gone{n % 6}@x>")
        elif n % 2:
            headers.append(f"In-Reply-To: <m{parent}@x>")
        yield ("\r\n".join(headers) + f"\r\n\r\nhello {n}\r\n" + "x" * n).encode()


def test_answers_are_dovecots(kontor, make_dovecot):
    """What is well formed: of broken dates and addresses each server makes its own sense."""
    messages = list(replies())
    dovecot = make_dovecot()
    with kontor.imap() as ours, dovecot.imap("ada@example.org") as theirs:
        fill(ours, messages)
        fill(theirs, messages)
        different = {}
        for command in SAME:
            mine, peers = untagged(ours, command), untagged(theirs, command)
            if mine != peers:
                different[command] = (mine, peers)
        assert not different
