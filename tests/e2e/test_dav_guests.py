# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two people with one calendar: each has alarms of its own, by hand and by python3-caldav."""
import subprocess
import textwrap

import pytest
from peers.dav import Dav
from peers.kontor import trusted

HOST, GUEST = "/dav/calendars/ada@example.org/", "/dav/calendars/ben@example.org/"
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
DAILY = "DTSTART:20300104T100000Z\r\nDTEND:20300104T110000Z\r\nRRULE:FREQ=DAILY;COUNT=9\r\nSUMMARY:Walk\r\n"


def event(uid, lines):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//Test//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n")


def alarm(words, trigger="-PT10M"):
    return f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:{words}\r\nTRIGGER:{trigger}\r\nEND:VALARM\r\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with trusted(tmp_path_factory.mktemp("guests")) as server:
        yield server


@pytest.fixture
def two(house, request):
    """Ada and Ben as clients, a calendar of hers, and where it is at his."""
    ada, ben = Dav(house, listener="https"), Dav(house, "ben@example.org", listener="https")
    name = request.node.name
    assert ada("MKCALENDAR", f"{HOST}{name}/").status == 201
    share = f'<CS:share {NAMES}><CS:set><D:href>mailto:ben@example.org</D:href><CS:read-write/></CS:set></CS:share>'
    assert ada("POST", f"{HOST}{name}/", share, Content_Type="application/xml").status == 200
    reply = (f'<CS:invite-reply {NAMES}><D:href>mailto:ben@example.org</D:href><CS:invite-accepted/><CS:hosturl><D:href>'
             f'{HOST}{name}/</D:href></CS:hosturl></CS:invite-reply>')
    answer = ben("POST", GUEST, reply, Content_Type="application/xml")
    assert answer.status == 200, answer.text
    mount = answer.text.split("<D:href>")[1].split("<")[0].replace("%40", "@")
    yield ada, ben, f"{HOST}{name}/", mount


def put(client, path, body):
    answer = client("PUT", path, body, Content_Type="text/calendar")
    assert answer.status in (201, 204), answer.text


def test_each_has_alarms_of_its_own(two, house):
    ada, ben, own, mount = two
    put(ada, own + "a.ics", event("a", DAILY + alarm("Ada's")))
    assert "VALARM" not in ben("GET", mount + "a.ics").text
    put(ben, mount + "a.ics", event("a", DAILY + "LOCATION:Park\r\nTRANSP:TRANSPARENT\r\n" + alarm("Ben's")))
    for client, path, words, others in (ada, own, "Ada's", "Ben's"), (ben, mount, "Ben's", "Ada's"):
        text = client("GET", path + "a.ics").text
        assert words in text and others not in text and "Park" in text, text
    assert "TRANSPARENT" not in ada("GET", own + "a.ics").text

    house.kill()
    house.start()
    ada, ben = Dav(house, listener="https"), Dav(house, "ben@example.org", listener="https")
    assert "Ben's" in ben("GET", mount + "a.ics").text and "Ada's" in ada("GET", own + "a.ics").text

    # Who may edit it does not remove it; what he removes from his home is there at its owner's.
    assert ben("DELETE", own).status == 403
    assert ben("DELETE", mount).status == 204
    assert "Ada's" in ada("GET", own + "a.ics").text
    assert "Ben's" not in ben("GET", own + "a.ics").text, "who leaves takes along what was his own"


def test_python_caldav_sets_an_alarm(two, house):
    ada, _, own, mount = two
    put(ada, own + "a.ics", event("snake", DAILY + alarm("Ada's")))
    script = textwrap.dedent(f"""\
        import caldav
        client = caldav.DAVClient("https://127.0.0.1:{house.port('https')}/dav/principals/ben@example.org/",
                                  username="ben@example.org", password="secret", ssl_verify_cert="{house.certificate}")
        mounted = [one for one in client.principal().calendars() if "{mount.rstrip('/').rsplit('/', 1)[1]}" in str(one.url)]
        assert len(mounted) == 1
        event = mounted[0].event_by_uid("snake")
        assert "VALARM" not in event.data
        event.data = event.data.replace("END:VEVENT", {alarm("Ben's")!r} + "END:VEVENT")
        event.save()
        again = mounted[0].event_by_uid("snake")
        assert "Ben's" in again.data and "Ada's" not in again.data, again.data
        """)
    done = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    text = ada("GET", own + "a.ics").text
    assert "Ada's" in text and "Ben's" not in text
