# SPDX-License-Identifier: AGPL-3.0-or-later
"""Time zones by reference (RFC 7809) and the service that they need (RFC 7808), found as clients find it and read by python3-dateutil, which then
reckons as the system's own zones do."""
import datetime
import http.client
import io
import json
import ssl
import urllib.parse
import zoneinfo

import pytest
from dateutil import tz

from peers.dav_wire import NAMES, kontor_dav
from peers.kontor import trusted

ADA = "ada@example.org"
HOME = f"/dav/calendars/{ADA}/"
# Half hours, the south, days beside the day that a rule names, winter time as the exception, rules that ended, and the fast.
ZONES = ["Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "Asia/Gaza", "America/Nuuk", "Asia/Jerusalem",
         "America/Santiago", "Pacific/Easter", "Europe/Dublin", "Africa/Casablanca", "Asia/Tehran", "America/Sao_Paulo", "Pacific/Apia", "Etc/UTC", "Pacific/Auckland"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with trusted(tmp_path_factory.mktemp("zones")) as kontor:
        yield kontor


class Service:
    """As a client without a login, which knows the host alone."""

    def __init__(self, server):
        self.trust = ssl.create_default_context(cafile=str(server.authority.certificate))
        self.trust.check_hostname = False
        self.port = server.port("https")
        status, headers, _ = self.ask("/.well-known/timezone")
        assert status == 307
        self.base = urllib.parse.urlparse(headers["Location"]).path

    def ask(self, path, **headers):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trust, timeout=30)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def open(self, path):
        status, _, text = self.ask(self.base + path)
        assert status == 200, text
        return text


@pytest.fixture(scope="module")
def service(server):
    return Service(server)


def moments():
    at = datetime.datetime(1950, 1, 1, 12)
    while at.year < 2070:
        yield at
        at += datetime.timedelta(days=13, hours=5)


@pytest.mark.parametrize("name", ZONES)
def test_what_others_make_of_a_zone(service, name):
    text = service.open("/zones/" + urllib.parse.quote(name, safe="") + "?start=1940-01-01T00:00:00Z")
    theirs, ours = tz.tzical(io.StringIO(text)).get(), zoneinfo.ZoneInfo(name)
    different = [at for at in moments() if at.replace(tzinfo=theirs).utcoffset() != at.replace(tzinfo=ours).utcoffset()
                 # Hours that clocks show twice or never are read in two ways.
                 and at.replace(tzinfo=ours).utcoffset() == at.replace(tzinfo=ours, fold=1).utcoffset()]
    assert not different


@pytest.mark.parametrize("name", ["Europe/Berlin", "Africa/Casablanca", "America/Nuuk"])
def test_what_clocks_do(service, name):
    told = json.loads(service.open(f"/zones/{name}/observances?start=2020-01-01T00:00:00Z&end=2040-01-01T00:00:00Z"))
    zone = zoneinfo.ZoneInfo(name)
    assert len(told["observances"]) > 30
    for one in told["observances"][1:]:
        onset = datetime.datetime.fromisoformat(one["onset"].replace("Z", "+00:00"))
        before, after = ((onset + datetime.timedelta(seconds=s)).astimezone(zone).utcoffset().total_seconds() for s in (-1, 0))
        assert (one["utc-offset-from"], one["utc-offset-to"]) == (before, after)


def test_the_list(service):
    told = json.loads(service.open("/zones"))
    names = {one["tzid"] for one in told["timezones"]} | {alias for one in told["timezones"] for alias in one.get("aliases", [])}
    assert zoneinfo.available_timezones() - {"Factory", "localtime", "posixrules"} <= names
    assert json.loads(service.open("/zones?changedsince=" + told["synctoken"]))["timezones"] == []
    assert [one["tzid"] for one in json.loads(service.open("/zones?pattern=*Hong_Kong"))["timezones"]] == ["Asia/Hong_Kong"]


def test_it_is_asked_once(service):
    status, headers, _ = service.ask(service.base + "/zones/Europe/Berlin")
    assert status == 200
    assert service.ask(service.base + "/zones/Europe/Berlin", If_None_Match=headers["ETag"])[0] == 304
    status, headers, text = service.ask(service.base + "/zones/Mars/Olympus")
    assert (status, headers["Content-Type"]) == (404, "application/problem+json") and "tzid-not-found" in text


def test_a_client_that_knows_zones_by_name(server, service):
    client = kontor_dav(server, ADA)
    _, headers, _ = client.request("OPTIONS", HOME)
    assert "calendar-no-timezone" in {key.lower(): value for key, value in headers.items()}["dav"]
    body = f'<propfind xmlns="DAV:" xmlns:C="{NAMES["C"]}"><prop><C:timezone-service-set/></prop></propfind>'
    answer = client.ok("PROPFIND", HOME, body, Depth="0", Content_Type="application/xml").decode()
    assert "/timezones</" in answer
    text = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:z\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Asia/Tokyo:20310317T093000\r\n"
            "SUMMARY:By name\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    client.put(HOME + "calendar/z.ics", text)
    get = {asked: client.ok("GET", HOME + "calendar/z.ics", CalDAV_Timezones=asked).decode() for asked in ("", "T", "F")}
    assert get[""] == get["F"] == text
    assert "BEGIN:VTIMEZONE" in get["T"]
    theirs = tz.tzical(io.StringIO(get["T"])).get()
    assert datetime.datetime(2031, 3, 17, 9, 30, tzinfo=theirs).utcoffset() == datetime.timedelta(hours=9)
