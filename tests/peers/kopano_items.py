# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars, tasks, contacts and notes of a Kopano manifest, and what a DAV client sees of them in Kontor."""
import datetime
import hashlib

UTC = datetime.timezone.utc
BEGIN, END = datetime.datetime(2019, 1, 1, tzinfo=UTC), datetime.datetime(2032, 1, 1, tzinfo=UTC)


class Home:
    """All objects of an account's calendars and address books."""

    def __init__(self, dav, address):
        self.calendar, self.contacts = [], []
        for home in (f"/dav/calendars/{address}/", f"/dav/contacts/{address}/"):
            for path in dav.propfind(home, depth=1).responses:
                # What others share shows in one's own home too.
                if path == home or not path.startswith(home):
                    continue
                for item in dav.propfind(path, "getetag", depth=1).responses:
                    if not item.endswith("/"):
                        answer = dav("GET", item, headers={"Accept": "text/vcard; version=3.0, text/calendar"})
                        if answer.status == 200 and path.startswith("/dav/calendars/"):
                            self.calendar.append((path, answer.text))
                        elif answer.status == 200:
                            self.contacts.append((path, answer.text))

    def objects(self, component):
        import icalendar

        for path, text in self.calendar:
            calendar = icalendar.Calendar.from_ical(text)
            parts = [part for part in calendar.subcomponents if part.name == component]
            if parts:
                yield path, calendar, parts

    def by_uid(self, component):
        return {str(parts[0]["UID"]): (calendar, parts) for _, calendar, parts in self.objects(component)}


def occurrences(calendar):
    """What a person sees: the start, the end and the title of each, in UTC; days as days."""
    import recurring_ical_events

    for event in calendar.walk("VEVENT"):
        # The expander leaves out what takes place at the very end, in another offset than at the start.
        if until := event.get("RRULE", {}).get("UNTIL"):
            event["RRULE"]["UNTIL"] = [at + datetime.timedelta(hours=2) if isinstance(at, datetime.datetime) else at for at in until]
    out = set()
    for event in recurring_ical_events.of(calendar).between(BEGIN, END):
        out.add((point(event["DTSTART"].dt), point(event["DTEND"].dt if "DTEND" in event else event["DTSTART"].dt), str(event.get("SUMMARY", ""))))
    return out


def point(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return value


def master(parts):
    return next((part for part in parts if "RECURRENCE-ID" not in part), parts[0])


def event_faults(truth, login, home):
    import icalendar

    events, faults = home.by_uid("VEVENT"), []
    for row in truth.of("events", login):
        where = f"event {row['summary']!r} ({row['kind']})"
        uid = row["uid"] or next((u for u, (_, parts) in events.items() if str(master(parts).get("SUMMARY")) == row["summary"]), None)
        if uid not in events:
            faults.append(f"{where}: {uid} is not there")
            continue
        calendar, parts = events[uid]
        main = master(parts)
        # What kopano-ical stored wrongly is what its users saw.
        if "ics" in row and "note" not in row:
            want, have = occurrences(icalendar.Calendar.from_ical(row["ics"])), occurrences(calendar)
            if want != have:
                faults.append(f"{where}: {len(want - have)} of {len(want)} occurrences missing ({sorted(map(str, want - have))[:2]}), {len(have - want)} more ({sorted(map(str, have - want))[:2]})")
        for name, key, default in (("LOCATION", "location", None), ("CLASS", "cls", "PUBLIC"), ("TRANSP", "transp", "OPAQUE")):
            if key in row and str(main.get(name) or default) != str(row[key] or default):
                faults.append(f"{where}: {name} {main.get(name)} instead of {row[key]}")
        if row.get("description") and " ".join(row["description"].split()) != " ".join(str(main.get("DESCRIPTION", "")).split()):
            faults.append(f"{where}: description {main.get('DESCRIPTION')!r}")
        categories = main.get("CATEGORIES")
        have = set(map(str, categories.cats)) if categories and not isinstance(categories, list) else {str(c) for many in categories or [] for c in many.cats}
        if set(row.get("categories") or []) != have:
            faults.append(f"{where}: categories {have} instead of {row.get('categories')}")
        alarms = [part for part in main.subcomponents if part.name == "VALARM"]
        if row.get("alarm_minutes") is not None:
            triggers = [-int(part["TRIGGER"].dt.total_seconds() // 60) for part in alarms]
            if triggers != [row["alarm_minutes"]]:
                faults.append(f"{where}: alarms {triggers} instead of {row['alarm_minutes']}")
        faults += [f"{where}: {fault}" for fault in attendee_faults(row, main)]
    return faults


def attendee_faults(row, main):
    many = main.get("ATTENDEE", [])
    have = {str(a).lower().removeprefix("mailto:"): a.params for a in (many if isinstance(many, list) else [many])}
    faults = []
    organizer = str(main.get("ORGANIZER", "")).lower().removeprefix("mailto:")
    if row.get("organizer") and organizer != row["organizer"].lower():
        faults.append(f"organizer {organizer!r}")
    for attendee in row.get("attendees") or []:
        params = have.get(attendee["mail"].lower())
        if params is None:
            faults.append(f"attendee {attendee['mail']} is missing")
            continue
        if params.get("PARTSTAT", "NEEDS-ACTION") != attendee.get("partstat", "NEEDS-ACTION"):
            faults.append(f"attendee {attendee['mail']} is {params.get('PARTSTAT')} instead of {attendee.get('partstat')}")
        if params.get("ROLE", "REQ-PARTICIPANT") != attendee.get("role", "REQ-PARTICIPANT"):
            faults.append(f"attendee {attendee['mail']} has the role {params.get('ROLE')}")
    if row.get("attendees") and len(have) - (organizer in have) != len(row["attendees"]):
        faults.append(f"attendees {sorted(have)}")
    return faults


def task_faults(truth, login, home):
    tasks, faults = [(parts[0], calendar) for _, calendar, parts in home.objects("VTODO")], []
    for row in truth.of("tasks", login):
        found = [t for t, _ in tasks if str(t.get("SUMMARY")) == row["summary"] and ("uid" not in row or str(t["UID"]) == row["uid"])]
        where = f"task {row['summary']!r}"
        if len(found) != 1:
            faults.append(f"{where}: is there {len(found)} times")
            continue
        task = found[0]
        if str(task.get("STATUS", "NEEDS-ACTION")) != row["status"]:
            faults.append(f"{where}: {task.get('STATUS')} instead of {row['status']}")
        if int(task.get("PERCENT-COMPLETE", 0)) != row["percent"]:
            faults.append(f"{where}: {task.get('PERCENT-COMPLETE')} % instead of {row['percent']}")
        if "due_local_midnight_utc" in row:
            day = datetime.date.fromisoformat(row["due_local_midnight_utc"][:10])
            due = task["DUE"].dt if "DUE" in task else None
            if due != day:
                faults.append(f"{where}: due {due} instead of {day}")
        elif "DUE" not in task:
            faults.append(f"{where}: due nowhere")
        if row.get("reminder") and not any(p.name == "VALARM" for p in task.subcomponents):
            faults.append(f"{where}: no reminder")
    return faults


def note_faults(truth, login, home):
    notes = [parts[0] for _, _, parts in home.objects("VJOURNAL")]
    texts = ["\n".join(filter(None, (str(n.get("SUMMARY", "")), str(n.get("DESCRIPTION", ""))))).split() for n in notes]
    faults = []
    for row in truth.of("notes", login):
        words = row["body"].split()
        if not any(all(word in text for word in words) for text in texts):
            faults.append(f"note {row['body']!r} is not there")
    for row in truth.of("journal", login):
        found = [n for n in notes if str(n.get("SUMMARY")) == row["subject"]]
        if len(found) != 1 or point(found[0]["DTSTART"].dt) != point(datetime.datetime.fromisoformat(row["start"].replace("Z", "+00:00"))):
            faults.append(f"journal item {row['subject']!r}: {[(n.get('DTSTART') and n['DTSTART'].dt) for n in found]}")
    return faults


def contact_faults(truth, login, home):
    import vobject

    cards = [card for _, text in home.contacts for card in vobject.readComponents(text)]
    faults = []

    def of(card, name):
        return [line for line in card.contents.get(name, [])]

    for row in truth.of("contacts", login):
        found = [c for c in cards if c.fn.value == row["fullname"] and ("uid" not in row or c.uid.value == row["uid"])]
        where = f"contact {row['fullname']!r}"
        if len(found) != 1:
            faults.append(f"{where}: is there {len(found)} times")
            continue
        card = found[0]
        if sorted(line.value for line in of(card, "email")) != sorted(row["emails"]):
            faults.append(f"{where}: addresses {[line.value for line in of(card, 'email')]}")
        if card.n.value.given != row["given"] or card.n.value.family != row["surname"]:
            faults.append(f"{where}: name {card.n.value!r}")
        if row.get("company") and (not of(card, "org") or of(card, "org")[0].value[0] != row["company"]):
            faults.append(f"{where}: company {[line.value for line in of(card, 'org')]}")
        if row.get("title") and [line.value for line in of(card, "title")] != [row["title"]]:
            faults.append(f"{where}: title {[line.value for line in of(card, 'title')]}")
        numbers = {line.value for line in of(card, "tel")}
        if set((row.get("phones") or {}).values()) - numbers:
            faults.append(f"{where}: phones {numbers}")
        work = row.get("work_address")
        if work and not any((a.value.street, a.value.city, a.value.code, a.value.country) == (work["street"], work["city"], work["zip"], work["country"]) for a in of(card, "adr")):
            faults.append(f"{where}: addresses {[str(a.value) for a in of(card, 'adr')]}")
        if row.get("note") and " ".join(row["note"].split()) not in " ".join(" ".join(line.value for line in of(card, "note")).split()):
            faults.append(f"{where}: note")
        categories = {name for line in of(card, "categories") for name in line.value}
        if set(row.get("categories") or []) != categories:
            faults.append(f"{where}: categories {categories}")
        if row.get("birthday") and [line.value.replace("-", "")[:8] for line in of(card, "bday")] != [row["birthday"].replace("-", "")]:
            faults.append(f"{where}: birthday {[line.value for line in of(card, 'bday')]}")
        if row.get("photo") and [hashlib.sha256(line.value).hexdigest() for line in of(card, "photo")] != [row["photo"]["sha256"]]:
            faults.append(f"{where}: photo")
    for row in truth.of("distlists", login):
        found = [c for c in cards if c.fn.value == row["name"]]
        text = found[0].serialize() if len(found) == 1 else ""
        missing = [member["mail"] for member in row["members"] if member["mail"] not in text.replace("\r\n ", "")]
        if len(found) != 1 or missing:
            faults.append(f"list {row['name']!r}: there {len(found)} times, without {missing}")
    return faults
