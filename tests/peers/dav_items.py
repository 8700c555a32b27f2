# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events, tasks, notes and cards that clients write, and what of them has to be the same wherever they are read."""
import base64
import re
from datetime import datetime
from zoneinfo import ZoneInfo

PHOTO = bytes(range(256)) * 20
ZONE = ZoneInfo("Europe/Berlin")


def folded(line):
    """RFC 5545 section 3.1: at most 75 octets, never within a character."""
    out, length = "", 0
    for character in line:
        size = len(character.encode())
        if length + size > 75:
            out, length = out + "\r\n ", 1
        out, length = out + character, length + size
    return out


def text_of(lines):
    return "".join(folded(line) + "\r\n" for line in lines)


def unfolded(text):
    text = text.decode() if isinstance(text, bytes) else text
    return re.sub(r"\n[ \t]", "", text.replace("\r\n", "\n")).strip("\n").split("\n")


BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE"""
NEW_YORK = """BEGIN:VTIMEZONE
TZID:Eastern Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""

# By name: the components, of which each gets its UID and time stamp; what khal shows of it, but the summary (start, end, location,
# symbols) once for each instance.
EVENTS = {
    "plain": (["BEGIN:VEVENT\nDTSTART:20310304T090000Z\nDTEND:20310304T100000Z\nSUMMARY:Plain by WHO\nEND:VEVENT"],
              [("2031-03-04 10:00", "2031-03-04 11:00", "", "")]),
    "emoji": (["BEGIN:VEVENT\nDTSTART:20310305T090000Z\nDURATION:PT90M\nSUMMARY:Grüße 🎉 aus Łódź\\, 東京 by WHO\nLOCATION:Café „Ω“ 👩‍👩‍👧"
               "\nDESCRIPTION:" + "Ein langer Satz mit Umlauten: äöüß 🚀. " * 12 + "\nEND:VEVENT"],
              [("2031-03-05 10:00", "2031-03-05 11:30", "Café „Ω“ 👩‍👩‍👧", "")]),
    "series": ([BERLIN, "BEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:20310317T093000\nDTEND;TZID=Europe/Berlin:20310317T101500"
                "\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20310324T093000\nSUMMARY:Series by WHO\nSEQUENCE:2\nEND:VEVENT",
                "BEGIN:VEVENT\nRECURRENCE-ID;TZID=Europe/Berlin:20310331T093000\nDTSTART;TZID=Europe/Berlin:20310401T140000"
                "\nDTEND;TZID=Europe/Berlin:20310401T150000\nSUMMARY:Series by WHO\nLOCATION:Elsewhere\nSEQUENCE:2\nEND:VEVENT"],
               [("2031-03-17 09:30", "2031-03-17 10:15", "", "⟳"), ("2031-04-01 14:00", "2031-04-01 15:00", "Elsewhere", "⟳"),
                ("2031-04-07 09:30", "2031-04-07 10:15", "", "⟳"), ("2031-04-14 09:30", "2031-04-14 10:15", "", "⟳")]),
    "day": (["BEGIN:VEVENT\nDTSTART;VALUE=DATE:20310310\nSUMMARY:Day by WHO\nTRANSP:TRANSPARENT\nEND:VEVENT"], [("2031-03-10", "2031-03-10", "", "")]),
    "days": (["BEGIN:VEVENT\nDTSTART;VALUE=DATE:20310311\nDTEND;VALUE=DATE:20310314\nSUMMARY:Days by WHO\nEND:VEVENT"],
             [("2031-03-11", "2031-03-13", "", "")]),
    "zone": ([NEW_YORK, "BEGIN:VEVENT\nDTSTART;TZID=Eastern Standard Time:20310306T080000\nDURATION:PT1H\nSUMMARY:Zone by WHO\nEND:VEVENT"],
             [("2031-03-06 14:00", "2031-03-06 15:00", "", "")]),
    "alarms": (["BEGIN:VEVENT\nDTSTART:20310307T090000Z\nDTEND:20310307T100000Z\nSUMMARY:Alarms by WHO"
                "\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nREPEAT:2\nDURATION:PT5M\nDESCRIPTION:Soon\nEND:VALARM"
                "\nBEGIN:VALARM\nACTION:EMAIL\nTRIGGER;VALUE=DATE-TIME:20310306T120000Z\nSUMMARY:Tomorrow\nDESCRIPTION:Pack\nATTENDEE:mailto:ada@example.org"
                "\nEND:VALARM\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER;RELATED=END:PT0S\nATTACH;FMTTYPE=audio/basic:https://example.com/bell.au\nEND:VALARM\nEND:VEVENT"],
               [("2031-03-07 10:00", "2031-03-07 11:00", "", "⏰")]),
    "invited": (["BEGIN:VEVENT\nDTSTART:20310308T090000Z\nDTEND:20310308T100000Z\nSUMMARY:Invited by WHO\nORGANIZER;CN=\"Boss, the\":mailto:boss@elsewhere.example"
                 "\nATTENDEE;CN=Ada;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ada@example.org\nATTENDEE;ROLE=OPT-PARTICIPANT;CUTYPE=ROOM;PARTSTAT=ACCEPTED"
                 ":mailto:room@elsewhere.example\nEND:VEVENT"], [("2031-03-08 10:00", "2031-03-08 11:00", "", "")]),
    "rare": (["BEGIN:VEVENT\nDTSTART:20310309T090000Z\nDTEND:20310309T100000Z\nSUMMARY;LANGUAGE=en;X-P=\"a;b:c\":Rare by WHO\nCATEGORIES:Work,Café\nCLASS:CONFIDENTIAL"
              "\nPRIORITY:1\nGEO:48.85;2.35\nURL:https://example.com/?a=1&b=2\nATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/plain:aGVsbG8="
              "\nRELATED-TO:other\nX-OWN;X-Q=1:kept <as> & it's\\nis\nIMAGE;VALUE=URI;DISPLAY=BADGE:https://example.com/i.png\nEND:VEVENT"],
             [("2031-03-09 10:00", "2031-03-09 11:00", "", "")]),
}
# By name: what todoman shows of it: due (in Berlin), priority, percent, completed.
TASKS = {
    "task": ([BERLIN, "BEGIN:VTODO\nDUE;TZID=Europe/Berlin:20310304T180000\nSUMMARY:Task by WHO\nPRIORITY:3\nPERCENT-COMPLETE:40\nSTATUS:IN-PROCESS\nCATEGORIES:Home"
              "\nLOCATION:Shed\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT1H\nDESCRIPTION:Now\nEND:VALARM\nEND:VTODO"], (datetime(2031, 3, 4, 18, tzinfo=ZONE), 3, 40, False)),
    "someday": (["BEGIN:VTODO\nSUMMARY:Irgendwann 🧹 by WHO\nDESCRIPTION:two\\nlines\nX-APPLE-SORT-ORDER:7\nEND:VTODO"], (None, 0, 0, False)),
    "repeating": (["BEGIN:VTODO\nDTSTART:20310305T080000Z\nDUE:20310305T090000Z\nRRULE:FREQ=MONTHLY;BYDAY=1WE\nSUMMARY:Repeating by WHO\nEND:VTODO"], (datetime(2031, 3, 5, 10, tzinfo=ZONE), 0, 0, False)),
    "done": (["BEGIN:VTODO\nSUMMARY:Done by WHO\nSTATUS:COMPLETED\nCOMPLETED:20260102T030405Z\nPERCENT-COMPLETE:100\nRELATED-TO;RELTYPE=PARENT:other\nEND:VTODO"],
             (None, 0, 100, True)),
}
NOTES = {
    "diary": (["BEGIN:VJOURNAL\nDTSTART;VALUE=DATE:20310304\nSUMMARY:Diary ✍️ by WHO\nDESCRIPTION:First paragraph\\n\\nwith\\, marks\\; and \\\\\nDESCRIPTION:A second one\nSTATUS:FINAL\nEND:VJOURNAL"], None),
    "undated": (["BEGIN:VJOURNAL\nSUMMARY:Undated by WHO\nCATEGORIES:Ideas\nEND:VJOURNAL"], None),
}
COLLECTIONS = {"calendar": EVENTS, "tasks": TASKS, "notes": NOTES}


def calendar(components, uid, who):
    stamped = [re.sub(r"^(BEGIN:V(?:EVENT|TODO|JOURNAL))$", rf"\1\nUID:{uid}\nDTSTAMP:20260101T000000Z", one, flags=re.M) for one in components]
    return text_of(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Matrix//Matrix//EN", *"\n".join(stamped).replace("WHO", who).split("\n"), "END:VCALENDAR"])


# By name: version, lines; what khard shows of it.
CARDS = {
    "person": ("3.0", "N:Łukasz;Zoë;Ann,Bea;Dr.;MA\nFN:Zoë Łukasz 🦊\nORG:Mills;Grinding\nTITLE:Miller\nTEL;TYPE=work,voice:+49 30 1\nTEL;TYPE=cell:+49 170 2\n"
               "EMAIL;TYPE=internet,work:zoe@mills.example\nitem1.ADR;TYPE=home:;;Am Weg 5;Łódź;;90-001;Poland\nitem1.X-ABLabel:_$!<Other>!$_\nBDAY:1990-02-28\n"
               "NOTE:two\\nlines\\, and more\nCATEGORIES:friends,mill\nX-OWN;X-P=1:kept\nURL:https://mills.example/?a=1&b=2",
               [("phone", "+49 30 1"), ("phone", "+49 170 2"), ("email", "zoe@mills.example"), ("postaddress", "Am Weg 5")]),
    "face": ("3.0", f"N:Face;A;;;\nFN:A Face\nPHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(PHOTO).decode()}", []),
    "group": ("3.0", "N:Friends;;;;\nFN:Friends\nX-ADDRESSBOOKSERVER-KIND:group\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:one\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:two", []),
    "person4": ("4.0", "N:Turing;Alan;;;\nFN:Alan Turing 🍎\nTEL;VALUE=uri;TYPE=\"voice,home\";PREF=1:tel:+44-1\nEMAIL;TYPE=work:alan@bletchley.example\nBDAY:19120623\n"
                "GENDER:M\nNOTE;LANGUAGE=en:keeps\\, notes\nX-OWN:kept", [("phone", "+44-1"), ("email", "alan@bletchley.example")]),
    "photo4": ("4.0", f"FN:New Face\nN:Face;New;;;\nPHOTO:data:image/jpeg;base64,{base64.b64encode(PHOTO).decode()}", []),
    "group4": ("4.0", "FN:Team\nN:Team;;;;\nKIND:group\nMEMBER:urn:uuid:one\nMEMBER:urn:uuid:two", []),
}


def card(name, uid):
    version, lines, _ = CARDS[name]
    return text_of(["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", *lines.split("\n"), "END:VCARD"])


def uid_of(text):
    found = [line.split(":", 1)[1] for line in unfolded(text) if re.match("UID[;:]", line)]
    assert found and len(set(found)) == 1, text
    return found[0]


def by_uid(texts):
    return {uid_of(text): text for text in texts}


def tree(text):
    """Properties and components in an order that does not depend on the writer's."""
    lines = iter(unfolded(text))

    def component():
        properties, inner = [], []
        for line in lines:
            if line.startswith("END:"):
                break
            (inner.append((line, component())) if line.startswith("BEGIN:") else properties.append(line))
        return sorted(properties), sorted(inner)

    return component()


def said(text):
    """What a card of either version says, as far as both can."""
    out = []
    for line in unfolded(text):
        head, value = line.split(":", 1)
        name = head.split(";")[0].upper().removeprefix("ITEM1.").removeprefix("X-ADDRESSBOOKSERVER-")
        if name == "PHOTO":
            value = base64.b64decode(value.split(",")[-1])
        if name == "BDAY":
            value = value.replace("-", "")
        if name == "TEL":
            value = value.removeprefix("tel:")
        if name not in ("VERSION", "PRODID", "REV"):
            out.append((name, value))
    return sorted(out, key=str)
