# SPDX-License-Identifier: AGPL-3.0-or-later
"""Thunderbird and Evolution's data server at the same account: what one writes or changes, the other reads alike. With others (curl, vdirsyncer with khal,
todoman and khard, python3-caldav) test_dav_matrix.py and test_desktops.py compare them."""
import contextlib
import shutil

import pytest

from peers import evolution
from peers.desktops import EvolutionDesktop, ThunderbirdDesktop, seconds
from peers.kontor import trusted
from peers.ports import wait_for

ADA = "ada@example.org"
PAIRS = [("thunderbird", "evolution"), ("evolution", "thunderbird")]
ZONED = "DTSTART;TZID=Europe/Berlin:20310317T093000\r\nDTEND;TZID=Europe/Berlin:20310317T101500\r\n"

pytestmark = pytest.mark.skipif(not shutil.which("thunderbird") or not evolution.is_usable(), reason="both programs are needed")


@pytest.fixture(scope="module")
def desktops(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    with trusted(folder) as server, contextlib.ExitStack() as closing:
        opened = {}
        for name, make in (("thunderbird", ThunderbirdDesktop), ("evolution", EvolutionDesktop)):
            opened[name] = make(folder / name, server, ADA, "secret")
            closing.callback(opened[name].close)
        yield opened


def item(kind, uid, lines):
    return f"BEGIN:{kind}\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{lines}END:{kind}\r\n"


def read(desktop, collection, uid, *names):
    return wait_for(lambda: desktop.properties(collection, *names, uid=uid), f"{uid} to come")


@pytest.mark.parametrize("writer, reader", PAIRS)
def test_events(desktops, writer, reader):
    uid = f"event-of-{writer}"
    desktops[writer].add("Calendar", item("VEVENT", uid, ZONED + "SUMMARY:Grüße 🎉\r\nLOCATION:Café „Ω“\r\nCATEGORIES:Work\r\nCLASS:PRIVATE\r\nTRANSP:TRANSPARENT\r\n"))
    assert read(desktops[reader], "Calendar", uid, "SUMMARY", "LOCATION", "CLASS", "TRANSP") == ["Grüße 🎉", "Café „Ω“", "PRIVATE", "TRANSPARENT"]
    desktops[reader].retitle("Calendar", uid, "Changed there")
    wait_for(lambda: desktops[writer].properties("Calendar", "SUMMARY", "LOCATION", uid=uid) == ["Changed there", "Café „Ω“"], "the change to come back")
    desktops[writer].remove("Calendar", uid)
    wait_for(lambda: desktops[reader].properties("Calendar", "SUMMARY", uid=uid) is None, "the event to go")


@pytest.mark.parametrize("writer, reader", PAIRS)
def test_series(desktops, writer, reader):
    uid = f"series-of-{writer}"
    desktops[writer].add("Calendar", item("VEVENT", uid, ZONED + "RRULE:FREQ=WEEKLY;COUNT=4\r\nSUMMARY:Series\r\n"))
    read(desktops[reader], "Calendar", uid, "SUMMARY")
    desktops[reader].move_instance("Calendar", uid, "20310331T073000Z", "20310401T120000Z", "20310401T130000Z")
    span = ("20310301T000000Z", "20310601T000000Z")
    expected = [seconds(one) for one in ("20310317T083000Z", "20310324T083000Z", "20310401T120000Z", "20310407T073000Z")]
    wait_for(lambda: desktops[writer].starts("Calendar", uid, *span) == expected, "the moved instance")
    assert desktops[reader].starts("Calendar", uid, *span) == expected


@pytest.mark.parametrize("writer, reader", PAIRS)
def test_tasks(desktops, writer, reader):
    uid = f"task-of-{writer}"
    desktops[writer].add("Tasks", item("VTODO", uid, "SUMMARY:Milk\r\nDUE;VALUE=DATE:20310304\r\nPRIORITY:1\r\n"))
    assert [str(one) for one in read(desktops[reader], "Tasks", uid, "SUMMARY", "PRIORITY")] == ["Milk", "1"]
    desktops[reader].finish("Tasks", uid)
    wait_for(lambda: desktops[writer].properties("Tasks", "STATUS", uid=uid) == ["COMPLETED"], "the task to be done")


@pytest.mark.parametrize("writer, reader", PAIRS)
def test_contacts(desktops, writer, reader):
    uid = f"card-of-{writer}"
    desktops[writer].add_card("Contacts", f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Bea Ω {writer}\r\nN:Ω;Bea;;;\r\nEMAIL:bea@example.net\r\nEND:VCARD\r\n")
    wait_for(lambda: f"Bea Ω {writer}" in desktops[reader].names("Contacts"), "the contact to come")
