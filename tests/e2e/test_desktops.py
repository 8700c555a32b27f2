# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars, tasks and contacts in Thunderbird and in Evolution's data server, told no more than the host, user and password: what they do
arrives, and what others do shows."""
import re
import shutil

import pytest

from peers import evolution
from peers.dav_items import EVENTS, PHOTO, TASKS, calendar, card, said, unfolded
from peers.dav_wire import NAMES, kontor_dav
from peers.desktops import EvolutionDesktop, ThunderbirdDesktop, seconds
from peers.kontor import trusted
from peers.ports import wait_for

ADA = "ada@example.org"
HOME, BOOK = f"/dav/calendars/{ADA}/", f"/dav/contacts/{ADA}/contacts/"
SPRING = ("20310301T000000Z", "20310601T000000Z")
BERLIN = "DTSTART;TZID=Europe/Berlin:20310317T093000\r\nDTEND;TZID=Europe/Berlin:20310317T101500\r\n"
DESKTOPS = {"thunderbird": (ThunderbirdDesktop, lambda: shutil.which("thunderbird")), "evolution": (EvolutionDesktop, evolution.is_usable)}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with trusted(tmp_path_factory.mktemp("desktops")) as kontor:
        yield kontor


@pytest.fixture(scope="module", params=DESKTOPS)
def desktop(request, server, tmp_path_factory):
    make, is_usable = DESKTOPS[request.param]
    if not is_usable():
        pytest.skip(f"{request.param} is not installed")
    client = make(tmp_path_factory.mktemp("desktop") / request.param, server, ADA, "secret")
    client.name = request.param
    yield client
    client.close()


class Held:
    """What Kontor holds, as another client of the account sees and changes it."""

    def __init__(self, server):
        self.dav = kontor_dav(server, ADA)

    def get(self, path):
        status, _, body = self.dav.request("GET", path)
        assert status in (200, 404)
        return body.decode() if status == 200 else None

    def put(self, path, text):
        self.dav.put(path, text, "text/vcard" if path.endswith("vcf") else "text/calendar")

    def remove(self, path):
        self.dav.ok("DELETE", path)


@pytest.fixture
def held(server):
    return Held(server)


def item(kind, uid, lines):
    return f"BEGIN:{kind}\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{lines}END:{kind}\r\n"


def test_they_find_everything(desktop):
    paths = {path for _, path in desktop.collections.items()}
    assert {f"{HOME}{name}/" for name in ("calendar", "tasks", "notes")} | {BOOK, f"/dav/contacts/{ADA}/directory/"} == paths
    assert {("Calendar", "Calendar"), ("Contacts", "Address Book"), ("Directory", "Address Book")} <= set(desktop.collections)
    # What takes tasks shows as a task list, too: the default calendar takes none.
    if desktop.name == "evolution":
        kinds = [("Calendar", "Calendar"), ("Notes", "Memo List"), ("Tasks", "Task List")]
        assert sorted(one for one in desktop.collections if one[1] != "Address Book") == kinds
    assert desktop.is_read_only("Directory") and not desktop.is_read_only("Contacts")
    assert desktop.names("Directory") == ["Ada", "Ben"]


def test_an_event_of_theirs(desktop, held):
    uid = f"{desktop.name}-plain"
    path = f"{HOME}calendar/{uid}.ics"
    desktop.add("Calendar", item("VEVENT", uid, BERLIN + "SUMMARY:Grüße 🎉\r\nLOCATION:Café „Ω“\r\n"))
    lines = unfolded(wait_for(lambda: held.get(path), "the event"))
    assert {"SUMMARY:Grüße 🎉", "LOCATION:Café „Ω“", "DTSTART;TZID=Europe/Berlin:20310317T093000"} <= set(lines)
    desktop.retitle("Calendar", uid, "Changed")
    wait_for(lambda: "SUMMARY:Changed" in unfolded(held.get(path)), "the new title")
    desktop.remove("Calendar", uid)
    wait_for(lambda: held.get(path) is None, "the event to go")


def test_an_event_of_others(desktop, held):
    uid = f"others-{desktop.name}"
    path = f"{HOME}calendar/{uid}.ics"
    held.put(path, calendar(EVENTS["rare"][0], uid, "others"))
    wait_for(lambda: desktop.properties("Calendar", "SUMMARY", "CLASS", uid=uid) == ["Rare by others", "CONFIDENTIAL"], "the event")
    held.put(path, held.get(path).replace("Rare by", "Not rare by"))
    wait_for(lambda: desktop.properties("Calendar", "SUMMARY", uid=uid) == ["Not rare by others"], "the change")
    # What it does not know it gives back.
    desktop.retitle("Calendar", uid, "By both")
    lines = wait_for(lambda: (lines := unfolded(held.get(path))) and any(line.endswith(":By both") for line in lines) and lines, "the change here")
    assert "X-OWN;X-Q=1:kept <as> & it's\\nis" in lines
    held.remove(path)
    wait_for(lambda: desktop.properties("Calendar", "SUMMARY", uid=uid) is None, "the event to go")


def expanded(held, uid):
    """Starts of its instances by the server's own expansion."""
    body = (f'<C:calendar-query xmlns="DAV:" xmlns:C="{NAMES["C"]}"><prop><C:calendar-data><C:expand start="{SPRING[0]}" end="{SPRING[1]}"/></C:calendar-data></prop>'
            f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="i;octet">{uid}</C:text-match>'
            '</C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>')
    answer = held.dav.ok("REPORT", f"{HOME}calendar/", body, Depth="1", Content_Type="application/xml").decode()
    return sorted(seconds(one) for one in re.findall(r"DTSTART:(\w+)", answer))


def test_a_series_of_theirs(desktop, held):
    uid = f"{desktop.name}-series"
    path = f"{HOME}calendar/{uid}.ics"
    desktop.add("Calendar", item("VEVENT", uid, BERLIN + "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Series\r\n"))
    wait_for(lambda: held.get(path), "the series")
    desktop.move_instance("Calendar", uid, "20310331T073000Z", "20310401T120000Z", "20310401T130000Z")
    wait_for(lambda: "RECURRENCE-ID" in held.get(path), "the exception")
    desktop.remove_instance("Calendar", uid, "20310324T083000Z")
    wait_for(lambda: "EXDATE" in held.get(path), "the missing instance")
    starts = [seconds(one) for one in ("20310317T083000Z", "20310401T120000Z", "20310407T073000Z", "20310414T073000Z")]
    assert expanded(held, uid) == starts
    assert desktop.starts("Calendar", uid, *SPRING) == starts
    desktop.remove("Calendar", uid)
    wait_for(lambda: held.get(path) is None, "the series to go")


def test_a_series_of_others(desktop, held):
    uid = f"others-series-{desktop.name}"
    path = f"{HOME}calendar/{uid}.ics"
    held.put(path, calendar(EVENTS["series"][0], uid, "others"))
    starts = expanded(held, uid)
    assert len(starts) == 4
    wait_for(lambda: desktop.starts("Calendar", uid, *SPRING) == starts, "the series")
    held.put(path, held.get(path).replace("COUNT=5", "COUNT=4"))
    wait_for(lambda: desktop.starts("Calendar", uid, *SPRING) == starts[:3], "a shorter series")
    held.remove(path)
    wait_for(lambda: desktop.starts("Calendar", uid, *SPRING) == [], "the series to go")


def test_tasks(desktop, held):
    uid = f"{desktop.name}-task"
    path = f"{HOME}tasks/{uid}.ics"
    desktop.add("Tasks", item("VTODO", uid, "SUMMARY:Sweep 🧹\r\nPRIORITY:1\r\nDUE:20310304T170000Z\r\n"))
    lines = unfolded(wait_for(lambda: held.get(path), "the task"))
    assert {"SUMMARY:Sweep 🧹", "PRIORITY:1", "DUE:20310304T170000Z"} <= set(lines)
    desktop.finish("Tasks", uid)
    wait_for(lambda: {"STATUS:COMPLETED", "PERCENT-COMPLETE:100"} <= set(unfolded(held.get(path))), "the task to be done")
    desktop.remove("Tasks", uid)
    wait_for(lambda: held.get(path) is None, "the task to go")
    held.put(path, calendar(TASKS["task"][0], uid, "others"))
    wait_for(lambda: desktop.properties("Tasks", "SUMMARY", "STATUS", uid=uid) == ["Task by others", "IN-PROCESS"], "another's task")
    held.put(path, held.get(path).replace("IN-PROCESS", "COMPLETED"))
    wait_for(lambda: desktop.properties("Tasks", "STATUS", uid=uid) == ["COMPLETED"], "another to do it")
    held.remove(path)
    wait_for(lambda: desktop.properties("Tasks", "STATUS", uid=uid) is None, "it to go")


def photo_of(text):
    return dict(said(text)).get("PHOTO")


def test_a_contact_with_a_photo(desktop, held):
    uid = f"{desktop.name}-face"
    path = f"{BOOK}{uid}.vcf"
    desktop.add_card("Contacts", card("face", uid))
    text = wait_for(lambda: held.get(path), "the contact")
    assert "FN:A Face" in unfolded(text) and photo_of(text) == PHOTO
    desktop.rename_card("Contacts", uid, "A Face", "Another Face")
    wait_for(lambda: "FN:Another Face" in unfolded(held.get(path)), "the new name")
    assert photo_of(held.get(path)) == PHOTO
    desktop.remove_card("Contacts", uid)
    wait_for(lambda: held.get(path) is None, "the contact to go")


@pytest.mark.parametrize("kind", ["photo4", "face", "person"])
def test_contacts_of_others(desktop, held, kind):
    uid = f"{kind}-{desktop.name}"
    path = f"{BOOK}{uid}.vcf"
    held.put(path, card(kind, uid))
    shown = wait_for(lambda: desktop.card("Contacts", uid), "the contact")
    wanted = dict(said(card(kind, uid)))
    assert dict(said(shown))["FN"] == wanted["FN"]
    assert photo_of(shown) == wanted.get("PHOTO")
    held.put(path, re.sub("FN:.*", "FN:Renamed", held.get(path)))
    wait_for(lambda: "FN:Renamed" in unfolded(desktop.card("Contacts", uid)), "the new name")
    held.remove(path)
    wait_for(lambda: desktop.card("Contacts", uid) is None, "the contact to go")
