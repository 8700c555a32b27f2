# SPDX-License-Identifier: AGPL-3.0-or-later
"""What hangs on contacts and lists of a Kopano store arrives in their cards."""
import base64
import hashlib
import struct
import subprocess
import tarfile

import pytest

from peers.kontor import MIGRATE
from peers.mariadb import KopanoSet, MariaDB

ALMA = "alma.berg@fjordline.example.com"
FIRST = 910_000  # hierarchy ids that nothing has
PDL = bytes.fromhex("c091add3519dcf11a4a900aa0047faa4")  # members of lists: [MS-OXOCNTC] section 2.2.2.2.4


def u32(*values):
    return struct.pack(f"<{len(values)}I", *values)


@pytest.fixture
def kopano(tmp_path):
    server = MariaDB()
    yield KopanoSet(server, "kopano", tmp_path)
    server.close()


def cards(kopano, address=ALMA, code=0):
    """The texts of all cards of an account, unfolded, and what did not come along exactly."""
    output = kopano.folder / "archive"
    output.unlink(missing_ok=True)
    done = subprocess.run([MIGRATE, "dump", "--source", kopano.configuration(), "--only", address, "--output", output, "--report", kopano.folder / "report", "--quiet"], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    with subprocess.Popen(["zstd", "-dc", output], stdout=subprocess.PIPE) as unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        return [tar.extractfile(one).read().decode().replace("\r\n ", "") for one in tar if one.name.endswith(".vcf")], (kopano.folder / "report.json").read_text()


def attach(kopano, number, parent, name, content, instance=None):
    kopano.sql(f"INSERT INTO hierarchy (id, parent, type, flags, owner) VALUES ({number}, {parent}, 7, 0, 1);"
               f"INSERT INTO properties (hierarchyid, tag, type, val_ulong, val_string) VALUES ({number}, 0x3705, 3, 1, NULL), ({number}, 0x3707, 30, NULL, '{name}'), "
               f"({number}, 0x370E, 30, NULL, 'text/plain');")
    if instance:
        kopano.sql(f"INSERT INTO singleinstances (instanceid, hierarchyid, tag) VALUES ({instance}, {number}, 14081)")
        if content is not None:
            path = kopano.attachments / str(instance % 10) / str(instance // 10 % 20) / str(instance)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def message_of(kopano, name, message_class):
    return int(kopano.sql(f"SELECT p.hierarchyid FROM properties p JOIN properties c ON c.hierarchyid = p.hierarchyid AND c.tag = 26 AND c.val_string = '{message_class}' "
                          f"JOIN hierarchy h ON h.id = p.hierarchyid JOIN stores s ON s.user_name = 'alma.berg@Fjordline' AND s.type = 0 AND h.owner = s.user_id "
                          f"WHERE p.tag = 0x3001 AND p.val_string = '{name}' LIMIT 1")[0][0])


def test_attachments_of_contacts(kopano):
    before, _ = cards(kopano)
    contact = message_of(kopano, "Olga Fernweh", "IPM.Contact")
    attach(kopano, FIRST, contact, "plan.txt", b"The plan.", 999_001)
    attach(kopano, FIRST + 1, contact, "large.bin", b"x" * (5 << 20), 999_002)
    kopano.sql(f"UPDATE properties SET val_lo = val_lo + 1 WHERE hierarchyid = {contact} AND tag = 0x3008")
    after, said = cards(kopano)
    card = next(one for one in after if "FN:Olga Fernweh" in one)
    for name, content in (("plan.txt", b"The plan."), ("large.bin", b"x" * (5 << 20))):
        named = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert f"X-KONTOR-ATTACH;FMTTYPE=text/plain;FILENAME={name}:ni:///sha-256;{named}" in card
    assert "large.bin" not in said
    assert len(after) == len(before)
    # What the store has lost keeps the contact back until it is found, as with all items.
    attach(kopano, FIRST + 2, contact, "gone.txt", None, 999_003)
    kopano.sql(f"UPDATE properties SET val_lo = val_lo + 1 WHERE hierarchyid = {contact} AND tag = 0x3008")
    lost, said = cards(kopano, code=1)
    assert not [one for one in lost if "FN:Olga Fernweh" in one] and "999003" in said


def test_lists_within_lists(kopano):
    inner = message_of(kopano, "My list", "IPM.DistList")
    entry = bytes.fromhex(kopano.sql(f"SELECT HEX(val_binary) FROM indexedproperties WHERE hierarchyid = {inner} AND tag = 0x0FFF")[0][0])
    folder = kopano.sql(f"SELECT parent FROM hierarchy WHERE id = {inner}")[0][0]
    outer = FIRST + 10

    def one_off(name, address):
        return bytes(4) + bytes.fromhex("812b1fa4bea310199d6e00dd010f5402") + struct.pack("<HH", 0, 0x9001) + b"".join(
            text.encode("utf-16-le") + b"\0\0" for text in (name, "SMTP", address))

    members = [one_off("New", "new@example.net"), bytes(4) + PDL + b"\xb4" + entry, one_off("Olga", "olga@fernweh.example.net")]
    kopano.sql(f"INSERT INTO hierarchy (id, parent, type, flags, owner) SELECT {outer}, {folder}, 5, 0, owner FROM hierarchy WHERE id = {inner};"
               f"INSERT INTO properties (hierarchyid, tag, type, val_string) VALUES ({outer}, 26, 30, 'IPM.DistList'), ({outer}, 0x3001, 30, 'Everybody'), ({outer}, 0x8103, 30, 'Everybody');"
               f"INSERT INTO indexedproperties (hierarchyid, tag, val_binary) VALUES ({outer}, 0x65E0, X'{(b'k' * 18).hex()}{outer:08x}')")
    for order, member in enumerate(members):
        kopano.sql(f"INSERT INTO mvproperties (hierarchyid, tag, type, orderid, val_binary) VALUES ({outer}, 0x8105, 0x1102, {order}, X'{member.hex()}')")
    have, said = cards(kopano)
    card = next(one for one in have if "FN:Everybody" in one)
    assert [line for line in card.split("\r\n") if line.startswith("MEMBER")] == [
        "MEMBER:mailto:new@example.net", "MEMBER:mailto:olga@fernweh.example.net", "MEMBER:mailto:joerg@uebel.example.net", "MEMBER:mailto:ken@yamamoto.example.jp"]
    assert "within a list" in said
