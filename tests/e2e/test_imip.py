# SPDX-License-Identifier: AGPL-3.0-or-later
"""Meetings by mail (RFC 6047) with somebody outside, whose server is Postfix: invitations, answers, counter-proposals and cancellations go both
ways through it. Bob is a script that reads and writes with python3-icalendar and shapes his mail as common programs do."""
import email
import email.message
import email.policy
import mailbox
import uuid

import icalendar
import pytest

from peers import postfix
from peers.dav_wire import kontor_dav
from peers.kontor import Kontor
from peers.mailbox import snapshot
from peers.name_server import NameServer
from peers.ports import free_port, wait_for

pytestmark = pytest.mark.skipif(not postfix.is_usable(), reason="Postfix's master needs root")

ADA, BOB, CAROL = "ada@example.org", "bob@example.net", "carol@unproven.example"
# What Postfix sends for Bob is proven to be his; nobody can tell whose mail Carol's is.
ZONES = {"example.net": ['@ TXT "v=spf1 ip4:127.0.0.1 -all"', '_dmarc TXT "v=DMARC1; p=reject"'], "unproven.example": ["@ MX 10 ns"]}
HOME = f"/dav/calendars/{ADA}/"
LATER = icalendar.prop.vDDDTypes.from_ical


class Bob:
    """What he has is in Postfix's mbox; what he sends goes out through it."""

    def __init__(self, server):
        self.server = server

    def mails(self):
        file = self.server.root / "mail/bob"
        if not file.exists():
            return []
        box = mailbox.mbox(file, create=False)
        try:
            return [email.message_from_bytes(one.as_bytes(), policy=email.policy.default) for one in box]
        finally:
            box.close()

    def wait(self, method, uid, when=lambda event: True):
        """(mail, its component) of the newest that came about it."""
        def find():
            for mail in reversed(self.mails()):
                parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar" and part.get_param("method") == method]
                for calendar in (icalendar.Calendar.from_ical(part.get_content()) for part in parts):
                    assert calendar["METHOD"] == method
                    for found in calendar.walk("VEVENT"):
                        if found["UID"] == uid and when(found):
                            return mail, found
            return None

        return wait_for(find, f"{method} about {uid}", 30)

    def send(self, method, component, shape="plain", author=BOB):
        calendar = icalendar.Calendar()
        calendar.add("VERSION", "2.0")
        calendar.add("PRODID", "-//Bob//EN")
        calendar.add("METHOD", method)
        calendar.add_component(component)
        mail = SHAPES[shape](method, calendar.to_ical())
        mail["From"], mail["To"], mail["Subject"] = f"Bob <{author}>", ADA, f"{method}: {component.get('SUMMARY', '')}"
        mail["Message-ID"] = f"<{uuid.uuid4()}@example.net>"
        with self.server.smtp() as client:
            client.send_message(mail, author, [ADA])


def plain(method, text):
    """The calendar is the mail."""
    mail = email.message.EmailMessage()
    mail.set_content(text.decode(), subtype="calendar", params={"method": method}, cte="8bit")
    return mail


def google(method, text):
    """In three ways beside each other, and as an attachment."""
    mail = email.message.EmailMessage()
    mail.set_content("You are asked. Grüße")
    mail.add_alternative("<p>You are asked. Grüße</p>", subtype="html")
    mail.add_alternative(text.decode(), subtype="calendar", params={"method": method}, cte="base64")
    mail.make_mixed()
    mail.add_attachment(text, "application", "ics", filename="invite.ics")
    return mail


def outlook(method, text):
    mail = email.message.EmailMessage()
    mail.set_content("You are asked.")
    mail.add_alternative(text.decode(), subtype="calendar", params={"method": method}, cte="quoted-printable")
    mail["X-MS-Has-Attach"] = ""
    return mail


def apple(method, text):
    """As an attachment within a mixed mail."""
    mail = email.message.EmailMessage()
    mail.set_content("See below.")
    mail.add_attachment(text.decode(), subtype="calendar", params={"method": method}, filename="iCal.ics", cte="base64")
    return mail


SHAPES = {shape.__name__: shape for shape in (plain, google, outlook, apple)}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    port = free_port()
    names = NameServer(ZONES)
    with postfix.Postfix(domain="example.net", users=("bob",), relay=port) as outside:
        kontor = Kontor(tmp_path_factory.mktemp("imip"), smtp="", more=f'[sending]\nsmart_hosts = ["* 127.0.0.1:{outside.port} tls=none"]\n'
                        f'[queue]\nretry_first = "1s"\n' + names.toml())
        kontor.config.write_text(kontor.config.read_text().replace('[smtp]\nlisten = ["127.0.0.1:0"]', f'[smtp]\nlisten = ["127.0.0.1:{port}"]'))
        kontor.start()
        kontor.populate()
        yield kontor, Bob(outside)
        kontor.close()
    names.close()


@pytest.fixture
def ada(world):
    return Ada(world[0])


@pytest.fixture
def bob(world):
    return world[1]


@pytest.fixture
def uid():
    return str(uuid.uuid4())


class Ada:
    def __init__(self, server):
        self.dav = kontor_dav(server, ADA)

    def put(self, name, lines, uid, **headers):
        text = (f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Ada//EN\nBEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nSUMMARY:Pläne\nORGANIZER;CN=Ada:mailto:{ADA}\n"
                f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ADA}\nATTENDEE;CN=Bob;RSVP=TRUE:mailto:{BOB}\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
        self.dav.put(f"{HOME}calendar/{name}", text.replace("\n", "\r\n"))

    def event(self, uid, collection="calendar"):
        """(path, component) of what she has; the series' first where there are more."""
        for path, text in self.contents(collection):
            events = [one for one in icalendar.Calendar.from_ical(text).walk("VEVENT") if one["UID"] == uid]
            if events:
                return path, sorted(events, key=lambda one: "RECURRENCE-ID" in one)
        return None, []

    def contents(self, collection):
        for path in self.dav.propfind(f"{HOME}{collection}/", ["D:getetag"]):
            if not path.endswith("/"):
                yield path, self.dav.get(path).decode()

    def wait(self, uid, condition, what):
        def look():
            path, events = self.event(uid)
            return events and condition(events) and (path, events)

        return wait_for(look, what, 30)

    def says(self, path, status):
        """Answers as her calendar does: she stores her copy with another PARTSTAT."""
        calendar = icalendar.Calendar.from_ical(self.dav.get(path))
        for one in calendar.walk("VEVENT"):
            person(one, ADA).params["PARTSTAT"] = status
        self.dav.put(path, calendar.to_ical())


def person(event, address):
    people = event.get("ATTENDEE", [])
    return next(one for one in (people if isinstance(people, list) else [people]) if one.lower() == f"mailto:{address}")


def status_of(event, address):
    return person(event, address).params.get("PARTSTAT", "NEEDS-ACTION")


def answer(event, status, **changes):
    """What Bob says to it."""
    reply = icalendar.Event()
    for name in ("UID", "ORGANIZER", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "RECURRENCE-ID"):
        if name in event:
            reply[name] = event[name]
    for name, value in changes.items():
        reply.pop(name.replace("_", "-"), None)
        reply.add(name.replace("_", "-"), LATER(value))
    reply.add("DTSTAMP", LATER("20990101T000000Z"))
    reply.add("ATTENDEE", f"mailto:{BOB}", parameters={"PARTSTAT": status})
    return reply


TIMES = "DTSTART:20990601T100000Z\nDTEND:20990601T110000Z"


@pytest.mark.parametrize("shape", SHAPES)
def test_he_answers(ada, bob, uid, shape):
    ada.put(f"{shape}.ics", TIMES, uid)
    mail, invitation = bob.wait("REQUEST", uid)
    assert mail["From"].addresses[0].addr_spec == ADA and mail["To"].addresses[0].addr_spec == BOB
    assert "Pläne" in mail["Subject"] and "Pläne" in mail.get_body(("plain",)).get_content()
    assert status_of(invitation, BOB) == "NEEDS-ACTION" and invitation["DTSTART"].to_ical() == b"20990601T100000Z"
    bob.send("REPLY", answer(invitation, "TENTATIVE"), shape)
    ada.wait(uid, lambda events: status_of(events[0], BOB) == "TENTATIVE", "the answer")
    ada.dav.ok("DELETE", f"{HOME}calendar/{shape}.ics")
    assert bob.wait("CANCEL", uid)[1]["UID"] == uid


def test_he_proposes_another_time(ada, bob, uid):
    ada.put("counter.ics", TIMES, uid)
    _, invitation = bob.wait("REQUEST", uid)
    bob.send("COUNTER", answer(invitation, "TENTATIVE", DTSTART="20990602T100000Z", DTEND="20990602T110000Z"), "outlook")
    # It lies in the inbox and changes nothing by itself.
    proposal = wait_for(lambda: next((text for _, text in ada.contents("inbox") if uid in text and "METHOD:COUNTER" in text), None), "the proposal", 30)
    assert "20990602T100000Z" in proposal
    assert ada.event(uid)[1][0]["DTSTART"].to_ical() == b"20990601T100000Z"
    # She follows it: he is asked anew, by a later number.
    ada.put("counter.ics", TIMES.replace("0601", "0602"), uid)
    _, again = bob.wait("REQUEST", uid, lambda event: event["DTSTART"].to_ical() == b"20990602T100000Z")
    assert again["SEQUENCE"] > invitation.get("SEQUENCE", 0)
    bob.send("REPLY", answer(again, "ACCEPTED"))
    ada.wait(uid, lambda events: status_of(events[0], BOB) == "ACCEPTED", "the answer to that")
    # An answer to what was asked before comes late: it is of no use.
    bob.send("REPLY", answer(invitation, "DECLINED"))
    bob.send("REPLY", marked(again, "ACCEPTED", "seen"))
    ada.wait(uid, lambda events: status_of(events[0], BOB) == "ACCEPTED", "no other answer")


def marked(event, status, comment):
    reply = answer(event, status)
    reply.add("COMMENT", comment)
    return reply


def test_one_of_a_series(ada, bob, uid):
    ada.put("series.ics", TIMES + "\nRRULE:FREQ=WEEKLY;COUNT=4", uid)
    _, invitation = bob.wait("REQUEST", uid)
    bob.send("REPLY", answer(invitation, "ACCEPTED"), "google")
    ada.wait(uid, lambda events: status_of(events[0], BOB) == "ACCEPTED", "the answer to all")
    bob.send("REPLY", answer(invitation, "DECLINED", RECURRENCE_ID="20990608T100000Z", DTSTART="20990608T100000Z", DTEND="20990608T110000Z"), "google")
    _, events = ada.wait(uid, lambda events: len(events) == 2, "the answer to one")
    assert events[1]["RECURRENCE-ID"].to_ical() == b"20990608T100000Z"
    assert [status_of(one, BOB) for one in events] == ["ACCEPTED", "DECLINED"]


def his(uid, sequence, start, organizer=BOB, **more):
    event = icalendar.Event()
    event.add("UID", uid)
    event.add("SUMMARY", "Fête 🎉")
    event.add("DTSTAMP", LATER(f"209901{sequence + 1:02}T000000Z"))
    event.add("SEQUENCE", sequence)
    event.add("DTSTART", LATER(start))
    event.add("DURATION", LATER("PT1H"))
    event.add("ORGANIZER", f"mailto:{organizer}")
    event.add("ATTENDEE", f"mailto:{organizer}", parameters={"PARTSTAT": "ACCEPTED"})
    event.add("ATTENDEE", f"mailto:{ADA}", parameters={"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    for name, value in more.items():
        event.add(name, value)
    return event


@pytest.mark.parametrize("shape", SHAPES)
def test_he_invites(ada, bob, uid, shape):
    bob.send("REQUEST", his(uid, 0, "20990701T100000Z"), shape)
    path, events = ada.wait(uid, lambda events: True, "the invitation")
    assert status_of(events[0], ADA) == "NEEDS-ACTION" and events[0]["SUMMARY"] == "Fête 🎉"
    ada.says(path, "ACCEPTED")
    mail, reply = bob.wait("REPLY", uid)
    assert status_of(reply, ADA) == "ACCEPTED" and mail["From"].addresses[0].addr_spec == ADA
    bob.send("REQUEST", his(uid, 2, "20990703T100000Z"), shape)
    ada.wait(uid, lambda events: events[0]["DTSTART"].to_ical() == b"20990703T100000Z" and status_of(events[0], ADA) == "NEEDS-ACTION", "another time")
    # What was sent before it comes after it, and says nothing any more.
    bob.send("REQUEST", his(uid, 1, "20990702T100000Z"), shape)
    bob.send("REQUEST", his(uid, 3, "20990703T100000Z", LOCATION="Salon"), shape)
    ada.wait(uid, lambda events: events[0].get("LOCATION") == "Salon", "the place")
    assert ada.event(uid)[1][0]["DTSTART"].to_ical() == b"20990703T100000Z"
    bob.send("CANCEL", his(uid, 4, "20990703T100000Z"), shape)
    ada.wait(uid, lambda events: events[0].get("STATUS") == "CANCELLED", "the end of it")


def test_somebody_invites_and_nobody_knows_who(ada, bob, world, uid):
    """It is mail, which Ada may read."""
    bob.send("REQUEST", his(uid, 0, "20990801T100000Z", organizer=CAROL), "google", author=CAROL)

    def inbox():
        with world[0].imap(ADA) as client:
            return [content for *_, content in snapshot(client)["INBOX"][1] if CAROL.encode() in content]

    wait_for(inbox, "the mail", 30)
    wait_for(lambda: "scheduling.not_trusted" in world[0].log.read_text(), "the calendar to be looked at")
    assert ada.event(uid) == (None, [])
