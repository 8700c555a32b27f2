# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments of every pattern as Outlook and web programs store them, and when each of them takes place, reckoned from the rule in words."""
import datetime
import zoneinfo

from .kopano_blobs import (ALL_DAYS, BERLIN, FRIDAY, MONDAY, NEW_YORK, NOWHERE, SATURDAY, SUNDAY, SYDNEY, THURSDAY, TOKYO, TUESDAY, WEDNESDAY, WORKDAYS, Pattern, global_object_id, series, zone_definition,
                           zone_struct)
from .kopano_items import BEGIN, END
from .kopano_made_store import person, sender
from .kopano_rows import APPOINTMENT, BINARY, BOOL, CALDAV, COMMON, LONG, MEETING, PUBLIC, TEXT, TIME, UTC

ZONES = {"Europe/Berlin": ("W. Europe Standard Time", BERLIN, "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"),
         "America/New_York": ("Eastern Standard Time", NEW_YORK, "(UTC-05:00) Eastern Time (US & Canada)"), "Asia/Tokyo": ("Tokyo Standard Time", TOKYO, "(UTC+09:00) Osaka, Sapporo, Tokyo"),
         "Australia/Sydney": ("AUS Eastern Standard Time", SYDNEY, "(UTC+10:00) Canberra, Melbourne, Sydney")}
EXCEPTION_CLASS = "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"
START, STOP = (APPOINTMENT, 0x820D, TIME), (APPOINTMENT, 0x820E, TIME)
WHOLE_DAY, RECUR, RECURRING, BUSY_STATUS = (APPOINTMENT, 0x8215, BOOL), (APPOINTMENT, 0x8216, BINARY), (APPOINTMENT, 0x8223, BOOL), (APPOINTMENT, 0x8205, LONG)
REPLACES, STATE, LOCATED = (APPOINTMENT, 0x8228, TIME), (APPOINTMENT, 0x8217, LONG), (APPOINTMENT, 0x8208, TEXT)
REMINDS, BEFORE = (COMMON, 0x8503, BOOL), (COMMON, 0x8501, LONG)
ZONE_BLOB, ZONE_TEXT, ZONE_START, ZONE_RECUR = (APPOINTMENT, 0x8233, BINARY), (APPOINTMENT, 0x8234, TEXT), (APPOINTMENT, 0x825E, BINARY), (APPOINTMENT, 0x8260, BINARY)


def at(*when):
    return datetime.datetime(*when)


def to_utc(local, zone):
    return local.replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def zone_properties(zone, how):
    if how == "none":
        return {}
    key, rule, text = ZONES[zone]
    if how == "struct":
        return {ZONE_BLOB: zone_struct(rule), ZONE_TEXT: text}
    if how == "olson":
        return {ZONE_BLOB: zone_struct(rule), ZONE_TEXT: zone}
    if how == "definition":
        return {ZONE_START: zone_definition(key, (1601, 2, rule))}
    if how == "recur":  # the former rule and the one that counts, and a display zone that does not
        former = (rule[0], rule[1], (10, 0, 4, 3), (3, 0, 4, 2)) if rule[2] else rule
        return {ZONE_RECUR: zone_definition(key, (1601, 0, former), (2007, 3, rule)), ZONE_BLOB: zone_struct(rule), ZONE_START: zone_definition("Tokyo Standard Time", (1601, 2, TOKYO))}
    raise ValueError(how)


class EventMaker:
    def __init__(self, store, folder):
        self.store, self.folder, self.truth = store, folder, []

    def add(self, subject, start, end, zone="Europe/Berlin", how="struct", pattern=None, rule=None, changed=(), deleted=(), whole=False, properties=None, recipients=(), attachments=(),
            writer=0x3009, page="cp1252", second_half=True, kopano=False, uid=True, **truth):
        """Of a series `rule` says the pattern in iCalendar's words; `changed` are as in kopano_blobs.series, with `inner` for what the instance's own message says."""
        own = {0x001A001E: "IPM.Appointment", 0x0037001E: subject, 0x0E070003: 1, START: to_utc(start, zone), STOP: to_utc(end, zone), BUSY_STATUS: 2, **zone_properties(zone, how)}
        if whole:
            own[WHOLE_DAY] = True
        name = f"{len(self.truth)}-made@fjordline"
        if uid:
            own.update({(MEETING, 3, BINARY): global_object_id(name), (MEETING, 0x23, BINARY): global_object_id(name)})
        files = list(attachments)
        if pattern:
            pattern.deleted, pattern.changed = list(deleted), list(changed)
            length = int((end - start).total_seconds() // 60)
            first = start.hour * 60 + start.minute
            blob = series(pattern, first, first + length, page, writer) if second_half else pattern.bytes()
            own.update({RECUR: blob, RECURRING: True})
            files += [self.exception(one, zone) for one in changed if "inner" in one]
        own.update(properties or {})
        hid, _ = self.store.add_item(self.folder, own, recipients, files)
        expected = self.expected(subject, start, end, zone, rule, changed, deleted, whole)
        self.truth.append({"subject": subject, "uid": name if uid else None, "hid": hid, "occurrences": expected, "folder": self.folder, **truth})
        return self.truth[-1]

    @staticmethod
    def exception(one, zone):
        inner = {0x001A001E: EXCEPTION_CLASS, START: to_utc(one["start"], zone), STOP: to_utc(one["end"], zone), REPLACES: to_utc(one["original"], zone), **one["inner"]}
        about = {0x37050003: 5, 0x7FFE000B: 1, 0x7FFD0003: 2, 0x7FFB0040: one["start"], 0x7FFC0040: one["end"], 0x7FFA0003: 0, 0x370B0003: 0xFFFFFFFF}
        return (about, {"properties": inner, "recipients": one.get("recipients", ()), "attachments": one.get("files", ())})

    @staticmethod
    def expected(subject, start, end, zone, rule, changed, deleted, whole):
        import dateutil.rrule

        def shown(first, last, title, is_day):
            return (first.date(), last.date(), title) if is_day else (to_utc(first, zone), to_utc(last, zone), title)

        first, last = BEGIN.replace(tzinfo=None), END.replace(tzinfo=None)
        begins = [start] if rule is None else list(dateutil.rrule.rrulestr(rule, dtstart=start).between(first, last, inc=True))
        gone = {one.date() for one in deleted} | {one["original"].date() for one in changed}
        found = {shown(one, one + (end - start), subject, whole) for one in begins if one.date() not in gone}
        for one in changed:
            title = one.get("subject") or one.get("inner", {}).get(0x0037001E) or subject
            found.add(shown(one["start"], one["end"], title, one.get("all_day", whole)))
        return found


def make_patterns(events):
    """(subject, first start, pattern, the same in iCalendar's words); each of them in another zone, said in another way."""
    nine = lambda *day: at(*day, 9, 30)  # noqa: E731
    cases = [
        ("daily", nine(2024, 1, 3), dict(kind="daily", period=1, count=10), "FREQ=DAILY;COUNT=10"),
        ("every third day", nine(2024, 3, 20), dict(kind="daily", period=3, until=at(2024, 4, 30)), "FREQ=DAILY;INTERVAL=3;UNTIL=20240430T235959"),
        ("every workday", nine(2024, 10, 21), dict(kind="daily", days=WORKDAYS, until=at(2024, 11, 8)), "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20241108T235959"),
        ("weekly without an end", nine(2025, 1, 7), dict(kind="weekly", days=TUESDAY), "FREQ=WEEKLY;BYDAY=TU"),
        ("two days a week", nine(2024, 2, 26), dict(kind="weekly", days=MONDAY | THURSDAY, count=12), "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=12"),
        ("every second week, which begins on Sunday", nine(2024, 6, 2), dict(kind="weekly", period=2, days=SUNDAY | WEDNESDAY, first_day=0, count=9), "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE;WKST=SU;COUNT=9"),
        ("every second week, which begins on Monday", nine(2024, 6, 2), dict(kind="weekly", period=2, days=SUNDAY | WEDNESDAY, first_day=1, count=9), "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE;WKST=MO;COUNT=9"),
        ("on weekends", nine(2024, 3, 30), dict(kind="weekly", days=SATURDAY | SUNDAY, first_day=1, count=8), "FREQ=WEEKLY;BYDAY=SA,SU;COUNT=8"),
        ("the fifteenth", nine(2024, 1, 15), dict(kind="monthly", day=15, count=12), "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=12"),
        ("every third month", nine(2024, 1, 15), dict(kind="monthly", period=3, day=15, until=at(2026, 1, 15)), "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15;UNTIL=20260115T235959"),
        ("the last day", nine(2024, 1, 31), dict(kind="monthly", day=31, count=14), "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=14"),
        ("the thirtieth, or the last of February", nine(2024, 1, 30), dict(kind="monthly", day=30, count=14), "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1;COUNT=14"),
        ("the second Tuesday", nine(2024, 1, 9), dict(kind="monthly", days=TUESDAY, nth=2, count=12), "FREQ=MONTHLY;BYDAY=2TU;COUNT=12"),
        ("the last Friday", nine(2024, 1, 26), dict(kind="monthly", days=FRIDAY, nth=5, count=12), "FREQ=MONTHLY;BYDAY=-1FR;COUNT=12"),
        ("the first workday", nine(2024, 2, 1), dict(kind="monthly", days=WORKDAYS, nth=1, count=12), "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;COUNT=12"),
        ("the last day by weekdays", nine(2024, 2, 29), dict(kind="monthly", days=ALL_DAYS, nth=5, count=12), "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=12"),
        ("the third day of a weekend", nine(2024, 2, 10), dict(kind="monthly", days=SATURDAY | SUNDAY, nth=3, period=2, count=6), "FREQ=MONTHLY;INTERVAL=2;BYDAY=SA,SU;BYSETPOS=3;COUNT=6"),
        ("yearly", nine(2020, 12, 24), dict(kind="yearly", day=24), "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24"),
        ("on leap day, or the day before March", nine(2020, 2, 29), dict(kind="yearly", day=29, count=6), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1;COUNT=6"),
        ("every other year", nine(2021, 5, 17), dict(kind="yearly", period=2, day=17, count=4), "FREQ=YEARLY;INTERVAL=2;BYMONTH=5;BYMONTHDAY=17;COUNT=4"),
        ("the fourth Thursday of November", nine(2021, 11, 25), dict(kind="yearly", days=THURSDAY, nth=4, until=at(2028, 11, 30)), "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20281130T235959"),
        ("the last Sunday of March", nine(2021, 3, 28), dict(kind="yearly", days=SUNDAY, nth=5, count=7), "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=7"),
    ]
    ways = [(zone, how) for how in ("struct", "definition", "recur", "olson") for zone in ZONES]
    for number, (subject, start, pattern, rule) in enumerate(cases):
        zone, how = ways[number % len(ways)]
        events.add(subject, start, start + datetime.timedelta(minutes=75), zone, how, Pattern(start=start, **pattern), rule)
        day = at(start.year, start.month, start.day)
        events.add(f"whole days: {subject}", day, day + datetime.timedelta(days=1 + number % 2), zone, how, Pattern(start=day, **pattern), rule.replace("T235959", "T000000"), whole=True)


def make_exceptions(events):
    start, end = at(2024, 9, 2, 14, 0), at(2024, 9, 2, 15, 30)
    day = datetime.timedelta(days=1)

    def weekly(subject, changed=(), deleted=(), **more):
        return events.add(subject, start, end, pattern=Pattern("weekly", start, days=MONDAY, count=16), rule="FREQ=WEEKLY;BYDAY=MO;COUNT=16", changed=changed, deleted=deleted, **more)

    def change(week, by=None, length=90, **what):
        original = start + week * 7 * day
        first = original + (by or datetime.timedelta())
        return {"original": original, "start": first, "end": first + datetime.timedelta(minutes=length), **what}

    two_hours, three_days = datetime.timedelta(hours=2), datetime.timedelta(days=3)
    weekly("moved and deleted", [change(1, two_hours), change(5, three_days, 30), change(9, -day)], [start + 21 * day, start + 77 * day])
    weekly("changed words", [change(1, subject="Über das Öl", location="Zürich"), change(6, subject="日本語の件名", location="会議室")], overrides={1: ("Über das Öl", "Zürich"), 6: ("日本語の件名", "会議室")})
    weekly("changed words as Kopano writes them", [change(2, subject="Größe", location="Köln")], page="utf-8", writer=0x3008, overrides={2: ("Größe", "Köln")})
    weekly("changed words as Outlook 2003 does", [change(2, two_hours, subject="Größe"), change(3, location="Köln")], writer=0x3008)
    weekly("changed states", [change(1, busy=0), change(2, busy=1), change(3, busy=3), change(4, delta=45, reminder=True), change(5, reminder=False), change(6, color=3)],
           properties={REMINDS: True, BEFORE: 15}, states={1: {"TRANSP": "TRANSPARENT"}, 2: {"X-MICROSOFT-CDO-BUSYSTATUS": "TENTATIVE"}, 3: {"X-MICROSOFT-CDO-BUSYSTATUS": "OOF"}, 6: {"COLOR": "green"}},
           alarms={0: [15], 4: [45], 5: [], 6: [15]})
    weekly("one instance is cancelled, one tentative", [change(1, meeting=5), change(2, busy=1)], states={1: {"STATUS": "CANCELLED"}, 2: {"STATUS": "TENTATIVE"}, 0: {"STATUS": None}})
    whole = {"original": start + 7 * day, "start": at(2024, 9, 9), "end": at(2024, 9, 10), "all_day": True}
    weekly("one is of a whole day", [whole])
    body = {0x1000001E: "Only this time: bring cake.\r\n", 0x0037001E: "With cake", LOCATED: "Kitchen", BUSY_STATUS: 2}
    weekly("texts of its own", [change(4, two_hours, subject="With cake", location="Kitchen", body=True, inner=body)], properties={0x1000001E: "The usual text"}, texts={0: "The usual text", 4: "Only this time: bring cake."})
    people = [person("Anna", "anna@x.example", properties={0x5FFF0003: 3}), person("Zoe", "zoe@x.example", 2, properties={0x5FFF0003: 4})]
    weekly("people of its own", [change(3, inner={0x0037001E: "people of its own"}, recipients=people)], properties={STATE: 1, **sender(events.store.name, events.store.address)},
           recipients=[person("Anna", "anna@x.example", properties={0x5FFF0003: 3}), person("Ben", "ben@x.example")], people={0: {"anna@x.example": "ACCEPTED", "ben@x.example": "NEEDS-ACTION"},
           3: {"anna@x.example": "ACCEPTED", "zoe@x.example": "DECLINED"}})
    only_message = {**change(5, two_hours, inner={0x0037001E: "only in the message"})}
    row = events.add("the pattern has it and the message, too", start, end, pattern=Pattern("weekly", start, days=MONDAY, count=16), rule="FREQ=WEEKLY;BYDAY=MO;COUNT=16", changed=[only_message])
    assert row
    # Over the change of clocks, and past midnight.
    night = at(2024, 3, 29, 23, 30)
    events.add("past midnight", night, night + datetime.timedelta(hours=3), pattern=Pattern("daily", night, count=6), rule="FREQ=DAILY;COUNT=6",
               changed=[{"original": night + 2 * day, "start": night + 2 * day + datetime.timedelta(minutes=20), "end": night + 2 * day + datetime.timedelta(hours=4)}], deleted=[night + 4 * day])
    early = at(2024, 3, 30, 2, 30)
    events.add("when clocks skip it", early, early + datetime.timedelta(minutes=20), pattern=Pattern("daily", early, count=4), rule="FREQ=DAILY;COUNT=4", loose=True)
    first = at(2024, 10, 25)
    events.add("whole days with changes", first, first + day, pattern=Pattern("daily", first, count=6), rule="FREQ=DAILY;COUNT=6", whole=True,
               changed=[{"original": first + 2 * day, "start": first + 10 * day, "end": first + 12 * day, "subject": "two days later on"}], deleted=[first + 3 * day])
    events.add("only half a pattern", start, end, pattern=Pattern("weekly", start, days=MONDAY, count=5), rule="FREQ=WEEKLY;BYDAY=MO;COUNT=5", second_half=False)
    late = at(2024, 11, 6, 8)
    events.add("begins before it hits", late, late + datetime.timedelta(hours=1), pattern=Pattern("weekly", at(2024, 11, 4, 8), days=WEDNESDAY, count=4), rule="FREQ=WEEKLY;BYDAY=WE;COUNT=4")


def make_single(events):
    noon, one = at(2024, 7, 9, 12), datetime.timedelta(hours=1)

    def add(subject, properties=None, **more):
        return events.add(subject, more.pop("start", noon), more.pop("end", noon + one), properties=properties, **more)

    for number, word in enumerate(("FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE")):
        add(f"busy: {word}", {BUSY_STATUS: number}, states={0: {"X-MICROSOFT-CDO-BUSYSTATUS": word, "TRANSP": "TRANSPARENT" if number in (0, 4) else "OPAQUE"}})
    add("private by a flag", {(COMMON, 0x8506, BOOL): True}, states={0: {"CLASS": "PRIVATE"}})
    add("private", {0x00360003: 2}, states={0: {"CLASS": "PRIVATE"}})
    add("confidential", {0x00360003: 3}, states={0: {"CLASS": "CONFIDENTIAL"}})
    add("reminder", {REMINDS: True, BEFORE: 1440}, alarms={0: [1440]})
    add("reminder as usual", {REMINDS: True, BEFORE: 0x5AE980E1}, alarms={0: [15]})
    add("reminder switched off", {REMINDS: False, BEFORE: 15}, alarms={0: []})
    add("categories", {(PUBLIC, "keywords", 0x1000 | TEXT): ["A b", "Ü"]}, categories={"A b", "Ü"})
    add("HTML", {0x10130102: "<p>Größe</p>".encode("cp1252"), 0x3FDE0003: 1252}, texts={0: "Größe"})
    add("without any zone", how="none", zone="Europe/Berlin")
    add("without an id", uid=False)
    add("with CalDAV's id", {(CALDAV, 0x25, TEXT): "by-caldav@made"}, uid=False, uid_is="by-caldav@made")
    add("with an id of Outlook's", {(MEETING, 3, BINARY): global_object_id(data=b"\1\2\3\4" * 4), (MEETING, 0x23, BINARY): global_object_id(data=b"\1\2\3\4" * 4)}, uid=False,
        uid_is=global_object_id(data=b"\1\2\3\4" * 4).hex().upper())
    add("the end is missing", {STOP: None, (APPOINTMENT, 0x8213, LONG): 60})
    add("only common times", {START: None, STOP: None, (COMMON, 0x8516, TIME): to_utc(noon, "Europe/Berlin"), (COMMON, 0x8517, TIME): to_utc(noon + one, "Europe/Berlin")})
    add("oldest times", {START: None, STOP: None, 0x00600040: to_utc(noon, "Europe/Berlin"), 0x00610040: to_utc(noon + one, "Europe/Berlin")})
    add("ends before it begins", {STOP: to_utc(noon - one, "Europe/Berlin")}, end=noon)
    nowhere = {ZONE_BLOB: zone_struct(NOWHERE), ZONE_TEXT: "Zone of nobody"}
    add("a zone of nobody", nowhere, how="none")
    for month, day in ((1, 8), (3, 30), (3, 31), (7, 8), (10, 26), (10, 27)):
        first = at(2024, month, day)
        add(f"whole day of {first:%d %b}", start=first, end=first + datetime.timedelta(days=1), whole=True)
        add(f"whole days from {first:%d %b}, in New York", start=first, end=first + datetime.timedelta(days=3), whole=True, zone="America/New_York", how="definition")
    first = at(2024, 8, 1)
    events.add("whole day without a zone", first, first + datetime.timedelta(days=1), whole=True, how="none")
    add("attached", attachments=[({0x37050003: 1, 0x3707001E: "plan.txt", 0x370E001E: "text/plain"}, b"the plan")], contains=["FILENAME=plan.txt"])
    everybody = [person(events.store.name, events.store.address, properties={0x5FFD0003: 3, 0x5FFF0003: 1}), person("Anna", "anna@x.example", properties={0x5FFF0003: 3}),
                 person("Opt", "opt@x.example", 2, properties={0x5FFF0003: 2}), person("Room", "room@x.example", 3, properties={0x5FFF0003: 0})]
    add("a meeting", {STATE: 1, **sender(events.store.name, events.store.address), (APPOINTMENT, 0x8201, LONG): 3}, recipients=everybody,
        people={0: {"anna@x.example": "ACCEPTED", "opt@x.example": "TENTATIVE", "room@x.example": "NEEDS-ACTION"}}, states={0: {"SEQUENCE": "3"}}, organizer=events.store.address)
    add("a meeting of another's", {STATE: 3, **sender("Anna", "anna@x.example"), (APPOINTMENT, 0x8218, LONG): 2}, recipients=everybody[2:] + [person(events.store.name, events.store.address)],
        people={0: {events.store.address: "TENTATIVE"}}, organizer="anna@x.example")
    add("a meeting that was cancelled", {STATE: 7, **sender("Anna", "anna@x.example")}, recipients=everybody[1:], states={0: {"STATUS": "CANCELLED"}}, organizer="anna@x.example")


# Each of these is absent in turn, and empty where it can be.
def make_absences(events):
    noon = at(2024, 7, 10, 12)
    whole = {LOCATED: "Here", BUSY_STATUS: 2, STATE: 0, ZONE_TEXT: "Europe/Berlin", ZONE_BLOB: zone_struct(BERLIN), 0x00360003: 0, REMINDS: False, BEFORE: 15, RECURRING: False, WHOLE_DAY: False,
             0x1000001E: "text", 0x30070040: to_utc(noon, "UTC"), 0x30080040: to_utc(noon, "UTC"), 0x0037001E: "absent", 0x001A001E: "IPM.Appointment", 0x0E070003: 1}
    for key in whole:
        if key == 0x001A001E:
            continue  # it would be mail
        for value in (None, "") if key in (LOCATED, ZONE_TEXT, 0x1000001E, 0x0037001E) else (None, b"") if key == ZONE_BLOB else (None,):
            row = events.add("absent", noon, noon + datetime.timedelta(hours=1), how="none", properties={**whole, key: value})
            if key == 0x0037001E:
                row["occurrences"] = {(first, last, "") for first, last, _ in row["occurrences"]}
