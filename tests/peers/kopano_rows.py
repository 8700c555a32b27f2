# SPDX-License-Identifier: AGPL-3.0-or-later
"""Objects of a Kopano store as the rows that a server writes: hierarchy, properties, entry ids, source keys, contents.

A property's key is 0xIIIITTTT (id and type of MAPI), or (property set, id or name, type) for those that have a name.
"""
import datetime
import gzip
import hashlib

UTC = datetime.timezone.utc
STORE, FOLDER, MESSAGE, RECIPIENT, ATTACHMENT, RECIPIENT_LIST = 1, 3, 5, 6, 7, 8
DATA, ORIGINAL = 0x3701, 0x678C
SHORT, LONG, REAL4, REAL8, CURRENCY, APPTIME, BOOL, LONGLONG, TEXT, TIME, GUID, BINARY = 2, 3, 4, 5, 6, 7, 0xB, 0x14, 0x1E, 0x40, 0x48, 0x102


def guid(text):
    """As it lies in memory: the first three fields are little-endian."""
    import uuid

    return uuid.UUID(text).bytes_le


TAIL = "-0000-0000-C000-000000000046"
PUBLIC = guid("00020329" + TAIL)
INTERNET = guid("00020386" + TAIL)
APPOINTMENT, TASK, ADDRESS, COMMON, LOG, NOTE = (guid(f"{first}{TAIL}") for first in ("00062002", "00062003", "00062004", "00062008", "0006200A", "0006200E"))
MEETING = guid("6ED8DA90-450B-101B-98DA-00AA003F1305")
CALDAV = guid("77536087-CB81-4DC9-9958-EA4C51BE3486")
# The client library gives these their numbers itself: set, first id, how many, number of the first.
FIXED = [(APPOINTMENT, 0x8200, 0x70, 0x8000), (TASK, 0x8100, 0x40, 0x8070), (ADDRESS, 0x8000, 0xF0, 0x80B0), (COMMON, 0x8500, 0x100, 0x81A0),
         (LOG, 0x8700, 0x20, 0x82A0), (NOTE, 0x8B00, 0x20, 0x82E0), (MEETING, 0, 0x40, 0x8340)]


def filetime(at):
    """100 ns since 1601; of a moment with a zone, or of what a wall shows, as if it was UTC."""
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int((at - datetime.datetime(1601, 1, 1, tzinfo=UTC)) / datetime.timedelta(microseconds=1)) * 10


class Rows:
    def __init__(self, kopano):
        self.kopano = kopano
        one = lambda sql: kopano.sql(sql)[0][0]  # noqa: E731
        self.hid = int(one("SELECT MAX(id) FROM hierarchy")) + 1000
        self.instance = int(one("SELECT MAX(instanceid) FROM singleinstances")) + 1000
        self.uid = int(one("SELECT MAX(val_ulong) FROM properties WHERE tag = 0x6782")) + 1000
        self.server = bytes.fromhex(one("SELECT HEX(value) FROM settings WHERE name = 'server_guid'"))
        self.names = {}
        for number, row_id, text, group in kopano.sql("SELECT id, IFNULL(nameid, ''), IFNULL(namestring, ''), HEX(guid) FROM names"):
            self.names[bytes.fromhex(group), text or int(row_id)] = int(number)
        self.source_key = (1 << 33) + self.hid
        self.rows = {"hierarchy": [], "properties": [], "mvproperties": [], "indexedproperties": [], "singleinstances": [], "names": []}

    def tag(self, key):
        """(number, type) of a property."""
        if isinstance(key, int):
            return key >> 16, key & 0xFFFF
        group, what, kind = key
        for fixed, first, count, number in FIXED:
            if group == fixed and isinstance(what, int) and first <= what < first + count:
                return number + what - first, kind
        if (group, what) not in self.names:
            self.add_name(group, what)
        return 0x8501 + self.names[group, what], kind

    def add_name(self, group, what):
        number = max(self.names.values()) + 1
        self.names[group, what] = number
        name = f"NULL, {literal(what)}" if isinstance(what, str) else f"{what}, NULL"
        self.rows["names"].append(f"({number}, {name}, {literal(group)})")

    def object(self, parent, kind, flags, owner, properties):
        hid, self.hid = self.hid, self.hid + 1
        self.rows["hierarchy"].append(f"({hid}, {parent or 'NULL'}, {kind}, {flags}, {owner})")
        self.set(hid, properties)
        return hid

    def set(self, hid, properties):
        for key, value in properties.items():
            if value is None:
                continue
            number, kind = self.tag(key)
            if kind & 0x1000:
                for order, one in enumerate(value):
                    self.rows["mvproperties"].append(f"({hid}, {order}, {number}, {kind}, {columns(kind & ~0x1000, one)})")
            else:
                self.rows["properties"].append(f"({hid}, {number}, {kind}, {columns(kind, value)}, 0)")

    def index(self, hid, store, kind):
        """Entry id and source key of what lies in a folder, or is one."""
        entry = entry_id(store, kind, hid)
        self.source_key += 1
        key = self.server + self.source_key.to_bytes(6, "little")
        self.rows["indexedproperties"] += [f"({hid}, 4095, {literal(entry)})", f"({hid}, 26080, {literal(key)})"]
        return entry

    def data(self, hid, content, tag=DATA):
        """A content of the attachment store: plain or compressed, as there."""
        instance, self.instance = self.instance, self.instance + 1
        self.rows["singleinstances"].append(f"({instance}, {hid}, {tag})")
        place = self.kopano.attachments / str(instance % 10) / str(instance // 10 % 20)
        place.mkdir(parents=True, exist_ok=True)
        if len(content) > 4096:
            (place / f"{instance}.gz").write_bytes(gzip.compress(content, 1))
        else:
            (place / str(instance)).write_bytes(content)

    def flush(self):
        columns_of = {"hierarchy": "id, parent, type, flags, owner",
                      "properties": "hierarchyid, tag, type, val_ulong, val_string, val_binary, val_double, val_longint, val_hi, val_lo, comp",
                      "mvproperties": "hierarchyid, orderid, tag, type, val_ulong, val_string, val_binary, val_double, val_longint, val_hi, val_lo",
                      "indexedproperties": "hierarchyid, tag, val_binary", "singleinstances": "instanceid, hierarchyid, tag",
                      "names": "id, nameid, namestring, guid"}
        for table, rows in self.rows.items():
            for at in range(0, len(rows), 500):
                self.kopano.sql(f"INSERT INTO {table} ({columns_of[table]}) VALUES " + ",".join(rows[at:at + 500]))
            rows.clear()


def entry_id(store, kind, hid):
    return bytes(4) + store + (1).to_bytes(4, "little") + kind.to_bytes(2, "little") + bytes(2) + hashlib.md5(b"object %d" % hid).digest() + bytes(4)


def literal(value):
    if isinstance(value, str):
        return f"_utf8mb4 X'{value.encode().hex()}'"
    return f"X'{bytes(value).hex()}'"


def columns(kind, value):
    """val_ulong, val_string, val_binary, val_double, val_longint, val_hi, val_lo"""
    if kind in (SHORT, LONG, BOOL):
        return f"{int(value) & 0xFFFFFFFF}, NULL, NULL, NULL, NULL, NULL, NULL"
    if kind == TEXT:
        return f"NULL, {literal(value)}, NULL, NULL, NULL, NULL, NULL"
    if kind in (BINARY, GUID):
        return f"NULL, NULL, {literal(value)}, NULL, NULL, NULL, NULL"
    if kind in (REAL4, REAL8, APPTIME):
        return f"NULL, NULL, NULL, {value!r}, NULL, NULL, NULL"
    if kind == LONGLONG:
        return f"NULL, NULL, NULL, NULL, {value}, NULL, NULL"
    ticks = filetime(value) if isinstance(value, datetime.datetime) else value
    high = ticks >> 32
    return f"NULL, NULL, NULL, NULL, NULL, {high}, {ticks & 0xFFFFFFFF}"
