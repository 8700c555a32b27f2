# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stores of a Kopano installation as no demo has them: folder names of many languages, roles by pointers alone, folders of every oddity."""
import datetime
import hashlib

from .kopano_rows import ATTACHMENT, FOLDER, MESSAGE, RECIPIENT, STORE, UTC, Rows  # noqa: F401

COMPANY, DOMAIN = "Fjordline", "fjordline.example.com"
MADE_AT = datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)

# Role: name, container class, where its entry id stands: a tag of the store, or of the root and the inbox.
ROLES = {
    "inbox": ("Posteingang", "IPF.Note", None),
    "sent": ("Verzonden items", "IPF.Note", 0x35E40102),
    "trash": ("Éléments supprimés", "IPF.Note", 0x35E30102),
    "outbox": ("Postausgang", "IPF.Note", 0x35E20102),
    "drafts": ("下書き", "IPF.Note", 0x36D70102),
    "junk": ("Ongewenste e-mail", "IPF.Note", None),
    "calendar": ("予定表", "IPF.Appointment", 0x36D00102),
    "contacts": ("Contactpersonen", "IPF.Contact", 0x36D10102),
    "journal": ("履歴", "IPF.Journal", 0x36D20102),
    "notes": ("Notizen", "IPF.StickyNote", 0x36D30102),
    "tasks": ("Tâches", "IPF.Task", 0x36D40102),
}


class MadeStore:
    """One person with a store. With `is_old` pointers stand on the inbox alone, and folders have no class where a pointer tells it."""

    def __init__(self, rows, login, name, is_old=False):
        self.rows, self.login, self.name, self.is_old = rows, login, name, is_old
        self.address = f"{login}@{DOMAIN}"
        self.password = f"pw-{login}"
        self.guid = hashlib.md5(login.encode()).digest()
        self.external_id = hashlib.md5(b"extern " + login.encode()).digest()
        self.add_person()
        self.folders = {}
        self.hid = rows.object(None, STORE, 0, self.owner, {0x30070040: MADE_AT})
        self.entry = rows.index(self.hid, self.guid, STORE)
        self.root = self.add_folder(self.hid, None, flags=0)
        self.subtree = self.add_folder(self.root, "IPM_SUBTREE")
        self.set_entry(self.hid, 0x35E00102, self.subtree)
        for role, (title, container, pointer) in ROLES.items():
            hid = self.add_folder(self.subtree, title, None if is_old and pointer else container)
            self.folders[role] = hid
            if pointer:
                for on in self.holders(pointer):
                    self.set_entry(on, pointer, hid)
        self.add_list_of_pointers()
        # A conversion of character sets damaged the column of some old installations.
        column = b"?" * 16 if is_old else self.guid
        rows.kopano.sql(f"INSERT INTO stores (hierarchy_id, user_id, type, user_name, company, guid) VALUES ({self.hid}, {self.owner}, 0, '{login}@{COMPANY}', {self.company}, X'{column.hex()}')")
        for number, target in enumerate(("IPC", "IPM") if is_old else ("IPC", "", "IPM", "REPORT.IPM")):
            rows.kopano.sql(f"INSERT INTO receivefolder (storeid, objid, messageclass) VALUES ({self.hid}, {self.folders['inbox'] if number else self.root}, '{target}')")

    def add_person(self):
        sql = self.rows.kopano.sql
        company_object, company_id = sql(f"SELECT o.id, u.id FROM object o JOIN objectproperty p ON p.objectid = o.id AND p.propname = 'companyname' AND p.value = '{COMPANY}' "
                                         "JOIN users u ON u.externid = o.externid")[0]
        sql(f"INSERT INTO users (externid, objectclass, signature, company) VALUES (X'{self.external_id.hex()}', 65537, '', {company_id});"
            f"INSERT INTO object (externid, objectclass) VALUES (X'{self.external_id.hex()}', 65537);")
        self.owner = int(sql(f"SELECT id FROM users WHERE externid = X'{self.external_id.hex()}'")[0][0])
        self.company = int(company_id)
        hashed = "0badcafe" + hashlib.md5(f"0badcafe{self.password}".encode()).hexdigest()
        facts = {"loginname": self.login, "fullname": self.name, "emailaddress": self.address, "isadmin": "0", "ishidden": "0", "password": hashed}
        sql("INSERT INTO objectproperty (objectid, propname, value) SELECT o.id, v.a, v.b FROM object o JOIN (" + " UNION ALL ".join(f"SELECT '{a}' a, '{b}' b" for a, b in facts.items())
            + f") v WHERE o.externid = X'{self.external_id.hex()}';"
            f"INSERT INTO objectproperty (objectid, propname, value) SELECT o.id, 'companyid', HEX(c.externid) FROM object o JOIN object c ON c.id = {company_object} "
            f"WHERE o.externid = X'{self.external_id.hex()}'")

    def holders(self, pointer):
        if pointer >> 16 in (0x35E2, 0x35E3, 0x35E4):
            return [self.hid]
        return [self.folders["inbox"]] if self.is_old else [self.root, self.folders["inbox"]]

    def add_list_of_pointers(self):
        """Conflicts, synchronization issues, two kinds of failures, junk: what is not there has an empty place."""
        for on in self.holders(0x36D80102):
            self.rows.set(on, {0x36D81102: [b"", b"", b"", b"", self.entry_of(self.folders["junk"])]})

    def entry_of(self, hid, kind=FOLDER):
        from .kopano_rows import entry_id

        return entry_id(self.guid, kind, hid)

    def set_entry(self, on, pointer, hid):
        self.rows.set(on, {pointer: self.entry_of(hid)})

    def add_folder(self, parent, title, container=None, flags=1, **more):
        about = {0x3001001E: title, 0x36010003: flags, 0x30070040: MADE_AT, 0x30080040: MADE_AT, 0x3613001E: container, 0x36020003: 0, 0x36030003: 0}
        hid = self.rows.object(parent, FOLDER, flags, self.owner, {**about, **more.get("properties", {})})
        self.rows.index(hid, self.guid, FOLDER)
        return hid

    def add_item(self, folder, properties, recipients=(), attachments=(), flags=0, uid=True):
        """Gives hid and IMAP UID. An attachment is (properties, bytes, or the arguments of another item within)."""
        rows = self.rows
        number, rows.uid = rows.uid, rows.uid + 1
        own = {0x67820003: number if uid else None, 0x30070040: MADE_AT, 0x30080040: MADE_AT}
        hid = rows.object(folder, MESSAGE, flags, self.owner, {**own, **properties})
        rows.index(hid, self.guid, MESSAGE)
        self.add_parts(hid, recipients, attachments)
        return hid, number if uid else hid

    def add_parts(self, message, recipients, attachments):
        for recipient in recipients:
            kind = 8 if recipient.get(0x39000003) == 1 else RECIPIENT
            self.rows.object(message, kind, 0, self.owner, recipient)
        for properties, content in attachments:
            hid = self.rows.object(message, ATTACHMENT, 0, self.owner, properties)
            if isinstance(content, bytes):
                self.rows.data(hid, content)
            elif content is not None:
                inner = self.rows.object(hid, MESSAGE, 0, self.owner, content["properties"])
                self.add_parts(inner, content.get("recipients", ()), content.get("attachments", ()))


def person(name, address, kind=1, **more):
    """A recipient's row."""
    return {0x0C150003: kind, 0x3001001E: name, 0x3002001E: "SMTP", 0x3003001E: address, 0x39FE001E: address, 0x39000003: 0, **more.get("properties", {})}


def sender(name, address, also=True):
    found = {0x0042001E: name, 0x0064001E: "SMTP", 0x0065001E: address}
    return {**found, 0x0C1A001E: name, 0x0C1E001E: "SMTP", 0x0C1F001E: address} if also else found


def make_odd_folders(store):
    """{hid: the path that clients see}; each of them has one mail in it, which names it."""
    top, truth = store.subtree, {}

    def add(parent, title, path, container="IPF.Note", **more):
        hid = store.add_folder(parent, title, container, **more)
        truth[hid] = path
        return hid

    add(top, "a/b", "a\u2215b")
    add(top, "per.cent%20 * \\ \"quoted\"", "per.cent%20 * \\ \"quoted\"")
    add(top, "Party 🎉🦊", "Party 🎉🦊")
    add(top, "Amp & Äpfel &AOQ-", "Amp & Äpfel &AOQ-")
    long = "Ein sehr langer Name " * 15
    long_hid = add(top, long.strip(), None)
    case = add(top, "CaSe", "CaSe")
    add(case, "below", "CaSe/below")
    other = add(top, "case", "case")
    add(other, "below", "case/below")
    twin = add(top, "twins", "twins")
    add(twin, "child", "twins/child")
    second = add(top, "twins", "twins (2)")
    add(second, "child", "twins (2)/child")
    false_inbox = add(top, "Inbox", "Inbox (2)")
    add(false_inbox, "below", "Inbox (2)/below")
    # By name they would be what they are not.
    for name in ("Sent Items", "Drafts", "Trash", "Calendar"):
        add(top, name, name)
    add(top, "without a class", "without a class", container=None)
    add(top, "with a homepage", "with a homepage", container="IPF.Note.OutlookHomepage")
    add(top, "of no known class", "of no known class", container="IPF.Something.Else")
    hidden = add(top, "hidden with mail", "hidden with mail", properties={0x10F4000B: 1})
    nameless = add(top, None, None)
    add(nameless, "below the nameless", None)
    deep, path = top, ""
    for level in range(12):
        path += f"/level {level}"
        deep = add(deep, f"level {level}", path[1:])
    return truth, {"hidden": hidden, "long": long_hid}
