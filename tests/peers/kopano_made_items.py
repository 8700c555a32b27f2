# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contacts, lists, tasks, notes and journal items as programs store them, and what each of them says."""
import datetime
import hashlib

from .kopano_blobs import MONDAY, Pattern, directory_entry, member, one_off
from .kopano_made_calendar import at
from .kopano_made_mail import KEYWORDS, PNG
from .kopano_made_store import person, sender
from .kopano_rows import ADDRESS, BINARY, BOOL, COMMON, LOG, LONG, NOTE, REAL8, TASK, TEXT, TIME, UTC


class ItemMaker:
    def __init__(self, store):
        self.store, self.contacts, self.lists, self.tasks, self.notes, self.journal = store, [], [], [], [], []

    def contact(self, name, properties, attachments=(), **truth):
        hid, _ = self.store.add_item(self.store.folders["contacts"], {0x001A001E: "IPM.Contact", 0x0037001E: name, 0x3001001E: name, **properties}, (), attachments)
        self.contacts.append({"name": name, "hid": hid, **truth})
        return hid

    def task(self, subject, properties, recipients=(), **truth):
        self.store.add_item(self.store.folders["tasks"], {0x001A001E: "IPM.Task", 0x0037001E: subject, **properties}, recipients)
        self.tasks.append({"subject": subject, **truth})


def email(number, address, kind="SMTP", **more):
    base = 0x8080 + 0x10 * (number - 1)
    return {(ADDRESS, base, TEXT): address, (ADDRESS, base + 2, TEXT): kind, (ADDRESS, base + 3, TEXT): address, (ADDRESS, base + 4, TEXT): more.get("original", address),
            (ADDRESS, base + 5, BINARY): more.get("entry")}


def make_contacts(items):
    store = items.store
    work = {(ADDRESS, 0x8045 + n, TEXT): word for n, word in enumerate(("Weg 1\r\nHinterhaus", "Ort; mit Strichpunkt", "Land", "12345", "Deutschland"))}
    home = {0x3A5D001E: "Hom,e 2", 0x3A59001E: "Zuhause", 0x3A5C001E: "B", 0x3A5B001E: "2222", 0x3A5A001E: "AT"}
    other = {0x3A63001E: "Other 3", 0x3A5F001E: "Anders", 0x3A61001E: "3333", 0x3A60001E: "CH"}
    three = items.contact("Drei Adressen", {0x3A06001E: "Drei", 0x3A11001E: "Adressen", **email(1, "one@three.example"), **email(2, "two@three.example"), **email(3, "three@three.example"), **work, **home, **other},
                          emails=["one@three.example", "two@three.example", "three@three.example"], streets=["Weg 1\nHinterhaus", "Hom,e 2", "Other 3"])
    items.contact("only the third address", email(3, "third@only.example"), emails=["third@only.example"])
    items.contact("All of it", {0x3A45001E: "Dr.", 0x3A06001E: "Élise", 0x3A44001E: "M.", 0x3A11001E: "Müller; Sohn", 0x3A05001E: "Jr.", 0x3A4F001E: "Lise", 0x3A16001E: "Firma, Ltd", 0x3A18001E: "R&D; Süd",
                                0x3A17001E: "Boss", 0x3A08001E: "+49 1", 0x3A09001E: "+49 2", 0x3A1C001E: "+49 3", 0x3A24001E: "+49 4", 0x3A51001E: "https://x.example/", 0x1000001E: "Two\r\nlines",
                                (ADDRESS, 0x8062, TEXT): "lise@im.example", (ADDRESS, 0x804F, TEXT): "one's own", KEYWORDS: ["Kunde", "A, B"], 0x3A420040: at(1970, 5, 6, 22).replace(tzinfo=UTC),
                                0x3A410040: at(1999, 12, 31, 11, 59).replace(tzinfo=UTC)},
                  phones={"+49 1", "+49 2", "+49 3", "+49 4"}, company="Firma, Ltd", family="Müller; Sohn", given="Élise", note="Two lines", birthday="19700507", categories={"Kunde", "A, B"})
    for day, utc in (("19800229", at(1980, 2, 29)), ("19800301", at(1980, 2, 29, 23)), ("19800303", at(1980, 3, 3, 11)), ("19800304", at(1980, 3, 4, 8))):
        items.contact(f"Born {utc}", {0x3A420040: utc.replace(tzinfo=UTC)}, birthday=day)
    items.contact("Born exactly", {0x3A420040: at(1980, 3, 4, 18).replace(tzinfo=UTC), (ADDRESS, 0x80DE, TIME): at(1980, 3, 4)}, birthday="19800304")
    items.contact("With a photo", {(ADDRESS, 0x8015, BOOL): True}, [({0x37050003: 1, 0x3707001E: "ContactPicture.jpg", 0x7FFF000B: 1, 0x7FFE000B: 1}, PNG)], photo=hashlib.sha256(PNG).hexdigest())
    items.contact("A colleague", email(1, store.login, "ZARAFA", original="", entry=directory_entry(store.owner, store.external_id)), emails=[store.address])
    items.contact("A colleague as kopano-ical writes him", email(1, "colleague@fjordline.example.com", "ZARAFA", original="Colleague"), emails=["colleague@fjordline.example.com"])
    items.contact("", {0x0037001E: None, 0x3001001E: None, **email(1, "nameless@x.example")}, emails=["nameless@x.example"], name_is="nameless@x.example")
    items.contact("Firma allein", {0x3001001E: None, 0x0037001E: None, 0x3A16001E: "Firma allein"}, company="Firma allein")
    items.contact("Nichts weiter", {0x3001001E: None}, emails=[])
    entry = lambda hid: store.entry_of(hid, 5)  # noqa: E731
    inner = {0x001A001E: "IPM.DistList", 0x0037001E: "Innere", (ADDRESS, 0x8053, TEXT): "Innere", (ADDRESS, 0x8055, 0x1102): [one_off("In", "in@list.example")], (ADDRESS, 0x8054, 0x1102): [one_off("In", "in@list.example")]}
    store.add_item(store.folders["contacts"], inner)
    items.lists.append({"name": "Innere", "members": {"in@list.example"}})
    members = [one_off("Einmal", "once@list.example"), one_off("8 Bit", "eight@list.example", wide=False), member(entry(three), 0xC3), member(entry(three), 0xD3), member(entry(three), 0xE3),
               member(directory_entry(store.owner, store.external_id), 0xB5)]
    items.store.add_item(store.folders["contacts"], {0x001A001E: "IPM.DistList", 0x0037001E: "Verteiler Ä", (ADDRESS, 0x8053, TEXT): "Verteiler Ä", (ADDRESS, 0x8055, 0x1102): members})
    items.lists.append({"name": "Verteiler Ä", "members": {"once@list.example", "eight@list.example", "one@three.example", "two@three.example", "three@three.example", store.address}})


def make_tasks(items):
    store = items.store
    status = lambda number: {(TASK, 0x8101, LONG): number}  # noqa: E731
    due, begin = (TASK, 0x8105, TIME), (TASK, 0x8104, TIME)
    for number, word in enumerate(("NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "NEEDS-ACTION", "NEEDS-ACTION")):
        items.task(f"status {number}", {**status(number), (TASK, 0x8102, REAL8): 1.0 if number == 2 else 0.25 * (number % 2), (TASK, 0x811C, BOOL): number == 2,
                                        **({(TASK, 0x810F, TIME): at(2024, 5, 4)} if number == 2 else {})}, status=word, percent=100 if number == 2 else 25 * (number % 2))
    items.task("dates", {**status(0), begin: at(2024, 3, 30), due: at(2024, 4, 2)}, due=datetime.date(2024, 4, 2), start=datetime.date(2024, 3, 30))
    items.task("only due", {**status(0), due: at(2024, 4, 2)}, due=datetime.date(2024, 4, 2))
    items.task("due before it begins", {**status(0), begin: at(2024, 4, 3), due: at(2024, 4, 2)}, start=datetime.date(2024, 4, 3))
    items.task("no dates", status(1), status="IN-PROCESS")
    items.task("nothing said", {}, due=None)
    items.task("reminder", {**status(0), (COMMON, 0x8503, BOOL): True, (COMMON, 0x8502, TIME): at(2024, 5, 6, 7, 30).replace(tzinfo=UTC), due: at(2024, 5, 6)}, alarm=at(2024, 5, 6, 7, 30).replace(tzinfo=UTC))
    weekly = Pattern("weekly", at(2024, 4, 1), days=MONDAY, count=8)
    recurring = {(TASK, 0x8126, BOOL): True, begin: at(2024, 4, 1), due: at(2024, 4, 1)}
    items.task("every week", {**status(0), **recurring, (TASK, 0x8116, BINARY): weekly.bytes()}, rrule={"FREQ": ["WEEKLY"], "COUNT": [8]})
    for name, pattern, words in (("every month", Pattern("monthly", at(2024, 4, 1), day=1), {"FREQ": ["MONTHLY"], "BYMONTHDAY": [1]}), ("every year", Pattern("yearly", at(2024, 4, 1), day=1), {"FREQ": ["YEARLY"]}),
                                 ("every fourth day", Pattern("daily", at(2024, 4, 1), period=4), {"FREQ": ["DAILY"], "INTERVAL": [4]})):
        items.task(name, {**status(0), **recurring, (TASK, 0x8116, BINARY): pattern.bytes()}, rrule=words)
    items.task("begins anew when it is done", {**status(0), **recurring, (TASK, 0x8116, BINARY): Pattern("daily", at(2024, 4, 1), period=7, sliding=True).bytes()}, rrule=None, loss="begins anew")
    items.task("broken pattern", {**status(0), **recurring, (TASK, 0x8116, BINARY): weekly.bytes()[:30]}, rrule=None, loss="does not recur")
    items.task("given to another", {**status(0), **sender(store.name, store.address), (TASK, 0x812A, LONG): 2}, [person("Ben", "ben@x.example")], attendees={"ben@x.example"})
    items.task("private", {**status(0), 0x00360003: 2, 0x00170003: 2, KEYWORDS: ["Rot"]}, cls="PRIVATE", priority=1, categories={"Rot"})


def make_notes(items):
    store = items.store
    for number, color in enumerate(("blue", "green", "pink", "yellow", "white")):
        text = f"Notiz {color}\r\nzweite Zeile, Ä"
        store.add_item(store.folders["notes"], {0x001A001E: "IPM.StickyNote", 0x0037001E: f"Notiz {color}", 0x1000001E: text, (NOTE, 0x8B00, LONG): number, (NOTE, 0x8B02, LONG): 200})
        items.notes.append({"text": text, "color": color})
    store.add_item(store.folders["notes"], {0x001A001E: "IPM.StickyNote", 0x1000001E: "Ohne Titel"})
    items.notes.append({"text": "Ohne Titel", "color": None})
    start = at(2024, 5, 6, 9).replace(tzinfo=UTC)
    store.add_item(store.folders["journal"], {0x001A001E: "IPM.Activity", 0x0037001E: "Anruf", 0x1000001E: "lang", (LOG, 0x8700, TEXT): "Phone call", (LOG, 0x8706, TIME): start, (LOG, 0x8707, LONG): 30,
                                              (LOG, 0x8708, TIME): start + datetime.timedelta(minutes=30)})
    items.journal.append({"subject": "Anruf", "start": start})
