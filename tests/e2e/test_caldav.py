# SPDX-License-Identifier: AGPL-3.0-or-later
"""CalDAV (RFC 4791) as its clients speak it: by hand, vdirsyncer with khal and todoman, python3-caldav."""
import os
import re
import subprocess
import textwrap
import urllib.error
import urllib.request

import pytest
from peers.dav import Dav
from peers.kontor import trusted

HOME = "/dav/calendars/ada@example.org/"
CALENDAR = HOME + "calendar/"
NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'


def event(uid, start="20260104T100000Z", more="", summary="Meeting"):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//Test//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:{summary}\r\n{more}"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")


def task(uid, more=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//Test//EN\r\nBEGIN:VTODO\r\n"
            f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Buy milk\r\n{more}END:VTODO\r\nEND:VCALENDAR\r\n")


def query(inner, data="<C:calendar-data/>"):
    return (f'<C:calendar-query {NAMESPACES}><D:prop><D:getetag/>{data}</D:prop><C:filter>'
            f'<C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter></C:calendar-query>')


def in_time(start, end, component="VEVENT"):
    return f'<C:comp-filter name="{component}"><C:time-range start="{start}" end="{end}"/></C:comp-filter>'


@pytest.fixture(scope="module")
def calendars(tmp_path_factory):
    """A server with ada@ and ben@example.org."""
    with trusted(tmp_path_factory.mktemp("caldav")) as server:
        yield server


class Caldav(Dav):
    def __init__(self, kontor, user="ada@example.org"):
        super().__init__(kontor, user, listener="https")

    def ok(self, method, path, body=None, **headers):
        answer = self(method, path, body, **headers)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer

    def put(self, path, body):
        return self.ok("PUT", path, body, Content_Type="text/calendar")


@pytest.fixture
def ada(calendars):
    return Caldav(calendars)


@pytest.fixture
def own(ada, request):
    """A calendar of this test alone."""
    name = re.sub(r"\W", "-", request.node.name)
    path = f"{HOME}{name}/"
    ada.ok("MKCALENDAR", path)
    yield path
    ada("DELETE", path)


def report(client, path, body, depth="1"):
    answer = client("REPORT", path, body, Depth=depth, Content_Type="application/xml")
    return answer.status, answer.text


def hrefs(answer):
    return sorted(one.rsplit("/", 1)[1] for one in re.findall(r"<D:href>([^<]*)</D:href>", answer))


def refusal(client, method, path, body, **headers):
    answer = client(method, path, body, **headers)
    found = re.search(r"<D:error[^>]*>\s*<([\w-]+:[\w-]+)", answer.text)
    return answer.status, found and found.group(1)


@pytest.mark.short
def test_calendars_are_found_and_described(ada, own):
    headers = ada.ok("OPTIONS", CALENDAR).headers
    assert "calendar-access" in headers["DAV"] and "MKCALENDAR" not in headers["Allow"]
    ask = (f'<D:propfind {NAMESPACES} xmlns:A="http://apple.com/ns/ical/"><D:prop><D:resourcetype/><C:supported-calendar-component-set/>'
           "<C:supported-calendar-data/><C:max-resource-size/><C:schedule-calendar-transp/><C:calendar-timezone-id/><A:calendar-color/>"
           "<C:calendar-description/><D:supported-report-set/></D:prop></D:propfind>")
    change = (f'<D:propertyupdate {NAMESPACES} xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>'
              "<A:calendar-color>#FF0000FF</A:calendar-color><C:calendar-description>Trips</C:calendar-description>"
              "<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id><C:schedule-calendar-transp><C:transparent/>"
              "</C:schedule-calendar-transp></D:prop></D:set></D:propertyupdate>")
    ada.ok("PROPPATCH", own, change)
    answer = ada.ok("PROPFIND", own, ask, Depth="0").text
    for part in ("<C:calendar/>", '<C:comp name="VEVENT"/>', 'content-type="text/calendar"', "#FF0000FF", ">Trips<", ">Europe/Berlin<",
                 "<C:transparent/>", "<C:calendar-query/>", "<C:calendar-multiget/>", "<C:free-busy-query/>", "<D:sync-collection/>"):
        assert part in answer, part
    home = ada.ok("PROPFIND", "/dav/principals/ada@example.org/", f"<D:propfind {NAMESPACES}><D:prop><C:calendar-home-set/></D:prop></D:propfind>",
                  Depth="0").text
    assert HOME.replace("@", "%40") in home or HOME in home


def test_a_calendar_for_tasks(ada):
    path = HOME + "todo-list/"
    ada.ok("MKCALENDAR", path, f'<C:mkcalendar {NAMESPACES}><D:set><D:prop><D:displayname>To do</D:displayname>'
           '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>')
    assert refusal(ada, "PUT", path + "1.ics", event("1"), Content_Type="text/calendar") == (403, "C:supported-calendar-component")
    ada.put(path + "1.ics", task("1"))
    assert refusal(ada, "MKCALENDAR", path, None)[0] == 405
    ada.ok("DELETE", path)


# RFC 4791 section 5.3.2.1.
@pytest.mark.parametrize("body, precondition", [
    ("hello", "C:valid-calendar-data"),
    (event("1")[:-20], "C:valid-calendar-data"),
    (event("1", more="RRULE:FREQ=OFTEN\r\n"), "C:valid-calendar-data"),
    (event("1").replace("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT"), "C:valid-calendar-object-resource"),
    (event("1") + event("2"), "C:valid-calendar-object-resource"),
    (event("").replace("UID:\r\n", ""), "C:valid-calendar-object-resource"),
], ids=["no calendar", "cut off", "no rule", "a message", "two", "no UID"])
def test_what_is_no_item_is_refused(ada, own, body, precondition):
    assert refusal(ada, "PUT", own + "1.ics", body, Content_Type="text/calendar") == (403, precondition)


def test_ten_megabytes_are_too_much(own, calendars, tmp_path):
    (tmp_path / "huge.ics").write_text(event("1", more="DESCRIPTION:" + "x" * (11 << 20) + "\r\n"))
    done = subprocess.run(["curl", "-s", "--cacert", calendars.certificate, "-u", "ada@example.org:secret", "-H", "Content-Type: text/calendar",
                           "-H", "Expect: 100-continue", "-T", tmp_path / "huge.ics",
                           f"https://127.0.0.1:{calendars.port('https')}{own}huge.ics", "-w", "%{http_code}"],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("403") and "max-resource-size" in done.stdout


@pytest.mark.short
def test_queries(ada, own):
    ada.put(own + "past.ics", event("past", "20250104T100000Z"))
    ada.put(own + "daily.ics", event("daily", "20250104T100000Z", "RRULE:FREQ=DAILY\r\n", "Every day"))
    ada.put(own + "once.ics", event("once", "20260204T100000Z", "CATEGORIES:Work,Travel\r\n", "Café in Zürich"))
    ada.put(own + "day.ics", event("day", "20260206").replace("DTSTART:", "DTSTART;VALUE=DATE:").replace("DURATION:PT1H\r\n", ""))
    ada.put(own + "task.ics", task("task", "DUE:20260205T100000Z\r\n"))
    cases = [
        ("", ["daily.ics", "day.ics", "once.ics", "past.ics", "task.ics"]),
        ('<C:comp-filter name="VTODO"/>', ["task.ics"]),
        ('<C:comp-filter name="VJOURNAL"/>', []),
        (in_time("20260201T000000Z", "20260301T000000Z"), ["daily.ics", "day.ics", "once.ics"]),
        (in_time("20260204T103000Z", "20260204T104000Z"), ["daily.ics", "once.ics"]),
        (in_time("20260204T113000Z", "20260204T114000Z"), []),
        (in_time("20240101T000000Z", "20240201T000000Z"), []),
        (in_time("20260205T000000Z", "20260206T000000Z", "VTODO"), ["task.ics"]),
        ('<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match collation="i;unicode-casemap">ZÜRICH</C:text-match>'
         '</C:prop-filter></C:comp-filter>', ["once.ics"]),
        ('<C:comp-filter name="VEVENT"><C:prop-filter name="CATEGORIES"><C:is-not-defined/></C:prop-filter></C:comp-filter>',
         ["daily.ics", "day.ics", "past.ics"]),
        ('<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="i;octet">once</C:text-match></C:prop-filter>'
         '</C:comp-filter>', ["once.ics"]),
    ]
    for inner, expected in cases:
        status, answer = report(ada, own, query(inner))
        assert status == 207 and hrefs(answer) == expected, inner
    assert report(ada, own, query(""), depth="0")[1].count("<D:response>") == 0
    assert hrefs(report(ada, own + "once.ics", query(""), depth="0")[1]) == ["once.ics"]
    assert refusal(ada, "REPORT", own, query('<C:time-range start="20260201T000000Z"/>'), Depth="1") == (403, "C:valid-filter")
    data = '<C:calendar-data><C:expand start="20260201T000000Z" end="20260203T000000Z"/></C:calendar-data>'
    answer = report(ada, own, query(in_time("20260201T000000Z", "20260203T000000Z"), data))[1]
    assert answer.count("BEGIN:VEVENT") == 2 and "RECURRENCE-ID:20260202T100000Z" in answer and "RRULE" not in answer


def test_multiget(ada, own):
    ada.put(own + "1.ics", event("1"))
    body = (f'<C:calendar-multiget {NAMESPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop><D:href>{own}1.ics</D:href>'
            f"<D:href>{own}2.ics</D:href><D:href>/dav/calendars/ben@example.org/calendar/x.ics</D:href></C:calendar-multiget>")
    status, answer = report(ada, own, body)
    assert status == 207 and answer.count("BEGIN:VEVENT") == 1 and answer.count("404 Not Found") + answer.count("403 Forbidden") == 2


def test_a_uid_is_there_once(ada, own):
    ada.put(own + "1.ics", event("same"))
    answer = ada("PUT", own + "2.ics", event("same"), Content_Type="text/calendar")
    assert answer.status == 409 and answer.precondition == "no-uid-conflict" and "1.ics" in answer.text


def test_free_busy(ada, own, calendars):
    ada.put(own + "1.ics", event("1", "20260104T100000Z", "RRULE:FREQ=DAILY;COUNT=3\r\n"))
    ada.put(own + "2.ics", event("2", "20260104T103000Z", "CLASS:PRIVATE\r\n"))
    ada.put(own + "3.ics", event("3", "20260104T150000Z", "TRANSP:TRANSPARENT\r\n"))
    ada.put(own + "4.ics", event("4", "20260104T160000Z", "STATUS:TENTATIVE\r\n"))
    body = f'<C:free-busy-query {NAMESPACES}><C:time-range start="20260104T000000Z" end="20260105T000000Z"/></C:free-busy-query>'
    status, answer = report(ada, own, body)
    assert status == 200
    assert re.findall(r"FREEBUSY.*", answer.replace("\r", ""))[1:-1] == [
        "FREEBUSY:20260104T100000Z/20260104T113000Z", "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260104T160000Z/20260104T170000Z"]
    ben = Caldav(calendars, "ben@example.org")
    assert report(ben, own, body)[0] in (403, 404)


def test_hostile_events_cost_little(ada, own):
    ada.put(own + "seconds.ics", event("seconds", "20200101T000000Z", "RRULE:FREQ=SECONDLY\r\n"))
    ada.put(own + "never.ics", event("never", "20200101T000000Z", "RRULE:FREQ=SECONDLY\r\nEXRULE:FREQ=SECONDLY\r\n"))
    ada.put(own + "until.ics", event("until", "20200101T000000Z", "RRULE:FREQ=MINUTELY;INTERVAL=3;UNTIL=20350101T000000Z\r\n"))
    refused = ada("PUT", own + "many.ics", event("many", "20200101T000000Z", "RRULE:FREQ=MINUTELY;UNTIL=99991231T235959Z\r\n"), Content_Type="text/calendar")
    assert refused.status == 403 and "max-instances" in refused.text
    loop = event("loop", "20200101T000000Z", "RRULE:FREQ=DAILY\r\n")
    override = loop[loop.index("BEGIN:VEVENT"):loop.index("END:VCALENDAR")].replace("RRULE:FREQ=DAILY", "RECURRENCE-ID;RANGE=THISANDFUTURE:20200102T000000Z")
    ada.put(own + "loop.ics", loop.replace("END:VCALENDAR", override * 300 + "END:VCALENDAR"))
    # What cannot be found out within the steps that an object has is told, and none of them is expanded.
    for start, end in (("20260101T000000Z", "20270101T000000Z"), ("20260101T000000Z", "20260101T000001Z")):
        status, answer = report(ada, own, query(in_time(start, end), "<D:getetag/>"))
        assert status == 207 and {"seconds.ics", "never.ics", "until.ics"} <= set(hrefs(answer))
    status, answer = report(ada, own, query('<C:comp-filter name="VEVENT"><C:time-range start="20260101T000000Z"/></C:comp-filter>',
                                            '<C:calendar-data><C:expand start="20260101T000000Z" end="20560101T000000Z"/></C:calendar-data>'))
    assert status == 207 and "BEGIN:VEVENT" not in answer and answer.count("403 Forbidden") == 4


def test_publishing(ada, own, calendars):
    ada.put(own + "1.ics", event("1", more="ATTENDEE:mailto:ben@example.org\r\n", summary="Open house"))
    ada.put(own + "2.ics", event("2", more="CLASS:PRIVATE\r\n", summary="Doctor"))
    ada.put(own + "3.ics", event("3", more="CLASS:CONFIDENTIAL\r\nLOCATION:Bank\r\n", summary="Loan"))
    published = ada.ok("POST", own, f"<CS:publish-calendar {NAMESPACES}/>", Content_Type="application/xml")
    assert published.status == 202
    url = f"https://127.0.0.1:{calendars.port('https')}/" + published.headers["Location"].split("/", 3)[3]

    def read():
        with urllib.request.urlopen(url, context=calendars.tls(), timeout=30) as answer:
            return answer.read().decode()

    text = read()
    assert text.startswith("BEGIN:VCALENDAR\r\n") and text.endswith("END:VCALENDAR\r\n") and text.count("BEGIN:VEVENT") == 2
    assert "Open house" in text and "SUMMARY:Busy" in text
    for secret in ("Doctor", "Loan", "Bank", "ben@example.org"):
        assert secret not in text
    ada.ok("POST", own, f"<CS:unpublish-calendar {NAMESPACES}/>", Content_Type="application/xml")
    with pytest.raises(urllib.error.HTTPError) as refused:
        read()
    assert refused.value.code == 404


class Client:
    """vdirsyncer with khal and todoman on its folder."""

    def __init__(self, folder, server, path):
        self.folder = folder
        self.items = self.folder / "items" / "calendar"
        self.items.mkdir(parents=True)
        (self.folder / "khal.conf").write_text(textwrap.dedent(f"""\
            [calendars]
            [[work]]
            path = {self.items}
            [locale]
            timeformat = %H:%M
            dateformat = %Y-%m-%d
            longdateformat = %Y-%m-%d
            datetimeformat = %Y-%m-%d %H:%M
            longdatetimeformat = %Y-%m-%d %H:%M
            default_timezone = Europe/Berlin
            local_timezone = Europe/Berlin
            [default]
            default_calendar = work
            [sqlite]
            path = {self.folder}/khal.db
            """))
        (self.folder / "todoman.py").write_text(f'path = "{self.folder}/items/*"\ndate_format = "%Y-%m-%d"\ntime_format = "%H:%M"\n'
                                                f'cache_path = "{self.folder}/todo.db"\ndefault_list = "calendar"\n')
        (self.folder / "vdirsyncer").write_text(textwrap.dedent(f"""\
            [general]
            status_path = "{self.folder}/status"
            [pair both]
            a = "local"
            b = "remote"
            collections = null
            conflict_resolution = "b wins"
            [storage local]
            type = "filesystem"
            path = "{self.items}"
            fileext = ".ics"
            [storage remote]
            type = "caldav"
            url = "https://127.0.0.1:{server.port('https')}{path}"
            username = "ada@example.org"
            password = "secret"
            verify = "{server.certificate}"
            """))
        self.run("vdirsyncer", "-c", self.folder / "vdirsyncer", "discover")

    def run(self, *command, input="y\ny\n"):
        environment = {**os.environ, "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder), "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}
        done = subprocess.run([str(part) for part in command], input=input, capture_output=True, text=True, env=environment, timeout=60)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def sync(self):
        return self.run("vdirsyncer", "-c", self.folder / "vdirsyncer", "sync")

    def khal(self, *arguments):
        return self.run("khal", "-c", self.folder / "khal.conf", *arguments)

    def todoman(self, *arguments):
        return self.run("todoman", "--config", self.folder / "todoman.py", *arguments)

    def path_of(self, text):
        return next((path for path in self.items.glob("*.ics") if text in path.read_text()), None)


def test_vdirsyncer_khal_and_todoman(ada, own, calendars, tmp_path):
    desk = Client(tmp_path, calendars, own)

    def stored():
        return {name: ada.ok("GET", own + name).text for name in hrefs(report(ada, own, query(""))[1])}

    desk.khal("new", "2026-03-04", "10:00", "11:00", "Planning", "--repeat", "weekly")
    desk.todoman("new", "--due", "2026-03-05", "Buy milk")
    desk.sync()
    items = stored()
    assert sorted(text.replace("\r", "").strip() for text in items.values()) == sorted(path.read_text().strip() for path in desk.items.glob("*.ics"))
    # Another client changes the event, as this one does: the server's wins, as configured. The task goes the other way.
    [event_name] = [name for name, text in items.items() if "Planning" in text]
    ada.put(own + event_name, items[event_name].replace("Planning", "Planning at the laptop"))
    mine = desk.path_of("Planning")
    mine.write_text(mine.read_text().replace("Planning", "Planning at the desk"))
    desk.todoman("done", "1")
    desk.sync()
    assert "Planning at the laptop" in desk.khal("list", "2026-03-11", "2026-03-12")
    [task_name] = [name for name, text in stored().items() if "Buy milk" in text and "STATUS:COMPLETED" in text]
    # What is removed at one is gone at the other.
    ada.ok("DELETE", own + event_name)
    desk.path_of("Buy milk").unlink()
    desk.sync()
    assert not list(desk.items.glob("*.ics")) and not stored()
    assert ada("GET", own + task_name).status == 404


def test_python_caldav(own, calendars):
    script = textwrap.dedent(f"""\
        import datetime, caldav
        client = caldav.DAVClient("https://127.0.0.1:{calendars.port('https')}/dav/principals/ada@example.org/", username="ada@example.org",
                                  password="secret", ssl_verify_cert="{calendars.certificate}")
        principal = client.principal()
        assert any("calendar" in str(one.url) for one in principal.calendars())
        calendar = principal.make_calendar(name="Python", cal_id="python")
        made = calendar.save_event(dtstart=datetime.datetime(2026, 3, 4, 10), dtend=datetime.datetime(2026, 3, 4, 11), summary="Snake",
                                   rrule={{"FREQ": "YEARLY"}})
        calendar.save_todo(summary="Feed it", due=datetime.date(2026, 3, 5))
        found = calendar.date_search(datetime.datetime(2027, 3, 1), datetime.datetime(2027, 4, 1), expand=True)
        assert len(found) == 1 and "20270304" in found[0].data, [one.data for one in found]
        assert len(calendar.events()) == 1 and len(calendar.todos()) == 1
        calendar.todos()[0].complete()
        assert len(calendar.todos()) == 0 and len(calendar.todos(include_completed=True)) == 1
        event = calendar.event_by_uid(made.icalendar_instance.subcomponents[0]["UID"] if hasattr(made, "icalendar_instance") else made.vobject_instance.vevent.uid.value)
        event.vobject_instance.vevent.summary.value = "Big snake"
        event.save()
        assert "Big snake" in calendar.events()[0].data
        assert calendar.get_properties([caldav.elements.dav.DisplayName()])["{{DAV:}}displayname"] == "Python"
        busy = calendar.freebusy_request(datetime.datetime(2026, 3, 4), datetime.datetime(2026, 3, 5))
        assert "FREEBUSY" in busy.data
        token = calendar.objects_by_sync_token(load_objects=False)
        event.delete()
        token.sync()
        assert len(calendar.events()) == 0
        calendar.delete()
        """)
    done = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
