# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same random commands, in several sessions at once, to Kontor and to Dovecot: every answer must be the same.

KONTOR_STEPS sets the commands of a run, KONTOR_SEEDS the runs ("1", "5-9"); a seed always gives the same commands. KONTOR_EXTENSIONS
names what is compared beyond IMAP4rev1, UIDPLUS, MOVE and UNSELECT, where both have it: "ESEARCH SORT THREAD=REFERENCES".

Not compared, because a server may choose: texts, UIDVALIDITY, MODSEQ values, the order of untagged lines, capabilities,
\\Recent, PERMANENTFLAGS, and response codes other than those in CODES. Before each command the session says NOOP, so that
both have announced the same; that what was announced adds up to what is there is checked for Kontor after each NOOP.
What Dovecot does differently from the RFC, or as it may and we do not, is in quirk().
"""
import collections
import os
import random
import re
import time

import pytest

from peers.imap_wire import Atom, Wire, fetched
from peers.mailbox import crlf, own_messages

STEPS = int(os.environ.get("KONTOR_STEPS", "250"))
FIRST, _, LAST = os.environ.get("KONTOR_SEEDS", "1-2").partition("-")
SEEDS = range(int(FIRST), int(LAST or FIRST) + 1)
EXTENSIONS = set(os.environ.get("KONTOR_EXTENSIONS", "").encode().split())
SESSIONS = 3
USER = b"ada@example.org"
NAMES = [b"INBOX", b"inbox", b"A", b"A/B", b"A/B/C", b"B", b"Entw&APw-rfe", b"with space", b"Sent", b"Absent", b"A/Absent"]
FLAGS = [b"\\Seen", b"\\Flagged", b"\\Answered", b"\\Deleted", b"\\Draft", b"$Label1", b"projektx"]
CODES = {b"APPENDUID", b"COPYUID", b"TRYCREATE", b"READ-ONLY", b"READ-WRITE", b"UIDNEXT"}
# Not "2.1": where part 2 has no parts there is none, but Dovecot gives part 2 itself.
SECTIONS = [b"", b"HEADER", b"TEXT", b"1", b"1.MIME", b"2", b"2.HEADER", b"9", b"HEADER.FIELDS (Subject From)",
            b"HEADER.FIELDS.NOT (Received To Cc)"]
# Messages that Dovecot shows in another way.
LEFT_OUT = {
    "05-latin1-raw-header.eml": "a raw Latin-1 header is not decoded, so not found by SEARCH",
    "06-nul-and-lone-cr.eml": "changed when stored",
    "08-attachment.eml": "parameters in pieces (RFC 2231) are joined and put in another order",
    "09-forwarded.eml": "the line end before a boundary counts to the part when that ends with an inner boundary (RFC 2046 section 5.1.1)",
    "11-no-header.eml": "without a Date it counts as sent in 1970",
    "13-group.eml": "an address with a route but no angle brackets is MISSING_MAILBOX",
    "21-unknown-charset.eml": "text of an unknown charset is not searched",
    "26-empty.eml": "refused",
}
# Words of messages' text: what a match in MIME headers means, RFC 3501 and RFC 9051 tell in different ways.
WORDS = [b"hello", b"the", b"example.org", b"Ada", b"\xc3\xbc", b"zzz", b"Planning", b"Minutes"]
MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def quote(name):
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


class Generator:
    """Makes commands: tuples of what Wire.command takes. `state` is what the session knows, `busy` are the folders that are open:
    those and what is above them stay, since Dovecot closes connections whose folder goes away. `parents` have folders below them and are
    not deleted: one that is made again goes on with its UIDs in Kontor and begins anew in Dovecot."""

    def __init__(self, rng, has):
        self.rng, self.has, self.busy, self.names, self.parents = rng, has, set(), set(), set()
        self.messages = [crlf(data) for name, data in own_messages() if name not in LEFT_OUT]

    def next(self, state):
        authenticated = [self.select] * 4 + [self.create] * 3 + [self.delete, self.rename, self.subscribe, self.list, self.lsub]
        authenticated += [self.status] * 2 + [self.append] * 5
        selected = [self.fetch] * 6 + [self.store] * 6 + [self.copy] * 3 + [self.move] * 2 + [self.search] * 6
        selected += [self.expunge] * 2 + [self.uid_expunge, self.leave]
        selected += [self.sort] * 2 * self.has(b"SORT") + [self.search_return] * 2 * self.has(b"ESEARCH")
        selected += [self.thread] * self.has(b"THREAD=REFERENCES")
        if state.is_read_only:  # Dovecot moves messages out of a folder opened with EXAMINE
            selected = [command for command in selected if command != self.move]
        return self.rng.choice(authenticated + selected * 2 if state.folder else authenticated)(state)

    def name(self):
        return quote(self.rng.choice(NAMES))

    def select(self, _):
        return (self.rng.choice([b"SELECT ", b"SELECT ", b"EXAMINE "]) + self.name(),)

    def create(self, _):
        return (b"CREATE " + self.name(),)

    def know(self, names):
        self.names, self.parents = names, {name.rpartition(b"/")[0] for name in names}

    def idle_names(self):
        return [quote(name) for name in NAMES[2:] if not any(busy == name or busy.startswith(name + b"/") for busy in self.busy)]

    def delete(self, _):
        return (b"DELETE " + self.rng.choice([b"INBOX", *(name for name in self.idle_names() if name.strip(b'"') not in self.parents)]),)

    def rename(self, _):
        # Renaming INBOX moves its messages; how a server numbers them then is its own business.
        # Of a folder that is there: of another, Dovecot makes what is above the new name before it refuses.
        there = [name for name in self.idle_names() if name.strip(b'"') in self.names]
        if not there:
            return self.create(None)
        return (b"RENAME " + self.rng.choice(there) + b" " + self.rng.choice([quote(name) for name in NAMES[2:]]),)

    def subscribe(self, _):
        return (self.rng.choice([b"SUBSCRIBE ", b"UNSUBSCRIBE "]) + self.name(),)

    def list(self, _):
        return (b'LIST "" ' + quote(self.rng.choice([b"*", b"%", b"A/%", b"A*", b"*B*", b"%/%", b"inbox", b"Nothing*", b""])),)

    def lsub(self, _):
        return (b'LSUB "" ' + quote(self.rng.choice([b"*", b"%", b"A/%"])),)

    def status(self, _):
        return (b"STATUS " + self.name() + b" (MESSAGES UIDNEXT UNSEEN)",)

    def append(self, _):
        flags = b"(" + b" ".join(self.rng.sample(FLAGS, self.rng.randint(0, 3))) + b") " if self.rng.random() < 0.7 else b""
        date = b""
        if self.rng.random() < 0.8:
            date = b'"%2d-%s-20%02d 1%d:30:00 +0%d00" ' % (self.rng.randint(1, 28), self.rng.choice(MONTHS), self.rng.randint(0, 24),
                                                            self.rng.randint(0, 9), self.rng.randint(0, 9))
        return (b"APPEND " + self.name() + b" " + flags + (date or b'"01-Jan-2020 00:00:00 +0000" '), [self.rng.choice(self.messages)])

    def numbers(self, state, uid):
        """A set of messages that are there; with UIDs, also some that are not."""
        if not state.uids:
            return b"1:*"
        top = max(state.uids) if uid else len(state.uids)
        pool = [*state.uids, *([top + 3] if uid else [])] if uid else range(1, top + 1)
        parts = []
        for _ in range(self.rng.randint(1, 3)):
            a, b = self.rng.choice(pool), self.rng.choice(pool)
            parts.append(self.rng.choice([b"%d" % a, b"%d:%d" % (a, b)]))
        # Not more than one "*" and nothing else with it: Dovecot 2.3 ends with an assertion on "COPY 2,*,1:*".
        return self.rng.choice([b",".join(parts), b",".join(parts), b"%d:*" % a, b"*", b"1:*"])

    def on_messages(self, state, command):
        # What 1:* means by number where there is nothing is answered in both ways (RFC 3501 section 9, seq-number).
        uid = self.rng.random() < 0.6 or not state.uids
        return (b"UID " if uid else b"") + command + b" " + self.numbers(state, uid) + b" "

    def fetch(self, state):
        section = self.rng.choice(SECTIONS)
        partial = self.rng.choice([b"", b"", b"<0.20>", b"<5.10>", b"<100000.5>"])
        items = [b"FLAGS", b"UID", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODYSTRUCTURE", b"BODY", b"RFC822.HEADER",
                 b"BODY.PEEK[%s]%s" % (section, partial), b"BODY[%s]" % section]
        picked = self.rng.sample(items, self.rng.randint(1, 3))
        return (self.on_messages(state, b"FETCH") + self.rng.choice([b"(" + b" ".join(picked) + b")", b"FAST", b"ALL", b"FULL", picked[0]]),)

    def store(self, state):
        flags = b"(" + b" ".join(self.rng.sample(FLAGS, self.rng.randint(0, 3))) + b")"
        return (self.on_messages(state, b"STORE") + self.rng.choice([b"", b"+", b"-"]) + b"FLAGS" + self.rng.choice([b"", b".SILENT"]) + b" " + flags,)

    def copy(self, state):
        return (self.on_messages(state, b"COPY") + self.name(),)

    def move(self, state):
        return (self.on_messages(state, b"MOVE") + self.name(),)

    def expunge(self, _):
        return (b"EXPUNGE",)

    def uid_expunge(self, state):
        return (b"UID EXPUNGE " + self.numbers(state, True),)

    def leave(self, _):
        return (self.rng.choice([b"CLOSE", b"UNSELECT"]),)

    def key(self, state, depth=0):
        date = b"%d-%s-20%02d" % (self.rng.randint(1, 28), self.rng.choice(MONTHS), self.rng.randint(0, 24))
        word = self.rng.choice(WORDS)
        keys = [b"ALL", b"SEEN", b"UNSEEN", b"DELETED", b"UNDELETED", b"FLAGGED", b"ANSWERED", b"UNDRAFT", b"KEYWORD $Label1",
                b"UNKEYWORD projektx", b"SINCE " + date, b"BEFORE " + date, b"ON " + date, b"SENTSINCE " + date, b"SENTBEFORE " + date,
                b"LARGER %d" % self.rng.randint(0, 3000), b"SMALLER %d" % self.rng.randint(0, 3000), b"SUBJECT " + quote(word),
                b"FROM " + quote(word), b"TO " + quote(word), b"HEADER Message-ID " + quote(word), b"BODY " + quote(word), b"TEXT " + quote(word),
                b'HEADER Subject ""', b"UID " + self.numbers(state, True)]
        if state.uids:
            keys.append(self.numbers(state, False))
        if depth < 3 and self.rng.random() < 0.4:
            a, b = self.key(state, depth + 1), self.key(state, depth + 1)
            return self.rng.choice([b"NOT " + a, b"OR " + a + b" " + b, b"(" + a + b" " + b + b")", a + b" " + b])
        return self.rng.choice(keys)

    def search(self, state):
        return (self.rng.choice([b"", b"UID "]) + b"SEARCH CHARSET UTF-8 " + self.key(state),)

    def search_return(self, state):
        options = b" ".join(self.rng.sample([b"MIN", b"MAX", b"ALL", b"COUNT"], self.rng.randint(0, 3)))
        return (self.rng.choice([b"", b"UID "]) + b"SEARCH RETURN (" + options + b") CHARSET UTF-8 " + self.key(state),)

    def sort(self, state):
        keys = [b"ARRIVAL", b"DATE", b"SUBJECT", b"FROM", b"TO", b"CC", b"SIZE", b"REVERSE SIZE", b"REVERSE DATE", b"REVERSE SUBJECT ARRIVAL"]
        return (self.rng.choice([b"", b"UID "]) + b"SORT (" + self.rng.choice(keys) + b") UTF-8 " + self.key(state),)

    def thread(self, state):
        return (self.rng.choice([b"", b"UID "]) + b"THREAD REFERENCES UTF-8 " + self.key(state),)


class State:
    """What a client knows of the session's folder: from announcements alone."""

    def __init__(self):
        self.folder, self.uids, self.is_read_only = None, [], False

    def check(self, command, answer):
        if command.split()[0] in (b"SELECT", b"EXAMINE"):
            self.folder = command.split(b" ", 1)[1] if answer.status == b"OK" else None
            self.is_read_only = command.startswith(b"EXAMINE")
        elif command in (b"CLOSE", b"UNSELECT") and answer.status == b"OK":
            self.folder = None


class Announced:
    """Follows EXISTS, EXPUNGE and FETCH FLAGS; None stands for flags that were not told yet."""

    def __init__(self):
        self.flags = []

    def follow(self, answer):
        for line in answer.untagged:
            if len(line) < 2 or not isinstance(line[1], Atom):
                continue
            what = line[1].upper()
            if what == b"EXISTS":
                assert int(line[0]) >= len(self.flags), "EXISTS without EXPUNGE takes messages away"
                self.flags += [None] * (int(line[0]) - len(self.flags))
            elif what == b"EXPUNGE":
                del self.flags[int(line[0]) - 1]
        for number, items in fetched(answer).items():
            if b"FLAGS" in items:
                self.flags[number - 1] = flag_set(items[b"FLAGS"])


def flag_set(flags):
    return frozenset(bytes(flag).lower() for flag in flags) - {b"\\recent"}


def instant(date):
    return time.strptime(date.decode().strip(), "%d-%b-%Y %H:%M:%S %z"), re.search(rb"[+-]\d{4}$", date)[0]


def lowered(value):
    """BODYSTRUCTURE with what is case-insensitive in one case, and without the charset that is meant where none is named."""
    if value == [b"charset", b"us-ascii"]:
        return None
    if isinstance(value, list):
        return [lowered(v) for v in value]
    return value.lower() if isinstance(value, bytes) else value


def normal_item(name, value):
    if name == b"FLAGS":
        return flag_set(value)
    if name == b"INTERNALDATE":
        when, zone = instant(value)
        return time.mktime(when[:9]) - (int(zone[:3]) * 3600 + int(zone[0:1] + zone[3:]) * 60)
    if name in (b"BODYSTRUCTURE", b"BODY"):
        return lowered(value)
    # A part that is not there is NIL or empty.
    return b"" if value is None and name.startswith(b"BODY[") else value


def names_command(words):
    """The (TAG "a1") of an ESEARCH; a thread may begin with a list of its own."""
    return isinstance(words, list) and bool(words) and isinstance(words[0], Atom) and words[0].upper() == b"TAG"


def normal(command, answer):
    """What must be the same of an answer."""
    out = {"status": answer.status, "code": [lowered(w) for w in answer.code]}
    if not answer.code or answer.code[0].upper() not in CODES:
        out["code"] = []
    elif answer.code[0].upper() in (b"APPENDUID", b"COPYUID"):
        out["code"][1] = b"(uidvalidity)"
    verb = command.removeprefix(b"UID ").split(b" ", 1)[0]
    if verb == b"FETCH" and answer.status == b"OK":
        wanted = asked_items(command)
        out["fetch"] = {n: {k: normal_item(k, v) for k, v in items.items() if k in wanted or k not in (b"FLAGS", b"UID")}
                        for n, items in fetched(answer).items() if wanted & set(items) - {b"UID"} or wanted & set(items)}
    lines = []
    for line in answer.untagged:
        words = [w.upper() if isinstance(w, Atom) else w for w in line]
        if words[0] in (b"SEARCH",):
            lines.append(("search", tuple(sorted(int(w) for w in line[1:] if isinstance(w, Atom)))))
        elif words[0] in (b"SORT", b"THREAD", b"ESEARCH"):
            lines.append((words[0].decode(), repr([w for w in line[1:] if not names_command(w)])))
        elif words[0] in (b"LIST", b"LSUB"):
            # Dovecot does not say of a subscribed name that there is no such folder.
            attributes = normal_attributes(line[1]) if words[0] == b"LIST" else None
            lines.append((words[0].decode(), attributes, line[2], bytes(line[3])))
        elif words[0] == b"STATUS":
            name = b"INBOX" if line[1].upper() == b"INBOX" else bytes(line[1])
            lines.append(("status", name, tuple(bytes(w) for w in line[2])))
        elif words[0] == b"OK" and len(words) > 1 and line[1] and line[1][0].upper() == b"UIDNEXT":
            lines.append(("uidnext", line[1][1]))
        elif len(words) > 1 and words[1] == b"EXISTS" and verb in (b"SELECT", b"EXAMINE"):
            lines.append(("exists", line[0]))
    # Which of the ways to say that nothing was found is a server's choice.
    out["lines"] = sorted((line for line in lines if line != ("search", ())), key=repr)
    return out


def normal_attributes(attributes):
    """Only what clients rely on; that a server cannot tell about children is its choice."""
    kept = {b"\\noselect", b"\\nonexistent", b"\\haschildren", b"\\hasnochildren", b"\\noinferiors", b"\\subscribed"}
    out = {bytes(a).lower() for a in attributes} & kept
    return frozenset({b"\\noselect" if a == b"\\nonexistent" else a for a in out})


def asked_items(command):
    """Names of the items that a FETCH must answer with."""
    text = command.removeprefix(b"UID ").split(b" ", 2)[2]
    fast = [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"]
    macros = {b"FAST": fast, b"ALL": [*fast, b"ENVELOPE"], b"FULL": [*fast, b"ENVELOPE", b"BODY"]}
    if text in macros:
        items = macros[text]
    else:
        items = re.findall(rb"[A-Z0-9.]+(?:\[[^\]]*\](?:<\d+\.\d+>)?)?", text)
        items = [re.sub(rb"<(\d+)\.\d+>$", rb"<\1>", item.replace(b"BODY.PEEK[", b"BODY[")).upper() for item in items]
    return {*items, *([b"UID"] if command.startswith(b"UID ") else [])}


def quirk(command, kontor, dovecot):
    """Why the two may differ here, or None."""
    words = command.removeprefix(b"UID ").split()
    if words[0] in (b"COPY", b"MOVE") and b"No messages found" in dovecot.text and kontor.code in ([b"TRYCREATE"], [b"NOPERM"]):
        return "Dovecot looks neither at the target nor at rights when there is nothing to copy"
    if words[0] in (b"EXPUNGE",) and kontor.status == b"NO" and kontor.code == [b"NOPERM"]:
        return "Dovecot says OK to an EXPUNGE that a read-only folder does not let it do"
    if words[0] == b"STORE" and kontor.code == [b"NOPERM"] and b"read-only" in dovecot.text:
        return "the same for STORE"
    return None


class Pair:
    """One session with each server."""

    def __init__(self, number, ports):
        self.number, self.history = number, []
        self.kontor, self.dovecot = Wire(ports[0], "Kontor"), Wire(ports[1], "Dovecot")
        self.state, self.announced = State(), Announced()
        for wire in (self.kontor, self.dovecot):
            assert wire.command(b"LOGIN " + USER + b" secret").status == b"OK"

    def close(self):
        self.kontor.close()
        self.dovecot.close()

    def both(self, parts):
        try:
            return self.kontor.command(*parts), self.dovecot.command(*parts)
        except (OSError, RuntimeError) as fault:
            raise RuntimeError(f"{fault}; session {self.number} in {self.state.folder}: {parts!r}; last: {self.history[-12:]!r}") from fault

    def learn(self, command, answer):
        """Takes up what Kontor's answer tells of the session."""
        self.state.check(command, answer)
        if command.split()[0] in (b"SELECT", b"EXAMINE"):
            self.announced = Announced()
        self.announced.follow(answer)
        if b".SILENT" in command:  # what it did is not announced to who did it
            self.announced.flags = [None] * len(self.announced.flags)

    def synchronise(self, history):
        """NOOP, then both must show the same messages, and Kontor's announcements must add up to them."""
        if not self.state.folder:
            return
        self.announced.follow(self.both((b"NOOP",))[0])
        kontor, dovecot = self.both((b"FETCH 1:* (UID FLAGS)",))
        shown = [{n: (int(items[b"UID"]), flag_set(items[b"FLAGS"])) for n, items in fetched(answer).items()} for answer in (kontor, dovecot)]
        assert shown[0] == shown[1], complain(history, self, (b"FETCH 1:* (UID FLAGS)",), kontor, dovecot)
        announced = self.announced.flags
        assert len(announced) == len(shown[0]), f"announced {len(announced)} messages of {len(shown[0])}; " + complain(history, self, (b"NOOP",), kontor, dovecot)
        for number, flags in enumerate(announced, 1):
            assert flags is None or flags == shown[0][number][1], f"flags of {number} were not announced; " + complain(history, self, (b"NOOP",), kontor, dovecot)
        self.announced.flags = [shown[0][n][1] for n in sorted(shown[0])]
        self.state.uids = [shown[0][n][0] for n in sorted(shown[0])]


def lines_of_difference(one, other, path=""):
    for key in sorted({*one, *other}, key=repr):
        a, b = one.get(key), other.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from lines_of_difference(a, b, f"{path}{key}.")
        elif a != b:
            yield f"{path}{key}:\n  Kontor  {a}\n  Dovecot {b}"


def level(pair):
    """Where Kontor has a folder and Dovecot only a name above others, Dovecot gets the folder (RFC 3501 section 6.3.3 permits both).
    A subscription follows its folder's new name in Kontor and not in Dovecot: there it is made to. Returns Kontor's names."""
    kontor, dovecot = pair.both((b'LIST "" *',))
    names = {bytes(line[3]) for line in kontor.untagged if b"\\noselect" not in normal_attributes(line[1])}
    for line in dovecot.untagged:
        if b"\\noselect" in normal_attributes(line[1]) and bytes(line[3]) in names:
            pair.dovecot.command(b"CREATE " + quote(line[3]))
    subscribed = [{bytes(line[3]) for line in wire.command(b'LSUB "" *').untagged} for wire in (pair.kontor, pair.dovecot)]
    for command, names in ((b"SUBSCRIBE ", subscribed[0] - subscribed[1]), (b"UNSUBSCRIBE ", subscribed[1] - subscribed[0])):
        for name in sorted(names):
            pair.dovecot.command(command + quote(name))
    return {bytes(line[3]) for line in kontor.untagged}


def complain(history, pair, parts, kontor, dovecot):
    lines = [f"session {pair.number}, after:"] + history[-25:] + [f"> {parts!r}"]
    return "\n".join(lines + ["Kontor:", kontor.raw.decode("utf-8", "replace"), "Dovecot:", dovecot.raw.decode("utf-8", "replace")])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_commands_get_the_same_answers(make_kontor, make_dovecot, seed):
    server = make_kontor(imap='plain_login = "local"')
    server.start()
    server.populate(users=("ada",))
    peer = make_dovecot(USER.decode())
    pairs = [Pair(i, (server.port("imap"), peer.imap_port)) for i in range(SESSIONS)]
    try:
        run(pairs, seed)
    finally:
        for pair in pairs:
            pair.close()


def same_folders(pair):
    """Kontor makes some folders for each user; Dovecot its inbox when it is used first. All are subscribed to begin with."""
    pair.dovecot.command(b"STATUS INBOX (MESSAGES)")
    kontor, dovecot = pair.both((b'LIST "" *',))
    for line in kontor.untagged:
        if bytes(line[3]).upper() != b"INBOX" and all(line[3] != other[3] for other in dovecot.untagged):
            pair.dovecot.command(b"CREATE " + quote(line[3]))
    for line in kontor.untagged:
        pair.both((b"SUBSCRIBE " + quote(line[3]),))


def advertised(wire):
    return set(next(line for line in wire.command(b"CAPABILITY").untagged if line[0] == b"CAPABILITY"))


def run(pairs, seed):
    rng = random.Random(seed)
    capabilities = advertised(pairs[0].kontor) & advertised(pairs[0].dovecot) & EXTENSIONS
    generator = Generator(rng, lambda name: name in capabilities)
    same_folders(pairs[0])
    generator.know(level(pairs[0]))
    history, counts = [], collections.Counter()
    for pair in pairs:
        pair.history = history
    for _ in range(STEPS):
        pair = rng.choice(pairs)
        pair.synchronise(history)
        generator.busy = {other.state.folder.strip(b'"') for other in pairs if other.state.folder}
        parts = generator.next(pair.state)
        kontor, dovecot = pair.both(parts)
        history.append(f"{pair.number}> {parts!r}"[:300] + f" -> {kontor.status.decode()}")
        counts[parts[0].removeprefix(b"UID ").split(b" ")[0].decode()] += 1
        pair.learn(parts[0], kontor)
        if parts[0].split()[0] in (b"CREATE", b"RENAME", b"DELETE"):
            generator.know(level(pair))
        compare(seed, history, pair, parts, kontor, dovecot)
    print(f"seed {seed}: {dict(counts)}")


def compare(seed, history, pair, parts, kontor, dovecot):
    one, other = normal(parts[0], kontor), normal(parts[0], dovecot)
    if one == other or quirk(parts[0], kontor, dovecot):
        return
    different = "\n".join(lines_of_difference(one, other))
    pytest.fail(f"seed {seed}\n{different}\n{complain(history, pair, parts, kontor, dovecot)}", pytrace=False)
