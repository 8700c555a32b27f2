# SPDX-License-Identifier: AGPL-3.0-or-later
"""What clients see of made items, compared with what was made. Every function gives sentences, one for each thing that is not as it was."""
import datetime
import hashlib

from .kopano_items import master, occurrences, point
from .kopano_truth import addresses, attachments_of, embedded_messages, parsed, plain, words_of_html


def mail_faults(rows, boxes):
    faults = []
    for row in rows:
        where = f"mail {row['subject']!r}" + (f" ({row['absent']})" if row.get("absent") else "")
        message = boxes.by_validity.get(row["folder"], {"messages": {}})["messages"].get(row["uid"])
        if message is None:
            faults.append(f"{where}: is not there")
            continue
        faults += [f"{where}: {fault}" for fault in (*state_faults(row, message), *content_faults(row, message["bytes"]))]
    return faults


def state_faults(row, message):
    standard = {flag for flag in message["flags"] if flag.startswith("\\") or flag == "$Forwarded"}
    if row.get("absent") is None and standard != row["flags"]:
        yield f"flags {sorted(standard)} instead of {sorted(row['flags'])}"
    if row.get("keywords") and not row["keywords"] <= message["flags"]:
        yield f"keywords {sorted(message['flags'])} without {row['keywords']}"
    if row.get("date") and message["date"] != row["date"]:
        yield f"date {message['date']} instead of {row['date']}"


def content_faults(row, octets):
    message = parsed(octets)
    yield from header_faults(row, message)
    if any(len(line) > 998 for line in octets.split(b"\r\n")) or b"\n" in octets.replace(b"\r\n", b""):
        yield "lines are too long, or end with LF"
    if row.get("type") and message.get_content_type() != row["type"]:
        yield f"is {message.get_content_type()} instead of {row['type']}"
    for form, how in (("html", words_of_html), ("text", plain)):
        if form not in row:
            continue
        part = message.get_body(("html" if form == "html" else "plain",))
        have = how(part.get_content()) if part else None
        if have != (row[form] if row[form] is None else how(row[form]) if form == "text" else row[form]) and not (form == "text" and not row[form] and not have):
            yield f"{form} {have and have[:100]!r} instead of {row[form] and row[form][:100]!r}"
    yield from file_faults(row, message)
    for wanted in row.get("contains", []):
        if wanted not in octets.decode("utf-8", "replace") and wanted not in "".join(str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"):
            yield f"{wanted!r} is not in it"
    subjects = [str(inner["Subject"]) for inner in deep(message)]
    if row.get("embedded") and subjects != row["embedded"]:
        yield f"messages within: {subjects}"
    if "method" in row:
        yield from meeting_faults(row, message)


def deep(message):
    for inner in embedded_messages(message):
        yield inner
        yield from deep(inner)


def header_faults(row, message):
    subject = message["Subject"]
    if row["subject"] is not None and not row.get("subject_absent") and plain(str(subject)) != plain(row.get("subject_is", row["subject"])):
        yield f"subject {subject!r}"
    if row.get("subject_absent") and subject is not None:
        yield f"subject {subject!r} of its own making"
    for field in ("from", "sender", "to", "cc", "bcc", "reply_to"):
        wanted = row.get(field)
        if wanted is None:
            continue
        wanted = [wanted] if isinstance(wanted, str) else wanted
        if sorted(addresses(message, field.replace("_", "-"))) != sorted(wanted):
            yield f"{field}: {message.get_all(field.replace('_', '-'))} instead of {wanted}"
    for name, value in row.get("headers", {}).items():
        if str(message[name]) != value:
            yield f"{name}: {message[name]!r} instead of {value!r}"
    for name in set(message.keys()):
        if name.lower() in ("from", "subject", "date", "message-id", "to", "cc", "content-type", "mime-version") and len(message.get_all(name)) > 1:
            yield f"{name} is there {len(message.get_all(name))} times"


def file_faults(row, message):
    have = {}
    for part in attachments_of(message):
        have.setdefault(hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest(), []).append(part)
    for wanted in row.get("files", []):
        parts = have.get(wanted["sha256"], [])
        if not parts:
            yield f"the file {wanted['name']!r} is missing"
        elif wanted["name"] and parts[0].get_filename() != wanted["name"]:
            yield f"the file {wanted['name']!r} is called {parts[0].get_filename()!r}"
        elif wanted["type"] and parts[0].get_content_type() != wanted["type"]:
            yield f"the file {wanted['name']!r} is {parts[0].get_content_type()}"
    related = [part for part in message.walk() if part.get_content_type() == "multipart/related"]
    names = [part.get_filename() for one in related for part in one.iter_parts() if part.get_filename()]
    if row.get("related") and names != row["related"]:
        yield f"with the HTML lie {names}"


def meeting_faults(row, message):
    import icalendar

    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    if row["method"] is None or not parts:
        if (row["method"] is None) != (not parts):
            yield f"{len(parts)} calendar parts, {row['method']}"
        return
    calendar = icalendar.Calendar.from_ical(parts[0].get_content())
    event = calendar.walk("VEVENT")[0]
    many = event.get("ATTENDEE", [])
    people = {str(one).lower().removeprefix("mailto:"): one for one in (many if isinstance(many, list) else [many])}
    seen = {"method": (parts[0].get_param("method"), str(calendar.get("METHOD"))), "uid": str(event["UID"]), "sequence": int(event.get("SEQUENCE", 0)), "summary": str(event.get("SUMMARY")),
            "organizer": str(event.get("ORGANIZER", "")).lower().removeprefix("mailto:"), "attendees": set(people), "partstat": next((one.params.get("PARTSTAT") for one in people.values()), None),
            "recurrence_id": point(event["RECURRENCE-ID"].dt) if "RECURRENCE-ID" in event else None,
            "span": (point(event["DTSTART"].dt), point(event["DTEND"].dt)) if "DTEND" in event else None}
    wanted = {**row, "method": (row["method"], row["method"]), "uid": row["uid_of_event"], "recurrence_id": row.get("recurrence_id")}
    for name, value in seen.items():
        if name in wanted and wanted[name] != value:
            yield f"{name} {value} instead of {wanted[name]}"
    if row.get("rrule") and row["rrule"].split("=")[1] not in event.get("RRULE", {}).get("FREQ", []):
        yield f"rule {event.get('RRULE')}"


def event_faults(rows, home):
    """By UID, or where there is none by title: there is one each."""
    by_uid = home.by_uid("VEVENT")
    by_title = {str(master(parts).get("SUMMARY")): (calendar, parts) for calendar, parts in by_uid.values()}
    faults = []
    for row in rows:
        found = by_uid.get(row.get("uid_is") or row["uid"]) if row.get("uid_is") or row["uid"] else by_title.get(row["subject"])
        if found is None:
            faults.append(f"event {row['subject']!r}: is not there")
        else:
            faults += [f"event {row['subject']!r}: {fault}" for fault in one_event_faults(row, *found)]
    return faults


def one_event_faults(row, calendar, parts):
    have, want = occurrences(calendar), row["occurrences"]
    if have != want and not row.get("loose"):
        yield f"{len(want - have)} of {len(want)} missing ({sorted(map(str, want - have))[:2]}), {len(have - want)} more ({sorted(map(str, have - want))[:2]})"
    main = master(parts)
    start = main["DTSTART"].dt
    weeks = {0: main}
    for part in parts:
        if "RECURRENCE-ID" in part:
            day = part["RECURRENCE-ID"].dt
            weeks[((day.date() if isinstance(day, datetime.datetime) else day) - (start.date() if isinstance(start, datetime.datetime) else start)).days // 7] = part
    for week, words in row.get("overrides", {}).items():
        if (str(weeks[week].get("SUMMARY")), str(weeks[week].get("LOCATION"))) != words:
            yield f"instance {week} is {weeks[week].get('SUMMARY')!r} at {weeks[week].get('LOCATION')!r}"
    for week, states in row.get("states", {}).items():
        for name, value in states.items():
            if (str(weeks[week][name]) if name in weeks[week] else None) != value:
                yield f"instance {week} has {name} {weeks[week].get(name)} instead of {value}"
    for week, minutes in row.get("alarms", {}).items():
        triggers = [-int(part["TRIGGER"].dt.total_seconds() // 60) for part in weeks[week].subcomponents if part.name == "VALARM"]
        if triggers != minutes:
            yield f"instance {week} has alarms {triggers}"
    for week, text in row.get("texts", {}).items():
        if plain(str(weeks[week].get("DESCRIPTION", ""))) != plain(text):
            yield f"instance {week} has the text {weeks[week].get('DESCRIPTION')!r}"
    for week, people in row.get("people", {}).items():
        many = weeks[week].get("ATTENDEE", [])
        seen = {str(one).lower().removeprefix("mailto:"): one.params.get("PARTSTAT") for one in (many if isinstance(many, list) else [many])}
        if not people.items() <= seen.items() or week and set(people) != set(seen):
            yield f"instance {week} has the people {seen}"
    if row.get("organizer") and str(main.get("ORGANIZER", "")).lower() != f"mailto:{row['organizer']}":
        yield f"organizer {main.get('ORGANIZER')}"
    if row.get("categories") and {str(one) for one in main["CATEGORIES"].cats} != row["categories"]:
        yield f"categories {main['CATEGORIES'].to_ical()}"
    for text in row.get("contains", []):
        if text not in calendar.to_ical().decode().replace("\r\n ", ""):
            yield f"{text!r} is not in it"


def task_faults(rows, home):
    tasks = {str(parts[0].get("SUMMARY")): (calendar, parts[0]) for _, calendar, parts in home.objects("VTODO")}
    for row in rows:
        if row["subject"] not in tasks:
            yield f"task {row['subject']!r}: is not there"
            continue
        calendar, task = tasks[row["subject"]]
        rule = {name: value for name, value in task.get("RRULE", {}).items()}
        many = task.get("ATTENDEE", [])
        alarms = [part["TRIGGER"].dt for part in task.subcomponents if part.name == "VALARM"]
        seen = {"status": str(task.get("STATUS")), "percent": int(task.get("PERCENT-COMPLETE", 0)), "due": task["DUE"].dt if "DUE" in task else None, "start": task["DTSTART"].dt if "DTSTART" in task else None,
                "attendees": {str(one).lower().removeprefix("mailto:") for one in (many if isinstance(many, list) else [many])}, "cls": str(task.get("CLASS")), "priority": int(task.get("PRIORITY", 0)),
                "alarm": alarms[0] if alarms else None, "categories": {str(one) for one in task["CATEGORIES"].cats} if "CATEGORIES" in task else set()}
        for name, value in seen.items():
            if name in row and row[name] != value:
                yield f"task {row['subject']!r}: {name} {value} instead of {row[name]}"
        if "rrule" in row and (bool(rule) != bool(row["rrule"]) or any(rule.get(name) != value for name, value in (row["rrule"] or {}).items())):
            yield f"task {row['subject']!r}: rule {rule} instead of {row['rrule']}"


def contact_faults(rows, home):
    import vobject

    cards = {}
    for _, text in home.contacts:
        for card in vobject.readComponents(text):
            cards.setdefault(card.fn.value, []).append(card)
    for row in rows:
        name = row.get("name_is", row["name"])
        if len(cards.get(name, [])) != 1:
            yield f"contact {name!r}: is there {len(cards.get(name, []))} times"
            continue
        card = cards[name][0]
        values = lambda of: [line.value for line in card.contents.get(of, [])]  # noqa: E731
        digits = lambda day: day.replace("-", "")[:8]  # noqa: E731
        seen = {"emails": values("email"), "phones": set(values("tel")), "company": values("org")[0][0] if values("org") else None, "family": values("n")[0].family if values("n") else None,
                "given": values("n")[0].given if values("n") else None, "note": plain(values("note")[0]) if values("note") else None, "birthday": digits(values("bday")[0]) if values("bday") else None,
                "categories": {one for many in values("categories") for one in many}, "photo": hashlib.sha256(values("photo")[0]).hexdigest() if values("photo") else None,
                "streets": [one.street if isinstance(one.street, str) else ",".join(one.street) for one in values("adr")]}
        for what, value in seen.items():
            if what in row and row[what] != value:
                yield f"contact {name!r}: {what} {value} instead of {row[what]}"


def list_faults(rows, home):
    import vobject

    texts = {card.fn.value: card.serialize().replace("\r\n ", "") for _, text in home.contacts for card in vobject.readComponents(text)}
    for row in rows:
        missing = [member for member in row["members"] if member not in texts.get(row["name"], "")]
        if missing:
            yield f"list {row['name']!r}: without {missing}"


def note_faults(items, home):
    notes = [parts[0] for _, _, parts in home.objects("VJOURNAL")]
    for row in items.notes:
        found = [note for note in notes if plain(str(note.get("DESCRIPTION"))) == plain(row["text"])]
        if len(found) != 1 or (str(found[0]["COLOR"]) if "COLOR" in found[0] else None) != row["color"]:
            yield f"note {row['text']!r}: {[(note.get('SUMMARY'), note.get('COLOR')) for note in found]}"
    for row in items.journal:
        if not any(str(note.get("SUMMARY")) == row["subject"] and point(note["DTSTART"].dt) == row["start"] for note in notes if "DTSTART" in note):
            yield f"journal item {row['subject']!r} is not there"


def folder_faults(truth, more, boxes):
    for hid, path in truth.items():
        row = boxes.by_validity.get(hid)
        if row is None or len(row["messages"]) != 1:
            yield f"folder {path!r}: {row and (row['name'], len(row['messages']))}"
        elif path is not None and row["name"] != path:
            yield f"folder {path!r} is called {row['name']!r}"
    long = boxes.by_validity[more["long"]]["name"]
    if not long.startswith("Ein sehr langer Name Ein") or len(long.encode()) > 255:
        yield f"the long name is {long!r}"
