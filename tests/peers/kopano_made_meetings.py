# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail about meetings as it lies in mail folders: requests, updates, cancellations, answers, other proposals; of series, and of one instance."""
import datetime

from .kopano_blobs import MONDAY, Pattern, global_object_id, series
from .kopano_made_calendar import RECUR, RECURRING, START, STATE, STOP, ZONE_RECUR, at, to_utc, zone_properties
from .kopano_made_store import person, sender
from .kopano_rows import APPOINTMENT, BINARY, BOOL, LONG, MEETING, TIME, UTC

ANNA = ("Anna", "anna@x.example")
NEW_START, NEW_STOP = (APPOINTMENT, 0x8250, TIME), (APPOINTMENT, 0x8251, TIME)


def ids(name, day=None):
    return {(MEETING, 3, BINARY): global_object_id(name, day=day), (MEETING, 0x23, BINARY): global_object_id(name)}


def make_meetings(mails, events):
    """`mails` gets the mails; `events` one event that some of them are about."""
    store, hour = mails.store, datetime.timedelta(hours=1)
    start = at(2024, 10, 7, 10)
    linked = events.add("Linked", start, start + hour, properties={STATE: 3, **sender(*ANNA)}, recipients=[person(store.name, store.address)])
    base = {START: to_utc(start, "Europe/Berlin"), STOP: to_utc(start + hour, "Europe/Berlin"), (APPOINTMENT, 0x8201, LONG): 2, **zone_properties("Europe/Berlin", "struct"), STATE: 3,
            (MEETING, 0x1A, TIME): at(2024, 10, 1, 1, 2, 3), 0x1000001E: "Agenda"}
    to = [person(store.name, store.address), person("Ben", "ben@x.example", 2)]
    span = (to_utc(start, "Europe/Berlin"), to_utc(start + hour, "Europe/Berlin"))

    def add(subject, kind, extra=None, name=linked["uid"], day=None, recipients=None, folder=None, **truth):
        return mails.add(subject, {**base, **sender(*ANNA), 0x001A001E: kind, **ids(name, day), **(extra or {})}, to if recipients is None else recipients, folder=folder,
                         **{"from": ANNA[1], "to": None, "uid_of_event": name, **truth})

    add("Linked", "IPM.Schedule.Meeting.Request", method="REQUEST", span=span, attendees={store.address, "ben@x.example"}, organizer=ANNA[1], sequence=2, text="Agenda")
    add("Linked", "IPM.Schedule.Meeting.Request", {(APPOINTMENT, 0x8201, LONG): 3, START: to_utc(start + 2 * hour, "Europe/Berlin"), STOP: to_utc(start + 3 * hour, "Europe/Berlin")}, method="REQUEST", sequence=3,
        span=(span[0] + 2 * hour, span[1] + 2 * hour))
    add("Canceled: Linked", "IPM.Schedule.Meeting.Canceled", {0x003D001E: "Canceled: ", STATE: 7}, method="CANCEL", summary="Linked", span=span)
    for word, kind, status in (("Accepted", "Pos", "ACCEPTED"), ("Declined", "Neg", "DECLINED"), ("Tentative", "Tent", "TENTATIVE")):
        add(f"{word}: Linked", f"IPM.Schedule.Meeting.Resp.{kind}", {0x003D001E: f"{word}: ", 0x1000001E: "My comment"}, recipients=[person(store.name, store.address)], method="REPLY", partstat=status,
            attendees={ANNA[1]}, summary="Linked", organizer=store.address)
    add("New Time Proposed: Linked", "IPM.Schedule.Meeting.Resp.Tent", {(APPOINTMENT, 0x8257, BOOL): True, NEW_START: span[0] + 24 * hour, NEW_STOP: span[1] + 25 * hour, 0x003D001E: "New Time Proposed: "},
        recipients=[person(store.name, store.address)], method="COUNTER", span=(span[0] + 24 * hour, span[1] + 25 * hour), summary="Linked")
    weekly = Pattern("weekly", start, days=MONDAY, count=4)
    add("A series", "IPM.Schedule.Meeting.Request", {RECUR: series(weekly, 600, 660), RECURRING: True, ZONE_RECUR: zone_properties("Europe/Berlin", "recur")[ZONE_RECUR]}, "series@made", method="REQUEST",
        rrule="FREQ=WEEKLY", span=span)
    week = datetime.timedelta(days=7)
    instance = to_utc(start + week, "Europe/Berlin")
    packed = {(MEETING, 0x0E, LONG): 10 << 12}
    add("A series", "IPM.Schedule.Meeting.Request", {START: instance + hour, STOP: instance + 2 * hour, **packed}, "series@made", start + week, method="REQUEST", recurrence_id=instance,
        span=(instance + hour, instance + 2 * hour))
    add("Canceled: A series", "IPM.Schedule.Meeting.Canceled", {START: instance, STOP: instance + hour, **packed, 0x003D001E: "Canceled: "}, "series@made", start + week, method="CANCEL", recurrence_id=instance)
    add("Accepted: A series", "IPM.Schedule.Meeting.Resp.Pos", {START: instance, STOP: instance + hour, **packed, 0x003D001E: "Accepted: "}, "series@made", start + week, method="REPLY",
        recipients=[person(store.name, store.address)], recurrence_id=instance, partstat="ACCEPTED")
    old = {START: to_utc(at(2009, 2, 3, 9), "Europe/Berlin"), STOP: to_utc(at(2009, 2, 3, 10), "Europe/Berlin"), 0x00390040: at(2009, 1, 1).replace(tzinfo=UTC), 0x0E060040: at(2009, 1, 1).replace(tzinfo=UTC)}
    add("Old, and sent", "IPM.Schedule.Meeting.Request", {**old, **sender(store.name, store.address)}, "old@made", recipients=[person("Ben", "ben@x.example")], folder=store.folders["sent"], method="REQUEST",
        organizer=store.address, date=at(2009, 1, 1).replace(tzinfo=UTC), **{"from": store.address})
    add("In Exchange's old words", "IPM.Microsoft Schedule.MtgReq", method="REQUEST", span=span)
    add("forwarded note", "IPM.Schedule.Meeting.Notification.Forward", method=None)
    add("without times", "IPM.Schedule.Meeting.Resp.Pos", {START: None, STOP: None}, recipients=[person(store.name, store.address)], method="REPLY", partstat="ACCEPTED")
