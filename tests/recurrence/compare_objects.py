#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Generates whole events (a zone's time, by its own name or Windows', floating time or whole days, rules, further dates, exceptions, moved instances,
changes of all that follows), stores them in a server and compares what its calendar-multiget expands with python3-recurring-ical-events.

    compare_objects.py [events] [seed]

KONTOR_BUILD names the build, as for the end-to-end tests. The exit code is 1 if something differs.
"""
import datetime
import pathlib
import random
import re
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ET
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from peers.dav_wire import DECLARED, NAMES, kontor_dav  # noqa: E402
from peers.kontor import Kontor  # noqa: E402

CALENDAR = "/dav/calendars/ada@example.org/calendar/"
FLOATING = "floating"
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "America/Sao_Paulo", "UTC", FLOATING]
WINDOWS = {"Europe/Berlin": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time", "Asia/Kolkata": "India Standard Time",
           "Australia/Sydney": "AUS Eastern Standard Time", "America/Sao_Paulo": "E. South America Standard Time"}
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
SPAN = (datetime.datetime(2024, 1, 1), datetime.datetime(2027, 1, 1))
AT_ONCE = 100


def rule(r):
    frequency = r.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={frequency}"]
    if r.random() < 0.5:
        parts.append(f"INTERVAL={r.randint(1, 4)}")
    ends = r.random()
    if ends < 0.4:
        parts.append(f"COUNT={r.randint(1, 60)}")
    if frequency == "WEEKLY" and r.random() < 0.6:
        parts.append("BYDAY=" + ",".join(r.sample(DAYS, r.randint(1, 4))))
    if frequency == "MONTHLY":
        kind = r.random()
        if kind < 0.35:
            parts.append(f"BYDAY={r.choice([1, 2, 3, 4, -1, -2])}{r.choice(DAYS)}")
        elif kind < 0.6:
            parts.append(f"BYMONTHDAY={r.choice([1, 15, 28, 31, -1, -3])}")
        elif kind < 0.75:
            parts.append(f"BYDAY=MO,TU,WE,TH,FR;BYSETPOS={r.choice([1, -1, 2])}")
    if frequency == "YEARLY" and r.random() < 0.5:
        parts.append(f"BYMONTH={r.randint(1, 12)};BYDAY={r.choice([1, 2, -1])}{r.choice(DAYS)}")
    return ";".join(parts)


class Event:
    """Times are written as somebody in the zone sees them; none at all for whole days."""

    def __init__(self, r, uid):
        self.uid, self.zone, self.is_day = uid, r.choice(ZONES), r.random() < 0.2
        # Away from the hours that a change of the clocks skips or repeats: expanders differ there, and RFC 5545 says who is right.
        self.first = datetime.datetime(r.randint(2021, 2026), r.randint(1, 12), r.randint(1, 28), r.randint(5, 22), r.choice([0, 15, 30]))
        # Where the rule begins: RFC 5545 counts DTSTART as the first of COUNT in any case, others only where the rule has it.
        made = rule(r)
        self.first = rrulestr(re.sub(";COUNT=[0-9]+", "", made), dtstart=self.first)[0]
        self.lines = ["RRULE:" + made]
        starts = sorted(self.starts(self.text()))
        if starts and r.random() < 0.5:
            for gone in r.sample(starts, min(len(starts), r.randint(1, 3))):
                self.lines.append(self.property("EXDATE", gone))
        if r.random() < 0.25:
            another = self.first + datetime.timedelta(days=r.randint(2, 900))
            if another not in starts:  # one that the rule has already the other expander counts twice where an override takes its place
                self.lines.append(self.property("RDATE", another))
        self.moved = []
        starts = sorted(self.starts(self.text()))
        if starts and r.random() < 0.4:
            for at in r.sample(starts, min(len(starts), r.randint(1, 2))):
                self.moved.append((at, at + datetime.timedelta(days=r.randint(-3, 3)) + (datetime.timedelta() if self.is_day else datetime.timedelta(hours=r.choice([0, 1])))))

        # From an instance on all are later; the other expander knows no such changes.
        self.later = None
        if starts and not self.moved and r.random() < 0.3:
            self.later = (r.choice(starts), datetime.timedelta(days=1) if self.is_day else datetime.timedelta(days=r.choice([0, 1]), hours=r.choice([0, 1])))
        self.windows = WINDOWS.get(self.zone) if r.random() < 0.3 else None

    def property(self, name, at):
        if self.is_day:
            return f"{name};VALUE=DATE:{at:%Y%m%d}"
        if self.zone in ("UTC", FLOATING):
            return f"{name}:{at:%Y%m%dT%H%M%S}{'Z' if self.zone == 'UTC' else ''}"
        return f"{name};TZID={self.zone}:{at:%Y%m%dT%H%M%S}"

    def sent(self):
        """As the server gets it."""
        text = self.text()
        if self.later:
            at, shift = self.later
            name, value = self.property("RECURRENCE-ID", at).split(":", 1)
            override = ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20260101T000000Z", f"{name};RANGE=THISANDFUTURE:{value}", self.property("DTSTART", at + shift),
                        "DURATION:P1D" if self.is_day else "DURATION:PT1H", "END:VEVENT", "END:VCALENDAR", ""]
            text = text.replace("END:VCALENDAR\r\n", "\r\n".join(override))
        return text.replace(f"TZID={self.zone}:", f"TZID={self.windows}:") if self.windows else text

    def text(self):
        length = "DURATION:P1D" if self.is_day else "DURATION:PT1H"
        begun = ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20260101T000000Z"]
        out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//compare//EN", *begun, self.property("DTSTART", self.first), length, *self.lines, "END:VEVENT"]
        for at, to in getattr(self, "moved", []):
            out += [*begun, self.property("RECURRENCE-ID", at), self.property("DTSTART", to), length, "END:VEVENT"]
        return "".join(line + "\r\n" for line in [*out, "END:VCALENDAR"])

    def starts(self, text):
        """Of the instances within the span, as they are written in the event."""
        found = set()
        for one in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(*SPAN):
            at = one["DTSTART"].dt
            if not isinstance(at, datetime.datetime):
                at = datetime.datetime.combine(at, datetime.time(self.first.hour, self.first.minute))
            found.add(at.replace(tzinfo=None))
        return {at for at in found if SPAN[0] + datetime.timedelta(days=2) < at < SPAN[1] - datetime.timedelta(days=2)}

    def as_told(self, starts):
        """In UTC, as clocks show it anywhere, or days."""
        if self.later:
            starts = {at + self.later[1] if at >= self.later[0] else at for at in starts}
        if self.is_day:
            return sorted({f"{at:%Y%m%d}" for at in starts})
        if self.zone == FLOATING:
            return sorted(f"{at:%Y%m%dT%H%M%S}" for at in starts)
        zone = ZoneInfo(self.zone)
        return sorted(f"{at.replace(tzinfo=zone).astimezone(datetime.timezone.utc):%Y%m%dT%H%M%SZ}" for at in starts)


def expanded(client, events):
    """{uid: starts} as the server says."""
    hrefs = "".join(f"<D:href>{CALENDAR}{one.uid}.ics</D:href>" for one in events)
    begin, end = (f"{at:%Y%m%dT%H%M%SZ}" for at in SPAN)
    answer = client.ok("REPORT", CALENDAR, f'<C:calendar-multiget {DECLARED}><D:prop><C:calendar-data><C:expand start="{begin}" end="{end}"/></C:calendar-data></D:prop>'
                       f"{hrefs}</C:calendar-multiget>", Content_Type="application/xml")
    out = {}
    for response in ET.fromstring(answer).findall("D:response", NAMES):
        uid = urllib.parse.unquote(response.findtext("D:href", "", NAMES)).rsplit("/", 1)[1].removesuffix(".ics")
        text = response.findtext("D:propstat/D:prop/C:calendar-data", "", NAMES)
        out[uid] = set(re.findall(r"^DTSTART[^:]*:(\w+)", text, re.M))
    return out


def main():
    count, seed = [int(a) for a in sys.argv[1:3]] + [1000, 5545][len(sys.argv[1:3]):]
    r = random.Random(seed)
    events = [Event(r, f"event-{number}") for number in range(count)]
    differ = instances = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Kontor(folder)
        try:
            server.start()
            server.populate()
            client = kontor_dav(server)
            for one in events:
                client.put(f"{CALENDAR}{one.uid}.ics", one.sent())
            low, high = (f"{at:%Y%m%dT%H%M%SZ}" for at in (SPAN[0] + datetime.timedelta(days=3), SPAN[1] - datetime.timedelta(days=3)))
            for first in range(0, count, AT_ONCE):
                batch = events[first:first + AT_ONCE]
                told = expanded(client, batch)
                for one in batch:
                    ours = sorted(at for at in told[one.uid] if low <= at <= high)
                    theirs = [at for at in one.as_told(one.starts(one.text())) if low <= at <= high]
                    instances += len(theirs)
                    if ours != theirs:
                        differ += 1
                        print(one.sent(), "\n  ours  ", sorted(set(ours) - set(theirs)), "\n  theirs", sorted(set(theirs) - set(ours)))
        finally:
            server.close()
    print(f"{sum(one.zone == FLOATING for one in events)} floating, {sum(bool(one.windows) for one in events)} by Windows' names, "
          f"{sum(bool(one.later) for one in events)} with changes of all that follows")
    print(f"{count} events with {instances} instances, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
