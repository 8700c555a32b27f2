# SPDX-License-Identifier: AGPL-3.0-or-later
"""The binary structures in MAPI properties, written by the letter of [MS-OXOCAL], [MS-OXCDATA], [MS-OXRTFCP] and [MS-OXTNEF]."""
import base64
import datetime
import struct

NEVER = 0x5AE980DF
DAY = 1440
SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (1 << n for n in range(7))
WORKDAYS, ALL_DAYS = 0x3E, 0x7F


def minutes(at):
    """Since 1601, of what the wall shows."""
    return int((at - datetime.datetime(1601, 1, 1)).total_seconds() // 60)


def midnight(at):
    return minutes(datetime.datetime(at.year, at.month, at.day))


class Pattern:
    """RecurrencePattern ([MS-OXOCAL] section 2.2.1.44.1): `kind` is daily, weekly, monthly or yearly. Of `days` bit 0 is Sunday."""

    FREQUENCIES = {"daily": 0x200A, "weekly": 0x200B, "monthly": 0x200C, "yearly": 0x200D}

    def __init__(self, kind, start, period=1, days=None, day=None, nth=None, count=None, until=None, first_day=0, sliding=False, deleted=(), changed=(), calendar=0):
        self.kind, self.start, self.period, self.days, self.day, self.nth = kind, start, period, days, day, nth
        self.count, self.until, self.first_day, self.sliding, self.calendar = count, until, first_day, sliding, calendar
        self.deleted, self.changed = list(deleted), list(changed)

    def first_date_time(self):
        """[MS-OXOCAL] section 2.2.1.44.1, FirstDateTime: where in the pattern's periods the series begins."""
        start = midnight(self.start)
        if self.kind == "daily" and self.days is None:
            return start % (self.period * DAY)
        if self.kind in ("daily", "weekly"):
            week = start - ((self.start.isoweekday() % 7 - self.first_day) % 7) * DAY
            return week % (self.period * 7 * DAY)
        months = (self.start.year - 1601) * 12 + self.start.month - 1
        months %= self.months()
        return midnight(datetime.datetime(1601 + months // 12, months % 12 + 1, 1))

    def months(self):
        return self.period * (12 if self.kind == "yearly" else 1)

    def bytes(self):
        monthly = self.kind in ("monthly", "yearly")
        pattern = 1 if self.days is not None and not monthly else 0
        if monthly:
            pattern = 3 if self.nth else 4 if self.day == 31 and self.kind == "monthly" else 2
        period = self.months() if monthly else self.period if pattern == 1 else self.period * DAY
        out = struct.pack("<HHHHHIII", 0x3004, 0x3004, self.FREQUENCIES[self.kind], pattern, self.calendar, self.first_date_time(), period, int(self.sliding))
        if pattern == 1:
            out += struct.pack("<I", self.days)
        elif pattern == 3:
            out += struct.pack("<II", self.days, self.nth)
        elif pattern in (2, 4):
            out += struct.pack("<I", self.day)
        end = 0x2022 if self.count else 0x2021 if self.until else 0x2023
        out += struct.pack("<III", end, self.count or 10, self.first_day)
        gone = sorted({midnight(at) for at in self.deleted} | {midnight(one["original"]) for one in self.changed})
        moved = sorted(midnight(one["start"]) for one in self.changed)
        for dates in (gone, moved):
            out += struct.pack(f"<I{len(dates)}I", len(dates), *dates)
        last = midnight(self.until) if self.until else NEVER
        return out + struct.pack("<II", midnight(self.start), last)


SUBJECT, MEETING_TYPE, DELTA, REMINDER, LOCATION, BUSY, ATTACHED, ALL_DAY, COLOR, BODY = (1 << n for n in range(10))


def series(pattern, start, end, page="cp1252", writer=0x3009):
    """AppointmentRecurrencePattern: `start` and `end` are minutes of the day; changed instances are dictionaries of local times
    (start, end, original) and what is other than in the series (subject, location, busy, delta, reminder, all_day, meeting, color, body)."""
    out = pattern.bytes() + struct.pack("<IIIIH", 0x3006, writer, start, end, len(pattern.changed))
    changed = sorted(pattern.changed, key=lambda one: one["start"])
    extended = b""
    for one in changed:
        flags = sum(bit for name, bit in (("subject", SUBJECT), ("meeting", MEETING_TYPE), ("delta", DELTA), ("reminder", REMINDER), ("location", LOCATION), ("busy", BUSY),
                                          ("attached", ATTACHED), ("all_day", ALL_DAY), ("color", COLOR), ("body", BODY)) if name in one)
        times = [minutes(one[name]) for name in ("start", "end", "original")]
        out += struct.pack("<IIIH", *times, flags)
        for name in ("subject", "meeting", "delta", "reminder", "location", "busy", "attached", "all_day", "color"):
            if name not in one:
                continue
            if name in ("subject", "location"):
                text = one[name].encode(page, "replace")
                out += struct.pack("<HH", len(text) + 1, len(text)) + text
            else:
                out += struct.pack("<I", int(one[name]))
        if writer >= 0x3009:
            extended += struct.pack("<II", 4, 0)  # ChangeHighlight
        extended += struct.pack("<I", 0)
        if flags & (SUBJECT | LOCATION):
            extended += struct.pack("<III", *times)
            for name in ("subject", "location"):
                if name in one:
                    wide = one[name].encode("utf-16-le")
                    extended += struct.pack("<H", len(wide) // 2) + wide
            extended += struct.pack("<I", 0)
    return out + struct.pack("<I", 0) + extended + struct.pack("<I", 0)


def system_time(rule):
    """(month, weekday from Sunday, nth, hour) of every year."""
    month, weekday, nth, hour = rule or (0, 0, 0, 0)
    return struct.pack("<8H", 0, month, weekday, nth, hour, 0, 0, 0)


# Bias and where it changes: (bias, daylight bias, standard begins, daylight begins).
BERLIN = (-60, -60, (10, 0, 5, 3), (3, 0, 5, 2))
NEW_YORK = (300, -60, (11, 0, 1, 2), (3, 0, 2, 2))
TOKYO = (-540, 0, None, None)
SYDNEY = (-600, -60, (4, 0, 1, 3), (10, 0, 1, 2))
NOWHERE = (-77, -60, (9, 3, 2, 1), (4, 3, 2, 1))  # whose clocks go like nobody's


def zone_struct(zone):
    bias, daylight, standard_begins, daylight_begins = zone
    return struct.pack("<iii", bias, 0, daylight) + struct.pack("<H", 0) + system_time(standard_begins) + struct.pack("<H", 0) + system_time(daylight_begins)


def zone_definition(key, *rules):
    """[MS-OXOCAL] section 2.2.1.41; each rule is (year, flags, zone)."""
    name = key.encode("utf-16-le")
    head = struct.pack("<HH", 2, len(name) // 2) + name + struct.pack("<H", len(rules))
    out = struct.pack("<BBH", 2, 1, len(head)) + head
    for year, flags, (bias, daylight, standard_begins, daylight_begins) in rules:
        out += struct.pack("<BBHHH", 2, 1, 0x3E, flags, year) + bytes(14) + struct.pack("<iii", bias, 0, daylight) + system_time(standard_begins) + system_time(daylight_begins)
    return out


def global_object_id(uid=None, data=None, day=None):
    """[MS-OXOCAL] section 2.2.1.27; with `uid` it holds one of iCalendar (section 3.1.5.3 of [MS-OXCICAL])."""
    data = b"vCal-Uid\x01\0\0\0" + uid.encode() + b"\0" if uid else data
    date = struct.pack(">HBB", day.year, day.month, day.day) if day else bytes(4)
    stamp = bytes(8) if uid else struct.pack("<Q", 132_000_000_000_000_000)
    return bytes.fromhex("040000008200E00074C5B7101A82E008") + date + stamp + bytes(8) + struct.pack("<I", len(data)) + data


def one_off(name, address, kind="SMTP", wide=True):
    """[MS-OXCDATA] section 2.2.5.1."""
    head = bytes(4) + bytes.fromhex("812B1FA4BEA310199D6E00DD010F5402") + struct.pack("<HH", 0, 0x9001 if wide else 0x1001)
    return head + b"".join(text.encode("utf-16-le") + b"\0\0" if wide else text.encode("cp1252", "replace") + b"\0" for text in (name, kind, address))


def directory_entry(row, external_id, kind=6):
    """Somebody of the installation's own."""
    out = bytes(4) + bytes.fromhex("AC21A95040D3EE48B319FBA753304425") + struct.pack("<III", 1, kind, row) + base64.b64encode(external_id) + b"\0"
    return out + bytes(-len(out) % 4)


def member(entry, kind):
    """A wrapped entry of a list: 0xC3 a contact by its first address, 0xD3 and 0xE3 by the next ones, 0xB4 a list, 0xB5 somebody of the directory."""
    return bytes(4) + bytes.fromhex("C091ADD3519DCF11A4A900AA0047FAA4") + bytes([kind]) + entry


def entry_list(entries):
    """FLATENTRYLIST."""
    body = b"".join(struct.pack("<I", len(entry)) + entry + bytes(-len(entry) % 4) for entry in entries)
    return struct.pack("<II", len(entries), len(body)) + body


DICTIONARY = (b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
              b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx")


def checksum(content):
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
    return value


def compressed(rtf):
    """LZFu, which refers back to what was said before wherever it can."""
    window = bytearray(4096)
    window[:len(DICTIONARY)] = DICTIONARY
    at, known, out, tokens, control, place = len(DICTIONARY), len(DICTIONARY), bytearray(), bytearray(), 0, 0
    position = 0
    while True:
        best, best_at = 0, 0
        if position < len(rtf):
            for size in range(min(17, len(rtf) - position), 1, -1):
                found = bytes(window[:min(known, 4096)]).find(rtf[position:position + size])
                # What is being written over must not be read.
                if found >= 0 and (found + size <= at or known < 4096 and found + size <= known) and found != at % 4096:
                    best, best_at = size, found
                    break
        if position >= len(rtf):
            tokens += struct.pack(">H", (at % 4096) << 4)
            control |= 1 << place
        elif best >= 2:
            tokens += struct.pack(">H", best_at << 4 | best - 2)
            control |= 1 << place
        else:
            tokens.append(rtf[position])
            best = 1
        done = position >= len(rtf)
        for byte in rtf[position:position + best]:
            window[at % 4096] = byte
            at, known = (at + 1) % 4096, min(known + 1, 4096)
        position += best
        place += 1
        if place == 8 or done:
            out.append(control)
            out += tokens
            tokens, control, place = bytearray(), 0, 0
        if done:
            return struct.pack("<IIII", len(out) + 12, len(rtf), 0x75465A4C, checksum(out)) + bytes(out)


def uncompressed(rtf):
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


def tnef(subject, body, attachments):
    """A winmail.dat with properties of a message and files."""
    def attribute(level, number, content):
        return struct.pack("<BII", level, number, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)

    def properties(values):
        out = struct.pack("<I", len(values))
        for number, kind, value in values:
            out += struct.pack("<HH", kind, number)
            if kind == 3:
                out += struct.pack("<i", value)
                continue
            content = value.encode("utf-16-le") + b"\0\0" if kind == 0x1F else value
            out += struct.pack("<II", 1, len(content)) + content + bytes(-len(content) % 4)
        return out

    out = struct.pack("<IH", 0x223E9F78, 1)
    out += attribute(1, 0x00089006, struct.pack("<I", 0x00010000)) + attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    out += attribute(1, 0x00069003, properties([(0x0037, 0x1F, subject), (0x1009, 0x102, compressed(body))]))
    for name, content in attachments:
        out += attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0)) + attribute(2, 0x0006800F, content)
        out += attribute(2, 0x00018010, name.encode("cp1252", "replace") + b"\0") + attribute(2, 0x00069005, properties([(0x3707, 0x1F, name), (0x3705, 3, 1)]))
    return out
