# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lies where it does not belong, what is deleted, what is there twice, and events as kopano-ical and web programs write them."""
import datetime

from .kopano_blobs import ALL_DAYS, FRIDAY, MONDAY, SUNDAY, Pattern, directory_entry, global_object_id, series, zone_struct
from .kopano_made_calendar import RECUR, RECURRING, START, STATE, STOP, WHOLE_DAY, ZONE_BLOB, ZONE_TEXT, ZONES, at, to_utc
from .kopano_made_store import person, sender
from .kopano_rows import APPOINTMENT, BINARY, COMMON, LONG, MEETING, TASK, TIME, UTC

CLASSES = ["IPM.Note", "IPM.Note.SMIME", "IPM.Note.Rules.OofTemplate.Microsoft", "IPM.Note.Microsoft.Voicemail.UM", "IPM.Note.EnterpriseVault.Shortcut", "IPM.Recall.Report", "IPM.Post.RSS", "IPM.Document.txt",
           "IPM.InfoPathForm.X", "IPM.Schedule.Meeting.Notification.Forward", "IPM.Schedule.Inquiry", "IPM.TaskRequest", "IPM.TaskRequest.Accept", "IPM.TaskRequest.Update", "IPM.Sharing", "IPM.Conflict.Message",
           "IPM.Outlook.Recall", "IPM.Remote", "IPM.Resend", "REPORT.IPM.Note.DR", "REPORT.IPM.Schedule.Meeting.Canceled.NDR", "IPM.Zarafa.Something", "Not.Even.IPM", "IPM.StickyNotes", "ipm.notes"]


def make_classes(mails):
    """In a mail folder: each of any class comes as mail."""
    for name in CLASSES:
        mails.add(f"of class {name}", {0x001A001E: name, 0x1000001E: f"text of {name}"}, text=f"text of {name}")


def make_strays(mails, store):
    """Items of one kind in folders of another; what is mail comes in a mail folder beside."""
    noon = at(2024, 5, 6, 12)
    event = {0x001A001E: "IPM.Appointment", START: to_utc(noon, "UTC"), STOP: to_utc(noon, "UTC") + datetime.timedelta(hours=1), 0x1000001E: "astray"}
    mails.add("an event in the inbox", event, text="astray", contains=["BEGIN:VEVENT"])
    mails.add("a contact in the inbox", {0x001A001E: "IPM.Contact", 0x3001001E: "Astray Contact", 0x3A06001E: "Astray"}, contains=["BEGIN:VCARD"])
    mails.add("a task in the inbox", {0x001A001E: "IPM.Task", (TASK, 0x8101, LONG): 1}, contains=["BEGIN:VTODO"])
    mails.add("a note in the inbox", {0x001A001E: "IPM.StickyNote", 0x1000001E: "sticky"}, text="sticky")
    strays = []
    for role in ("calendar", "contacts", "tasks", "notes", "journal"):
        store.add_item(store.folders[role], {0x001A001E: "IPM.Note", 0x0037001E: f"a mail in {role}", 0x1000001E: "astray", 0x1035001E: f"<stray.{role}@made>", **sender("Olga", "olga@x.example")})
        store.add_item(store.folders[role], {0x001A001E: "IPM.Vendor.Own", 0x0037001E: f"a thing in {role}", 0x1000001E: "astray", 0x1035001E: f"<thing.{role}@made>"})
        strays += [f"<stray.{role}@made>", f"<thing.{role}@made>"]
    return strays


def make_deleted(store):
    """Soft-deleted: only the uppermost of a tree is marked. Gives message ids that must not come."""
    gone = []

    def add(folder, name, **more):
        store.add_item(folder, {0x001A001E: "IPM.Note", 0x0037001E: name, 0x1035001E: f"<{name}@gone>", 0x1000001E: name}, **more)
        gone.append(f"<{name}@gone>")

    add(store.folders["inbox"], "removed", flags=0x400)
    folder = store.add_folder(store.subtree, "removed folder", "IPF.Note", flags=1)
    store.rows.rows["hierarchy"] = [row.replace(f"({folder}, {store.subtree}, 3, 1,", f"({folder}, {store.subtree}, 3, 1025,") for row in store.rows.rows["hierarchy"]]
    below = store.add_folder(folder, "looks alive", "IPF.Note")
    add(folder, "in-removed")
    add(below, "below-removed")
    for number, flags in enumerate((2, 1026)):
        search = store.add_folder(store.subtree, f"search {number}", "IPF.Note", flags=2)
        store.rows.rows["hierarchy"] = [row.replace(f"({search}, {store.subtree}, 3, 2,", f"({search}, {store.subtree}, 3, {flags},") for row in store.rows.rows["hierarchy"]]
    return gone, ["removed folder", "looks alive", "search 0", "search 1"]


def make_doubles(store):
    """Two mails with one UID: one of them keeps it, both are there. Gives folder and message ids."""
    folder = store.add_folder(store.subtree, "Doubles", "IPF.Note")
    ids = []
    for number in range(3):
        name = f"<double.{number}@made>"
        ids.append(name)
        store.add_item(folder, {0x001A001E: "IPM.Note", 0x0037001E: f"double {number}", 0x1035001E: name, 0x67820003: 77_777})
    return folder, ids


def make_groups(mails, directory):
    """`directory` gives a group's id of users and its external id."""
    row, external_id = directory
    group = {0x0C150003: 1, 0x3001001E: "Sales", 0x3002001E: "ZARAFA", 0x3003001E: "sales", 0x39000003: 1, 0x67100102: directory_entry(row, external_id, 8)}
    everyone = {0x0C150003: 2, 0x3001001E: "Everyone", 0x3002001E: "ZARAFA", 0x3003001E: "Everyone", 0x39000003: 1,
                0x67100102: bytes(4) + bytes.fromhex("AC21A95040D3EE48B319FBA753304425") + bytes.fromhex("000000000800000001000000") + bytes(4)}
    mails.add("to groups", {}, [group, everyone], to=["sales@fjordline.example.com"], cc=[])


def make_ical_events(events):
    """As kopano-ical writes: UTF-8 in the 8-bit part, -1 as a byte, whole single days in UTC, zones by their own names."""
    hour = datetime.timedelta(hours=1)

    def add(subject, start, pattern, rule, zone="Europe/Berlin", nth=None, **more):
        blob = series(pattern, start.hour * 60, start.hour * 60 + 60, "utf-8", 0x3008)
        if nth:  # where the number of the weekday stands, behind the mask of days
            blob = blob[:26] + (0xFF).to_bytes(4, "little") + blob[30:]
        extra = {RECUR: blob, RECURRING: True, ZONE_BLOB: zone_struct(ZONES[zone][1]), ZONE_TEXT: zone, 0x00600040: to_utc(start, zone), 0x00610040: to_utc(start + hour, zone)}
        events.add(subject, start, start + hour, zone, "none", rule=rule, properties={**extra, **more})

    for number, (days, word) in enumerate(((FRIDAY, "FR"), (MONDAY, "MO"), (SUNDAY, "SU"))):
        first = {FRIDAY: at(2024, 1, 26, 9), MONDAY: at(2024, 2, 26, 9), SUNDAY: at(2024, 3, 31, 9)}[days]
        add(f"ical: the last {word}", first, Pattern("monthly", first, days=days, nth=5, count=8), f"FREQ=MONTHLY;BYDAY=-1{word};COUNT=8", list(ZONES)[number], nth=True)
    first = at(2024, 2, 29, 9)
    add("ical: the last of all days", first, Pattern("monthly", first, days=ALL_DAYS, nth=5, count=8), "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=8", nth=True)
    day = at(2024, 8, 3)
    utc = {START: day.replace(tzinfo=UTC), STOP: (day + datetime.timedelta(days=2)).replace(tzinfo=UTC), WHOLE_DAY: True, ZONE_BLOB: zone_struct(ZONES["Europe/Berlin"][1]), ZONE_TEXT: "Europe/Berlin"}
    events.add("ical: whole days", day, day + datetime.timedelta(days=2), whole=True, how="none", properties=utc)


def make_web_events(events):
    """As web programs do: a zone without a name, organizers and people of the directory, no global id but for meetings."""
    store, start = events.store, at(2024, 6, 5, 15)
    hour = datetime.timedelta(hours=1)
    entry = directory_entry(store.owner, store.external_id)
    inside = {0x0042001E: store.name, 0x0064001E: "ZARAFA", 0x0065001E: store.login, 0x00410102: entry}
    organizer = {0x0C150003: 0, 0x5FFD0003: 3, 0x5FFF0003: 1, 0x3001001E: store.name, 0x3002001E: "ZARAFA", 0x3003001E: store.login, 0x67100102: entry}
    events.add("web: a meeting of one's own", start, start + hour, how="none", uid=False, recipients=[organizer, person("Anna", "anna@x.example", properties={0x5FFF0003: 5})],
               properties={ZONE_BLOB: zone_struct(ZONES["Europe/Berlin"][1]), STATE: 1, **inside}, organizer=store.address, people={0: {"anna@x.example": "NEEDS-ACTION"}})
    events.add("web: no length", start, start, uid=False, properties={ZONE_BLOB: zone_struct(ZONES["Europe/Berlin"][1])}, how="none")
    events.add("web: a year long", start, start + 24 * 366 * hour, uid=False)
    weekly = Pattern("weekly", start, days=8, count=5)
    events.add("web: a series without a zone", start, start + hour, how="none", pattern=weekly, rule="FREQ=WEEKLY;BYDAY=WE;COUNT=5", zone="UTC", uid=False)
    old = at(1985, 6, 5, 15)
    events.add("web: long ago", old, old + hour, uid=False)
    events.truth[-1]["occurrences"] = set()
    # Of a meeting that another organizes, in his own words; the mark of an exception is not that of a series.
    events.add("web: another's", start, start + hour, uid=False, properties={(MEETING, 3, BINARY): global_object_id("web@made", day=start), (MEETING, 0x23, BINARY): global_object_id("web@made"), STATE: 3,
               **sender("Anna", "anna@x.example"), (APPOINTMENT, 0x8218, LONG): 4, (COMMON, 0x8516, TIME): to_utc(start, "Europe/Berlin")},
               recipients=[person("Anna", "anna@x.example", 0), person(store.name, store.address)], uid_is="web@made", organizer="anna@x.example", people={0: {store.address: "DECLINED"}})
