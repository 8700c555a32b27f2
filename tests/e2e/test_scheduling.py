# SPDX-License-Identifier: AGPL-3.0-or-later
"""Meetings over CalDAV: two users, a room, and somebody outside whose server takes and sends mail."""
import base64
import datetime
import email
import email.policy
import http.client
import re
import smtplib
import ssl
import uuid

import pytest

from peers.kontor import Kontor
from peers.ports import wait_for
from peers.smtp_server import SmtpServer

OUTSIDE = "eve@elsewhere.test"


class Calendar:
    """Somebody's calendar, as his client sees it."""

    def __init__(self, server, user):
        self.server, self.user = server, user

    def request(self, method, path, body=None, headers=None):
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port("https"), context=context, timeout=30)
        login = base64.b64encode(f"{self.user}:secret".encode()).decode()
        connection.request(method, path, body, {"Authorization": "Basic " + login, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.headers

    def path(self, name="", collection="calendar"):
        return f"/dav/calendars/{self.user}/{collection}/{name}"

    def put(self, name, text, **headers):
        return self.request("PUT", self.path(name), text, {"Content-Type": "text/calendar", **headers})

    def get(self, name):
        status, text, _ = self.request("GET", self.path(name))
        return text.replace("\r\n ", "").replace("\r\n", "\n") if status == 200 else None

    def delete(self, name, **headers):
        return self.request("DELETE", self.path(name), None, headers)[0]

    def find(self, uid):
        """The name and content of the object with that UID; nothing if there is none."""
        status, text, _ = self.request("PROPFIND", self.path(), None, {"Depth": "1"})
        assert status == 207, text
        for name in re.findall(r"<D:href>[^<]*/calendar/([^<]+)</D:href>", text):
            found = self.get(name)
            if found and f"UID:{uid}\n" in found:
                return name, found
        return None

    def wait(self, uid, *words):
        """What it holds, once that has all the words."""
        found = []

        def is_there():
            found[:] = self.find(uid) or (None, "")
            return found[0] and all(word in found[1] for word in words)

        wait_for(is_there, f"{words} in {uid} of {self.user}", 20)
        return tuple(found)


def meeting(uid, *attendees, lines="DTSTART:20990601T100000Z\nDTEND:20990601T110000Z\nSUMMARY:Plans", more=""):
    people = "".join(f"ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:{one}\n" for one in attendees)
    return (f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\nBEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n"
            f"ORGANIZER:mailto:ada@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org\n{people}{lines}\nEND:VEVENT\n{more}"
            "END:VCALENDAR\n").replace("\n", "\r\n")


def answered(text, address, status):
    """The object with that answer."""

    def say(found):
        return f"ATTENDEE;PARTSTAT={status}" + re.sub(r";PARTSTAT=[A-Z-]+", "", found[1]) + found[2]

    return re.sub(rf"ATTENDEE([^:\n]*)(:mailto:{re.escape(address)})", say, text).replace("\n", "\r\n")


def status_of(text, address):
    found = re.search(rf"ATTENDEE([^:\n]*):mailto:{re.escape(address)}", text)
    status = re.search(r"PARTSTAT=([A-Z-]+)", found[1]) if found else None
    return status[1] if status else "NEEDS-ACTION" if found else None


@pytest.fixture(scope="module")
def outside():
    with SmtpServer() as peer:
        yield peer


@pytest.fixture(scope="module")
def server(tmp_path_factory, outside):
    server = Kontor(tmp_path_factory.mktemp("scheduling"), more=f'[sending]\nsmart_hosts = ["* 127.0.0.1:{outside.port} tls=none"]\n[queue]\nretry_first = "1s"\n')
    server.start()
    server.populate()
    server.run("resource", "add", "room@example.org", "--name", "Room")
    yield server
    server.close()


@pytest.fixture
def ada(server):
    return Calendar(server, "ada@example.org")


@pytest.fixture
def ben(server):
    return Calendar(server, "ben@example.org")


@pytest.fixture
def uid():
    return str(uuid.uuid4())


def mail_about(peer, uid, method):
    """The calendar of the first mail to the outside about it."""
    found = []

    def came():
        for one in list(peer.taken):
            message = email.message_from_bytes(one.content, policy=email.policy.default)
            for part in message.walk():
                if part.get_content_type() == "text/calendar" and part.get_param("method") == method:
                    text = part.get_content().replace("\r\n ", "").replace("\r\n", "\n")
                    if uid in text:
                        found[:] = [message, text]
                        return True
        return False

    wait_for(came, f"{method} about {uid}", 20)
    return found


@pytest.mark.short
def test_invite_answer_move_cancel(ada, ben, uid):
    # Rooms are not booked years ahead.
    day = (datetime.date.today() + datetime.timedelta(days=20)).strftime("%Y%m%d")
    plans = f"DTSTART:{day}T100000Z\nDTEND:{day}T110000Z\nSUMMARY:Plans"
    status, text, headers = ada.put("plans.ics", meeting(uid, ben.user, "room@example.org", lines=plans))
    assert status == 201, text
    assert headers["Schedule-Tag"]
    # The room has answered, and the other one has it.
    kept = ada.get("plans.ics")
    assert status_of(kept, "room@example.org") == "ACCEPTED"
    name, invitation = ben.wait(uid)
    assert status_of(invitation, ben.user) == "NEEDS-ACTION" and "METHOD" not in invitation
    assert ben.put(name, answered(invitation, ben.user, "ACCEPTED"))[0] == 204
    kept = ada.get("plans.ics")
    assert status_of(kept, ben.user) == "ACCEPTED"
    # Another time asks again.
    moved = kept.replace("T110000Z", "T120000Z").replace("\n", "\r\n")
    assert ada.put("plans.ics", moved)[0] == 204
    assert status_of(ben.wait(uid, "T120000Z")[1], ben.user) == "NEEDS-ACTION"
    # An attendee changes his answer, not the meeting.
    name, invitation = ben.find(uid)
    status, text, _ = ben.put(name, invitation.replace("T120000Z", "T130000Z").replace("\n", "\r\n"))
    assert status == 403 and "allowed-attendee-scheduling-object-change" in text
    assert ada.delete("plans.ics") == 204
    assert "STATUS:CANCELLED" in ben.find(uid)[1]


def test_one_instance(ada, ben, uid):
    weekly = meeting(uid, ben.user, lines="DTSTART:20990601T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=5\nSUMMARY:Weekly")
    assert ada.put("weekly.ics", weekly)[0] == 201
    name, invitation = ben.wait(uid)
    # He takes one out: that is a no to this one.
    assert ben.put(name, invitation.replace("SUMMARY", "EXDATE:20990608T100000Z\nSUMMARY").replace("\n", "\r\n"))[0] == 204
    kept = ada.get("weekly.ics")
    assert "RECURRENCE-ID:20990608T100000Z" in kept and "PARTSTAT=DECLINED" in kept


def test_schedule_tags(ada, ben, uid):
    _, _, headers = ada.put("tag.ics", meeting(uid, ben.user))
    tag = headers["Schedule-Tag"]
    name, invitation = ben.wait(uid)
    ben.put(name, answered(invitation, ben.user, "TENTATIVE"))
    # The client did not see the answer: it does not undo it.
    status, text, _ = ada.put("tag.ics", meeting(uid, ben.user).replace("Plans", "Dreams"), **{"If-Schedule-Tag-Match": tag})
    assert status == 204, text
    kept = ada.get("tag.ics")
    assert "Dreams" in kept and status_of(kept, ben.user) == "TENTATIVE"
    assert ada.put("tag.ics", meeting(uid, ben.user), **{"If-Schedule-Tag-Match": tag})[0] == 412


def test_free_busy(ada, ben, uid):
    assert ben.put("mine.ics", meeting(uid, lines="DTSTART:20980601T100000Z\nDURATION:PT1H\nSUMMARY:Secret").replace("ada@", "ben@"))[0] == 201
    asked = (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:{uid}-q\r\nDTSTAMP:20260101T000000Z\r\n"
             f"DTSTART:20980601T000000Z\r\nDTEND:20980602T000000Z\r\nORGANIZER:mailto:{ada.user}\r\nATTENDEE:mailto:{ben.user}\r\n"
             "ATTENDEE:mailto:nobody@example.org\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n")
    status, text, _ = ada.request("POST", ada.path(collection="outbox"), asked, {"Content-Type": "text/calendar"})
    assert status == 200, text
    assert "2.0;Success" in text and "20980601T100000Z/" in text and "Secret" not in text
    assert "3.7;" in text


def test_the_world(ada, server, outside, uid):
    assert ada.put("world.ics", meeting(uid, OUTSIDE))[0] == 201
    message, text = mail_about(outside, uid, "REQUEST")
    assert message["From"].addresses[0].addr_spec == ada.user and message["To"].addresses[0].addr_spec == OUTSIDE
    assert "Invitation: Plans" in message["Subject"]
    # She answers, twice; somebody else answers for her in vain.
    calendar = (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20990101T000000Z\r\n"
                f"ORGANIZER:mailto:{ada.user}\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{OUTSIDE}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    for author, expected in (("mallory@elsewhere.test", "NEEDS-ACTION"), (OUTSIDE, "ACCEPTED"), (OUTSIDE, "ACCEPTED")):
        reply = f"From: {author}\r\nTo: {ada.user}\r\nSubject: x\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n{calendar}"
        with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=30) as client:
            client.sendmail(author, [ada.user], reply.encode())
        assert status_of(ada.get("world.ics"), OUTSIDE) == expected
    assert ada.delete("world.ics") == 204
    mail_about(outside, uid, "CANCEL")


def test_kill(ada, ben, server, uid):
    """What was answered for is told, whatever happens to the process; nothing is told twice."""
    uids = [f"{uid}-{number}" for number in range(5)]
    for number, each in enumerate(uids):
        assert ada.put(f"kill{number}.ics", meeting(each, ben.user))[0] == 201
    server.kill()
    server.start()
    for each in uids:
        ben.wait(each)
    _, text, _ = ben.request("PROPFIND", ben.path(), None, {"Depth": "1"})
    contents = [ben.get(name) for name in re.findall(r"<D:href>[^<]*/calendar/([^<]+)</D:href>", text)]
    for each in uids:
        assert sum(f"UID:{each}\n" in (one or "") for one in contents) == 1


def test_calendar_goes(ada, ben, server, outside, uid):
    """Who removes a calendar cancels what is in it, also when the server dies then."""
    assert ada.request("MKCALENDAR", ada.path(collection="projects"))[0] == 201
    uids = [f"{uid}-{number}" for number in range(3)]
    for each in uids:
        text = meeting(each, ben.user, OUTSIDE)
        assert ada.request("PUT", ada.path(each + ".ics", "projects"), text, {"Content-Type": "text/calendar"})[0] == 201
        ben.wait(each)
    assert ada.request("DELETE", ada.path(collection="projects"))[0] == 204
    server.kill()
    server.start()
    for each in uids:
        ben.wait(each, "STATUS:CANCELLED")
        mail_about(outside, each, "CANCEL")


def test_inbox(ada, ben, uid):
    """A client that looks into the inbox finds what came, and removes it."""
    assert ada.put("inbox.ics", meeting(uid, ben.user))[0] == 201
    ben.wait(uid)
    status, text, _ = ben.request("PROPFIND", ben.path(collection="inbox"), None, {"Depth": "1"})
    assert status == 207 and "method=REQUEST" in text
    messages = {name: ben.request("GET", ben.path(name, "inbox"))[1] for name in re.findall(r"<D:href>[^<]*/inbox/([^<]+)</D:href>", text)}
    mine = [name for name, content in messages.items() if uid in content]
    assert len(mine) == 1 and "METHOD:REQUEST" in messages[mine[0]]
    assert ben.request("DELETE", ben.path(mine[0], "inbox"))[0] == 204
    assert ben.request("GET", ben.path(mine[0], "inbox"))[0] == 404
    assert ben.find(uid)


def test_alarm(ada, server, uid):
    """An alarm by e-mail comes when it is due, once, though the process ends before; so does one that was missed."""

    def now():
        return datetime.datetime.now(datetime.timezone.utc)

    def remind(name):
        due = now().replace(microsecond=0) + datetime.timedelta(seconds=2)
        at = due.strftime("%Y%m%dT%H%M%SZ")
        alarm = f"BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:PT0S\nSUMMARY:{name} {uid}\nATTENDEE:mailto:{ada.user}\nATTENDEE:mailto:{OUTSIDE}\nEND:VALARM"
        text = (f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:{name}-{uid}\nDTSTAMP:20260101T000000Z\nDTSTART:{at}\n"
                f"DURATION:PT1H\nSUMMARY:Tea\n{alarm}\nEND:VEVENT\nEND:VCALENDAR\n")
        assert ada.put(f"{name}.ics", text.replace("\n", "\r\n"))[0] == 201
        return due

    def reminders(name):
        with server.imap() as client:
            client.select("INBOX", readonly=True)
            return client.search(None, "SUBJECT", f'"{name} {uid}"')[1][0].split()

    remind("soon")
    wait_for(lambda: reminders("soon"), "the alarm", 20)
    due = remind("missed")
    server.kill()
    wait_for(lambda: now() > due, "the time of the alarm", 20)
    server.start()
    wait_for(lambda: reminders("missed"), "the missed alarm", 20)
    with server.imap() as client:
        client.select("INBOX", readonly=True)
        message = client.fetch(reminders("missed")[0], "(BODY.PEEK[])")[1][0][1]
    text = email.message_from_bytes(message, policy=email.policy.default).get_content()
    assert "Tea" in text and "(UTC)" in text
    assert [len(reminders(name)) for name in ("soon", "missed")] == [1, 1]


def test_default_alarms(ada, ben, server, uid):
    """What has no alarm has that of the home, be it put by its owner or brought by an invitation; also after the process ended."""

    def now():
        return datetime.datetime.now(datetime.timezone.utc)

    def soon(seconds):
        due = now().replace(microsecond=0) + datetime.timedelta(seconds=seconds)
        return due, f"DTSTART:{due:%Y%m%dT%H%M%SZ}\nDURATION:PT1H"

    def reminders(title):
        with server.imap() as client:
            client.select("INBOX", readonly=True)
            return client.search(None, "SUBJECT", f'"Reminder: {title} {uid}"')[1][0].split()

    def set_default(inner):
        change = ('<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><C:default-alarm-vevent-datetime>'
                  f"{inner}</C:default-alarm-vevent-datetime></D:prop></D:set></D:propertyupdate>")
        status, text, _ = ada.request("PROPPATCH", ada.path(collection="").rstrip("/") + "/", change, {"Content-Type": "application/xml"})
        assert status == 207 and "200 OK" in text, text

    set_default("BEGIN:VALARM&#13;\nACTION:EMAIL&#13;\nTRIGGER:PT0S&#13;\nEND:VALARM&#13;\n")
    try:
        _, lines = soon(3)
        text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:bare-{uid}\nDTSTAMP:20260101T000000Z\n{lines}\nSUMMARY:Bare {uid}\nEND:VEVENT\nEND:VCALENDAR\n"
        assert ada.put(f"bare-{uid}.ics", text.replace("\n", "\r\n"))[0] == 201
        _, lines = soon(4)
        invitation = meeting(f"invited-{uid}", "ada@example.org", lines=f"{lines}\nSUMMARY:Invited {uid}").replace("ada@example.org", "TEMP")
        invitation = invitation.replace("ORGANIZER:mailto:TEMP", f"ORGANIZER:mailto:{ben.user}").replace("ATTENDEE;PARTSTAT=ACCEPTED:mailto:TEMP", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ben.user}")
        assert ben.put(f"invited-{uid}.ics", invitation.replace("TEMP", ada.user))[0] == 201
        for title in ("Bare", "Invited"):
            wait_for(lambda: reminders(title), f"the reminder of {title}", 30)
        due, lines = soon(2)
        assert ada.put(f"missed-{uid}.ics", text.replace("bare-", "missed-").replace("Bare", "Missed").replace(text.split("\n")[6], lines.split("\n")[0]).replace("\n", "\r\n"))[0] == 201
        server.kill()
        wait_for(lambda: now() > due, "the time of the alarm", 20)
        server.start()
        wait_for(lambda: reminders("Missed"), "the missed reminder", 30)
        assert [len(reminders(title)) for title in ("Bare", "Invited", "Missed")] == [1, 1, 1]
        assert "VALARM" not in ada.get(f"bare-{uid}.ics"), "nothing is written into it"
    finally:
        set_default("")


def test_a_calendar_that_goes_is_told_of_to_the_end(ada, ben, server, outside, uid):
    """The process ends right after the calendar went: whoever was invited hears of each meeting once."""
    count = 150
    path = ada.path(collection=f"big-{uid}")
    assert ada.request("MKCALENDAR", path)[0] == 201
    for number in range(count):
        invited = [ben.user, OUTSIDE] if number % 10 == 0 else [ben.user]
        assert ada.request("PUT", f"{path}{number}.ics", meeting(f"{number}-{uid}", *invited), {"Content-Type": "text/calendar"})[0] == 201

    def held():
        """By UID whether ben's is cancelled."""
        body = '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
        status, text, _ = ben.request("REPORT", ben.path(), body, {"Depth": "1", "Content-Type": "application/xml"})
        assert status == 207
        return [("STATUS:CANCELLED" in one) for one in text.split("<C:calendar-data>")[1:] if f"-{uid}\r\n" in one.replace("&#13;", "\r") or f"-{uid}\n" in one]

    wait_for(lambda: len(held()) == count, "the invitations", 60)
    cancelled_before = outside_cancellations(outside, uid)
    assert cancelled_before == []
    assert ada.request("DELETE", path)[0] == 204
    server.kill()
    server.start()
    assert ada.request("PROPFIND", path, None, {"Depth": "0"})[0] == 404
    wait_for(lambda: held().count(True) == count, "the cancellations", 60)
    wait_for(lambda: len(outside_cancellations(outside, uid)) >= count // 10, "the mail", 60)
    assert sorted(outside_cancellations(outside, uid)) == sorted(f"{number}-{uid}" for number in range(0, count, 10)), "each once"


def outside_cancellations(outside, uid):
    """UIDs of the meetings that mail to the outside called off."""
    out = []
    for one in list(outside.taken):
        for part in email.message_from_bytes(one.content, policy=email.policy.default).walk():
            if part.get_content_type() == "text/calendar" and part.get_param("method", "").upper() == "CANCEL":
                out += re.findall(rf"UID:(\d+-{uid})", part.get_content())
    return out
