# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano-shaped database of any size: rows as a server writes them, added to the small installation of the tests.

    python3 bench/kopano_made.py FOLDER --messages 500000 --attachments 2
"""
import argparse
import base64
import gzip
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from peers.mariadb import KopanoSet, MariaDB  # noqa: E402

WORDS = "harbour kettle ledger Größe Straße invoice bicycle signal timber warehouse Rechnung Prüfung meeting lantern quarter 会議 报告 отчёт".split()
FOLDERS = 10  # more for each store
CHUNK = 20_000  # messages loaded at a time
POOL = "2G"  # of the database, as of one at work
ZERO = "0" * 8
STORED_ORIGINAL, ATTACHMENT_DATA = 26508, 14081

# What each object has, by the server's own rows: tag, type, value. Texts are filled in.
MESSAGE = [
    (0x001A, 0x1E, "IPM.Note"), (0x0037, 0x1E, "{subject}"), (0x0039, 0x40, "{when}"), (0x003D, 0x1E, ""), (0x0040, 0x1E, "{name}"),
    (0x0042, 0x1E, "Olga Fernweh"), (0x0057, 0x0B, 1), (0x0058, 0x0B, 0), (0x0059, 0x0B, 1), (0x0064, 0x1E, "SMTP"),
    (0x0065, 0x1E, "olga@fernweh.example.net"), (0x0070, 0x1E, "{subject}"), (0x0075, 0x1E, "ZARAFA"), (0x0076, 0x1E, "{login}"),
    (0x007D, 0x1E, "{headers}"), (0x0C1A, 0x1E, "Olga Fernweh"), (0x0C1E, 0x1E, "SMTP"), (0x0C1F, 0x1E, "olga@fernweh.example.net"),
    (0x0E02, 0x1E, ""), (0x0E03, 0x1E, ""), (0x0E04, 0x1E, "{name}"), (0x0E06, 0x40, "{when}"), (0x0E07, 0x03, "{read}"), (0x0E08, 0x03, 8000),
    (0x0E1B, 0x0B, "{has}"), (0x1000, 0x1E, "{body}"), (0x1013, 0x102, "{html}"), (0x1035, 0x1E, "<{hid}.made@fernweh.example.net>"),
    (0x3007, 0x40, "{when}"), (0x3008, 0x40, "{when}"), (0x300B, 0x102, "{key}"), (0x3FDE, 0x03, 65001), (0x3FFA, 0x1E, "SYSTEM"),
    (0x65E2, 0x102, "{change}"), (0x65E3, 0x102, "16{change}"), (0x6725, 0x0B, 1), (0x6782, 0x03, "{uid}"), (0x6786, 0x40, "{when}"),
    (0x6787, 0x40, "{when}"), (0x81B4, 0x0B, 0)]
RECIPIENT = [
    (0x0C15, 0x03, 1), (0x3000, 0x03, 0), (0x3001, 0x1E, "{name}"), (0x3002, 0x1E, "SMTP"), (0x3003, 0x1E, "{address}"), (0x3007, 0x40, "{when}"),
    (0x3008, 0x40, "{when}"), (0x3900, 0x03, 0), (0x39FE, 0x1E, "{address}")]
ATTACHMENT = [
    (0x0E20, 0x03, "{size}"), (0x0FF9, 0x102, "{key}"), (0x3007, 0x40, "{when}"), (0x3008, 0x40, "{when}"), (0x3705, 0x03, 1),
    (0x3707, 0x1E, "{file}"), (0x370B, 0x03, 0), (0x370E, 0x1E, "application/octet-stream"), (0x3714, 0x03, 0), (0x7FFD, 0x03, 8), (0x7FFE, 0x0B, 0)]
COLUMNS = "(hierarchyid, tag, type, @u, @s, @b, @t) SET val_ulong=NULLIF(@u,''), val_string=IF(type=30,@s,NULL), val_binary=IF(type=258,UNHEX(@b),NULL), " \
          "val_hi=IF(type=64,@t DIV 4294967296,NULL), val_lo=IF(type=64,@t MOD 4294967296,NULL)"


def rows(table):
    """A format of all rows of an object, as LOAD DATA reads them."""
    out = []
    for tag, kind, value in table:
        cells = {0x1E: ("", value, "", ""), 0x102: ("", "", value, ""), 0x40: ("", "", "", value)}.get(kind, (value, "", "", ""))
        out.append("{hid}\t%d\t%d\t%s\t%s\t%s\t%s\n" % (tag, kind, *cells))
    return "".join(out)


def texts(rng, count):
    return [" ".join(rng.choices(WORDS, k=rng.randint(20, 400))) for _ in range(count)]


def filetime(seconds):
    return (seconds + 11_644_473_600) * 10_000_000


class Maker:
    def __init__(self, kopano, folder, originals=0.5, attachments=2.0, mean_size=3000, storage="database", seed=1):
        self.kopano, self.folder = kopano, pathlib.Path(folder)
        self.originals, self.attachments, self.mean_size, self.storage = originals, attachments, mean_size, storage
        self.rng = random.Random(seed)
        self.bodies = texts(self.rng, 300)
        self.blob = self.rng.randbytes(1 << 20)
        self.hid = int(kopano.sql("SELECT MAX(id) FROM hierarchy")[0][0]) + 1
        self.instance = int(kopano.sql("SELECT MAX(instanceid) FROM singleinstances")[0][0]) + 1
        self.uid = 100_000
        self.server = kopano.sql("SELECT HEX(value) FROM settings WHERE name='server_guid'")[0][0]
        self.source_key = 1 << 32
        self.bytes = 0
        self.formats = {name: rows(table) for name, table in (("message", MESSAGE), ("recipient", RECIPIENT), ("attachment", ATTACHMENT))}
        if storage == "database":
            kopano.sql("UPDATE settings SET value='database' WHERE name='attachment_storage'")
        self.stores = kopano.sql("SELECT s.hierarchy_id, s.user_id, s.user_name, HEX(s.guid) FROM stores s JOIN users u ON u.id = s.user_id WHERE s.type = 0 AND s.user_id > 4")
        self.places = [(store, folder) for store in self.stores for folder in self.folders_of(store)]

    def folders_of(self, store):
        """New mail folders below the store's visible root, copies of one that is there."""
        root = self.kopano.sql(f"SELECT i.hierarchyid FROM properties p JOIN indexedproperties i ON i.tag = 4095 AND i.val_binary = p.val_binary "
                               f"WHERE p.hierarchyid = {store[0]} AND p.tag = 0x35E0")[0][0]
        made = []
        for year in range(2015, 2015 + FOLDERS):
            hid, self.hid = self.hid, self.hid + 1
            self.kopano.sql(
                f"INSERT INTO hierarchy VALUES ({hid}, {root}, 3, 1, {store[1]});"
                f"INSERT INTO properties SELECT {hid}, tag, type, val_ulong, IF(tag = 0x3001, 'Year {year}', val_string), val_binary, val_double, val_longint, val_hi, val_lo, comp "
                f"FROM properties WHERE hierarchyid = 1347;"
                f"INSERT INTO indexedproperties VALUES ({hid}, 4095, UNHEX('{self.entry_id(store[3], 3, hid)}')), ({hid}, 26080, UNHEX('{self.key()}'));")
            made.append(hid)
        return made

    def entry_id(self, store_guid, kind, hid):
        return f"{ZERO}{store_guid}01000000{kind:02X}000000{hid:032X}{ZERO}"

    def key(self):
        self.source_key += 1
        return self.server + self.source_key.to_bytes(6, "little").hex().upper()

    def fill(self, messages, progress=lambda done: None):
        for first in range(0, messages, CHUNK):
            self.chunk(first, min(CHUNK, messages - first))
            progress(first + CHUNK)
        for _, folder in self.places:
            self.kopano.sql(f"UPDATE properties SET val_ulong = (SELECT COUNT(*) FROM hierarchy WHERE parent = {folder} AND type = 5) WHERE hierarchyid = {folder} AND tag = 0x3602")

    def chunk(self, first, count):
        names = ("hierarchy", "properties", "indexedproperties", "singleinstances", "lob")
        files = {name: open(self.folder / f"{name}.tsv", "w", encoding="utf-8", newline="\n") for name in names}
        for number in range(first, first + count):
            self.message(number, files)
        for file in files.values():
            file.close()
        columns = {"hierarchy": "(id, parent, type, flags, owner)", "properties": COLUMNS,
                   "indexedproperties": "(hierarchyid, tag, @b) SET val_binary=UNHEX(@b)", "singleinstances": "(instanceid, hierarchyid, tag)",
                   "lob": "(instanceid, chunkid, tag, @b) SET val_binary=FROM_BASE64(@b)"}
        for name in names:
            path = self.folder / f"{name}.tsv"
            if path.stat().st_size:
                self.kopano.sql(f"SET unique_checks=0; SET foreign_key_checks=0; LOAD DATA INFILE '{path}' INTO TABLE {name} CHARACTER SET utf8mb4 {columns[name]}")
            path.unlink()

    def message(self, number, files):
        rng = self.rng
        store, folder = self.places[number % len(self.places)]
        login = store[2]
        name, domain = login.split("@")
        address = f"{name}@{'fjordline.example.com' if domain == 'Fjordline' else 'quellhof.example.org'}"
        body = rng.choice(self.bodies)
        subject = f"{body[:40]} #{number}"
        seconds = 1_420_000_000 + number * 311
        hid, recipient = self.hid, self.hid + 1
        count = self.how_many()
        self.hid += 2 + count
        self.uid += 1
        headers = (f"Return-Path: <olga@fernweh.example.net>\\r\\nFrom: Olga Fernweh <olga@fernweh.example.net>\\r\\nTo: {address}\\r\\n"
                   f"Subject: made {number}\\r\\nDate: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(seconds))}\\r\\n"
                   f"Message-ID: <{hid}.made@fernweh.example.net>\\r\\nMIME-Version: 1.0\\r\\n")
        html = f"<html><body><p>{body}</p></body></html>".encode().hex().upper() if number % 3 == 0 else ""
        fill = {"hid": hid, "subject": subject, "when": filetime(seconds), "name": name, "login": login, "headers": headers, "read": 1 if number % 4 else 0,
                "has": 1 if count else 0, "body": body, "html": html, "key": f"{hid:032X}", "change": self.server + f"{hid:08X}", "uid": self.uid}
        files["hierarchy"].write(f"{hid}\t{folder}\t5\t0\t{store[1]}\n{recipient}\t{hid}\t6\t0\t{store[1]}\n")
        files["properties"].write(self.formats["message"].format(**fill))
        files["properties"].write(self.formats["recipient"].format(hid=recipient, name=name, address=address, when=fill["when"]))
        files["indexedproperties"].write(f"{hid}\t4095\t{self.entry_id(store[3], 5, hid)}\n{hid}\t26080\t{self.key()}\n")
        contents = [self.attachment(hid + 2 + i, hid, store, fill["when"], files) for i in range(count)]
        if rng.random() < self.originals:
            self.original(hid, headers.replace("\\r\\n", "\r\n"), subject, body, contents, files)

    def how_many(self):
        """Most messages have none, some have many."""
        return 0 if self.rng.random() < 0.6 else max(1, int(self.rng.expovariate(0.4 / max(self.attachments, 0.01))))

    def attachment(self, hid, message, store, when, files):
        size = int(self.rng.lognormvariate(0, 1) * self.mean_size / 1.65) + 1
        offset = self.rng.randrange(len(self.blob) - min(size, len(self.blob) - 1))
        content = hid.to_bytes(8, "big") + self.blob[offset:offset + size]
        files["hierarchy"].write(f"{hid}\t{message}\t7\t0\t{store[1]}\n")
        files["properties"].write(self.formats["attachment"].format(hid=hid, size=len(content), key=f"{hid:032X}", when=when, file=f"file {hid}.bin"))
        self.store(hid, ATTACHMENT_DATA, content, files)
        return content

    def original(self, hid, headers, subject, body, contents, files):
        parts = [f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n".encode()]
        parts += [b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"file.bin\"\r\n\r\n"
                  + base64.encodebytes(content).replace(b"\n", b"\r\n") for content in contents]
        encoded = f"=?utf-8?b?{base64.b64encode(subject.encode()).decode()}?="
        top = headers.replace("Subject: made", f"Subject: {encoded}\r\nX-Number:").encode() + b'Content-Type: multipart/mixed; boundary="made"\r\n\r\n'
        octets = top + b"".join(b"--made\r\n" + part + b"\r\n" for part in parts) + b"--made--\r\n"
        files["properties"].write(f"{hid}\t{0x678D}\t3\t{len(octets)}\t\t\t\n")
        self.store(hid, STORED_ORIGINAL, octets, files)

    def store(self, hid, tag, content, files):
        instance, self.instance = self.instance, self.instance + 1
        self.bytes += len(content)
        files["singleinstances"].write(f"{instance}\t{hid}\t{tag}\n")
        if self.storage == "database":
            for chunk, at in enumerate(range(0, max(len(content), 1), 384 << 10)):
                files["lob"].write(f"{instance}\t{chunk}\t{tag}\t{base64.b64encode(content[at:at + (384 << 10)]).decode()}\n")
            return
        path = self.kopano.attachments / str(instance % 10) / str(instance // 10 % 20)
        path.mkdir(parents=True, exist_ok=True)
        if len(content) > 4096:
            (path / f"{instance}.gz").write_bytes(gzip.compress(content, 1))
        else:
            (path / str(instance)).write_bytes(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--attachments", type=float, default=2.0, help="for each message, on average")
    parser.add_argument("--originals", type=float, default=0.5, help="the part of the messages whose original was kept")
    parser.add_argument("--mean-size", type=int, default=3000, help="of an attachment")
    parser.add_argument("--storage", choices=("database", "files"), default="database")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True)
    server = MariaDB(chosen.folder / "mariadb", POOL)
    kopano = KopanoSet(server, "kopano", chosen.folder)
    if chosen.storage == "database":
        into_database(kopano)
    maker = Maker(kopano, chosen.folder, chosen.originals, chosen.attachments, chosen.mean_size, chosen.storage)
    maker.fill(chosen.messages, lambda done: print(f"{min(done, chosen.messages)} messages", flush=True))
    print(kopano.configuration())
    server.stop()


def into_database(kopano):
    """Moves the small installation's attachment files into the table lob."""
    rows_ = []
    for instance, tag in kopano.sql("SELECT DISTINCT instanceid, MIN(tag) FROM singleinstances GROUP BY instanceid"):
        number = int(instance)
        path = kopano.attachments / str(number % 10) / str(number // 10 % 20) / instance
        packed = path.with_name(instance + ".gz")
        content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes()) if packed.exists() else None
        if content is not None:
            for chunk, at in enumerate(range(0, max(len(content), 1), 384 << 10)):
                rows_.append(f"({instance},{chunk},{tag},FROM_BASE64('{base64.b64encode(content[at:at + (384 << 10)]).decode()}'))")
    for row in rows_:
        kopano.sql(f"INSERT INTO lob VALUES {row}")


if __name__ == "__main__":
    main()
