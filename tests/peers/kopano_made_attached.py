# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events, tasks, notes and contacts of a Kopano store with files of any size, and what of them clients must see."""
import hashlib
import random
import re

from .kopano_blobs import TUESDAY, Pattern
from .kopano_made_calendar import START, STOP, EventMaker, at, to_utc
from .kopano_made_store import sender
from .kopano_rows import LONG, TASK

MIB = 1 << 20


def digest(content):
    return hashlib.sha256(content).hexdigest()


def file_of(name, content, kind="application/octet-stream"):
    return ({0x37050003: 1, 0x3707001E: name, 0x370E001E: kind}, content)


class AttachedMaker:
    """`truth`: {title of an item: {part of it ("" or the day of a changed instance): {name of a file: SHA-256}}}; `mails`: {subject: {SHA-256 of files, however deep}}"""

    def __init__(self, store, seed=0, scale=1.0):
        self.store, self.dice, self.scale = store, random.Random(seed), scale
        self.truth, self.hids, self.mails = {}, {}, {}
        self.events = EventMaker(store, store.folders["calendar"])

    def bytes_of(self, mib):
        left, parts = int(mib * MIB * self.scale), []
        while left > 0:
            parts.append(self.dice.randbytes(min(left, 64 * MIB)))
            left -= len(parts[-1])
        return b"".join(parts)

    def files(self, **sizes):
        """Rows of attachments, and the truth of them."""
        contents = {f"{name}.bin": self.bytes_of(mib) for name, mib in sizes.items()}
        return [file_of(name, content) for name, content in contents.items()], {name: digest(content) for name, content in contents.items()}

    def event(self, title, **sizes):
        files, truth = self.files(**sizes)
        row = self.events.add(title, at(2024, 5, 6, 12), at(2024, 5, 6, 13), attachments=files)
        self.truth[title], self.hids[title] = {"": truth}, row["hid"]

    def series(self, title):
        """Each week; of two changed instances one has files of its own, the other has those of the series."""
        files, truth = self.files(series=6)
        own, own_truth = self.files(own=5, small=0.001)
        nine, eleven, pattern = at(2024, 5, 7, 9), at(2024, 5, 14, 11), Pattern("weekly", at(2024, 5, 7), days=TUESDAY, count=6)
        changed = [{"original": at(2024, 5, 14, 9), "start": eleven, "end": at(2024, 5, 14, 12), "inner": {0x0037001E: "moved"}, "files": own},
                   {"original": at(2024, 5, 21, 9), "start": at(2024, 5, 21, 11), "end": at(2024, 5, 21, 12), "inner": {0x0037001E: "moved, too"}}]
        row = self.events.add(title, nine, at(2024, 5, 7, 10), pattern=pattern, rule="FREQ=WEEKLY;BYDAY=TU;COUNT=6", changed=changed, attachments=files)
        self.truth[title], self.hids[title] = {"": truth, "20240514": own_truth, "20240521": truth}, row["hid"]

    def item(self, folder, message_class, title, properties=None, **sizes):
        files, truth = self.files(**sizes)
        hid, _ = self.store.add_item(self.store.folders[folder], {0x001A001E: message_class, 0x0037001E: title, 0x3001001E: title, 0x1000001E: title, **(properties or {})}, (), files)
        self.truth[title], self.hids[title] = {"": truth}, hid

    def mails_with_events(self):
        """An event with a large file that lies among mail, and one that is attached to a mail: their files are parts of the mail."""
        noon = to_utc(at(2024, 5, 6, 12), "UTC")
        event = {0x001A001E: "IPM.Appointment", START: noon, STOP: noon, 0x1000001E: "x", **sender("Olga", "olga@x.example")}
        for title, is_within in (("an event among mail", False), ("an event in a mail", True)):
            files, truth = self.files(within=6 / self.scale, small=0.001)  # what is small stands in the event
            inner = ({0x37050003: 5, 0x3001001E: "inner"}, {"properties": {**event, 0x0037001E: "inner"}, "attachments": files})
            own = {0x001A001E: "IPM.Note", 0x1000001E: "x"} if is_within else event
            self.store.add_item(self.store.folders["inbox"], {**own, 0x0037001E: title}, (), [inner] if is_within else files)
            self.mails[title] = set(truth.values())

    def make(self):
        self.event("two files", plan=8, film=60)
        self.series("each week")
        self.item("tasks", "IPM.Task", "a task", {(TASK, 0x8101, LONG): 1}, large=9, small=0.01)
        self.item("notes", "IPM.StickyNote", "a note", large=5)
        self.item("journal", "IPM.Activity", "an entry", large=4.5)
        self.item("contacts", "IPM.Contact", "Carl Carrier", large=7, small=0.001)
        self.mails_with_events()
        same = self.bytes_of(5)
        row = self.events.add("one content with two names", at(2024, 5, 8, 12), at(2024, 5, 8, 13), attachments=[file_of("a.bin", same), file_of("b.bin", same)])
        self.truth["one content with two names"], self.hids["one content with two names"] = {"": {"a.bin": digest(same), "b.bin": digest(same)}}, row["hid"]
        self.store.rows.flush()


def change_file(store, title_hid, name, content):
    """Another content under the same name, as a client stores it: the message counts as changed."""
    sql, rows = store.rows.kopano.sql, store.rows
    hid = int(sql(f"SELECT h.id FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag = 0x3707 AND p.val_string = '{name}' WHERE h.parent = {title_hid}")[0][0])
    sql(f"DELETE FROM singleinstances WHERE hierarchyid = {hid}; UPDATE properties SET val_lo = val_lo + 10000000 WHERE hierarchyid = {title_hid} AND tag = 0x3008")
    rows.data(hid, content)
    rows.flush()


def unfolded(text):
    return text.replace("\r\n", "\n").replace("\n ", "")


def attached_in(text):
    """{title: {part: [(name, path on the server, parameters)]}} of one object."""
    found, title = {}, None
    for part in re.findall(r"^BEGIN:(?:VEVENT|VTODO|VJOURNAL|VCARD)\n.*?^END:V", unfolded(text), re.M | re.S):
        instance = re.search(r"^RECURRENCE-ID.*:(\d{8})", part, re.M)
        name = re.search(r"^(?:SUMMARY|FN)[^:\n]*:(.*)$", part, re.M)
        title = title or (name.group(1) if name else "")
        rows = []
        for words, value in re.findall(r'^(?:X-KONTOR-)?ATTACH((?:;[^":\n]*(?:"[^"]*")?)*):(.*)$', part, re.M):
            parameters = dict(word.split("=", 1) for word in words.split(";")[1:])
            rows.append((parameters.get("FILENAME", ""), value, parameters))
        found.setdefault(title, {})[instance.group(1) if instance else ""] = rows
    return found


def attachment_faults(truth, home, dav, origin):
    """What is not as it should be, of all objects in calendars and address books."""
    seen, digests = {}, {}
    for _, text in home.calendar + home.contacts:
        seen.update(attached_in(text))
    for title, parts in truth.items():
        if title not in seen:
            yield f"{title}: is not there"
            continue
        for part, files in parts.items():
            rows = seen[title].get(part)
            if rows is None:
                yield f"{title}: has no part {part!r}: {sorted(seen[title])}"
                continue
            if sorted(name for name, _, _ in rows) != sorted(files):
                yield f"{title} {part}: {[name for name, _, _ in rows]} instead of {sorted(files)}"
            for name, url, parameters in rows:
                if not url.startswith(origin + "/dav/attachments/" + parameters.get("MANAGED-ID", "-")):
                    yield f"{title} {part}: {name} is at {url[:200]}"
                    continue
                if url not in digests:
                    answer = dav("GET", url.removeprefix(origin))
                    digests[url] = (answer.status, digest(answer.body), len(answer.body))
                status, found, size = digests[url]
                if (status, found) != (200, files.get(name)):
                    yield f"{title} {part}: {name} is another one ({status})"
                if "SIZE" in parameters and parameters["SIZE"] != str(size):
                    yield f"{title} {part}: {name} has {size} bytes, not {parameters['SIZE']}"
