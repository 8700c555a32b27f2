# SPDX-License-Identifier: AGPL-3.0-or-later
"""What means harm, or is merely broken, over DAV: each gets a clear answer in time, memory stays bounded and the server lives."""
import base64
import http.client
import socket
import time

import pytest

from peers.kontor import IS_SANITIZED, Kontor

MIB = 1 << 20
CALENDAR, BOOK, FILES = (f"/dav/{space}/ada@example.org/{rest}".encode() for space, rest in (("calendars", "calendar/"), ("contacts", "contacts/"), ("files", "")))
LOGIN = b"Authorization: Basic " + base64.b64encode(b"ada@example.org:secret") + b"\r\n"
XML, ICS, VCF = (b"Content-Type: " + kind + b"\r\nDepth: 1\r\n" for kind in (b"application/xml", b"text/calendar", b"text/vcard"))
NAMES = b'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
# Seconds. Many times what any of them takes.
# No speed is asked for: what takes so long hangs.
IN_TIME = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    kontor = Kontor(tmp_path_factory.mktemp("hostile") / "kontor")
    kontor.start()
    kontor.populate()
    assert send(kontor, request(b"PUT", FILES + b"f", b"hello" * 1000))[0] == 201
    kontor.at_first = kontor.memory_kib()
    yield kontor
    kontor.close()


def request(method, path, body=b"", headers=b""):
    return method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + LOGIN + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def send(kontor, data):
    """(status, body) of what is answered."""
    with socket.create_connection(("127.0.0.1", kontor.port("dav")), timeout=IN_TIME) as stream:
        try:
            stream.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while it was still being sent
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        return answer.status, answer.read()


def propfind(inner):
    return b"<propfind " + NAMES + b"><prop>" + inner + b"</prop></propfind>"


def query(inner, wanted=b"<getetag/>"):
    return b"<C:calendar-query " + NAMES + b"><prop>" + wanted + b"</prop><C:filter>" + inner + b"</C:filter></C:calendar-query>"


def events(inner, wanted=b"<getetag/>"):
    return query(b'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">' + inner + b"</C:comp-filter></C:comp-filter>", wanted)


def event(uid, more=b"", start=b"DTSTART:20260104T100000Z", before=b""):
    return (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + before + b"BEGIN:VEVENT\r\nUID:" + uid + b"\r\nDTSTAMP:20260101T000000Z\r\n" + start
            + b"\r\nDURATION:PT1H\r\nSUMMARY:x\r\n" + more + b"END:VEVENT\r\nEND:VCALENDAR\r\n")


def overrides(count):
    return b"".join(b"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:o\r\nRECURRENCE-ID:2026%02d%02dT100000Z\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260104T100000Z\r\n"
                    % (i // 28 % 12 + 1, i % 28 + 1) for i in range(count))


def attendees(count):
    return b"".join(b"ATTENDEE:mailto:u%d@elsewhere.example\r\n" % i for i in range(count))


def dates(count):
    return b",".join(b"%04d%02d%02dT100000Z" % (2000 + i // 336 % 8000, i // 28 % 12 + 1, i % 28 + 1) for i in range(count))


def zone(observances):
    return b"BEGIN:VTIMEZONE\r\nTZID:Bad\r\n" + observances + b"END:VTIMEZONE\r\n"


def observance(more=b""):
    return b"BEGIN:STANDARD\r\nDTSTART:20010101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\n" + more + b"END:STANDARD\r\n"


def card(uid, more):
    return b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:" + uid + b"\r\nFN:x\r\n" + more + b"END:VCARD\r\n"


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lol">' + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12)) + b"]>"
LOCK = b"<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>"
ONLY = b'<C:prop-filter name="SUMMARY"><C:text-match>x</C:text-match></C:prop-filter>'
ZONED = b"DTSTART;TZID=Bad:20260104T100000"
DAILY = b"RRULE:FREQ=DAILY\r\n"
GROUPED = b"".join(b'ATTENDEE;MEMBER="mailto:g%d@elsewhere.example":mailto:u%d@elsewhere.example\r\n' % (i, i) for i in range(50_000))
ALARM = b"BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\n%sSUMMARY:x\r\nDESCRIPTION:y\r\nATTENDEE:mailto:v@x.example\r\nEND:VALARM\r\n"
OWN = b"ORGANIZER:mailto:ada@example.org\r\n"

# What: the request, and the statuses that may answer it.
REQUESTS = {
    "XML, deep": (b"PROPFIND", CALENDAR, b"<a>" * 300_000, XML, {413}),
    "XML, deep and closed": (b"PROPFIND", CALENDAR, b"<a>" * 100_000 + b"</a>" * 100_000, XML, {413}),
    "XML, entities within entities": (b"PROPFIND", CALENDAR, ENTITIES + propfind(b"&a11;"), XML, {400}),
    "XML, an entity from a file": (b"PROPFIND", CALENDAR, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + propfind(b"<x>&x;</x>"), XML, {400}),
    "XML, many properties": (b"PROPFIND", CALENDAR, propfind(b"".join(b"<p%d/>" % i for i in range(50_000))), XML, {207, 413}),
    "XML, one property many times": (b"PROPFIND", CALENDAR, propfind(b"<getetag/>" * 90_000), XML, {207, 413}),
    "XML, many attributes": (b"PROPFIND", CALENDAR, b"<propfind " + NAMES + b"".join(b' a%d="1"' % i for i in range(90_000)) + b"/>", XML, {400, 413}),
    "XML, many namespaces": (b"PROPFIND", CALENDAR, b"<propfind " + NAMES + b"".join(b' xmlns:a%d="u%d"' % (i, i) for i in range(40_000)) + b"/>", XML, {400, 413}),
    "XML, a long name": (b"PROPFIND", CALENDAR, propfind(b"<" + b"n" * 900_000 + b"/>"), XML, {207, 413}),
    "XML, NUL": (b"PROPFIND", CALENDAR, propfind(b"<getetag\0/>"), XML, {400}),
    "XML, no UTF-8": (b"PROPFIND", CALENDAR, propfind(b"<getetag/>\xff\xfe"), XML, {400}),
    "XML, UTF-16": (b"PROPFIND", CALENDAR, '<?xml version="1.0" encoding="utf-16"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'.encode("utf-16"), XML, {207}),
    "XML, an unknown charset": (b"PROPFIND", CALENDAR, b'<?xml version="1.0" encoding="x-klingon"?>' + propfind(b"<getetag/>"), XML, {400}),
    "many names": (b"REPORT", CALENDAR, b"<C:calendar-multiget " + NAMES + b"><prop><getetag/></prop>" + b"<href>/x</href>" * 50_000 + b"</C:calendar-multiget>", XML, {207}),
    "a deep filter": (b"REPORT", CALENDAR, query(b'<C:comp-filter name="VEVENT">' * 5000 + b"</C:comp-filter>" * 5000), XML, {413}),
    "a wide filter": (b"REPORT", CALENDAR, events(ONLY * 10_000), XML, {403}),
    "a time that is none": (b"REPORT", CALENDAR, events(b'<C:time-range start="99999999T999999Z" end="00000000T000000Z"/>'), XML, {400}),
    "a time that ends before it begins": (b"REPORT", CALENDAR, events(b'<C:time-range start="20300101T000000Z" end="20200101T000000Z"/>'), XML, {400}),
    "an unknown sync token": (b"REPORT", CALENDAR, b"<sync-collection " + NAMES + b"><sync-token>data:,kontor-99999999999999999999-1-1</sync-token><sync-level>1</sync-level>"
                              b"<prop><getetag/></prop></sync-collection>", XML, {403}),
    "properties of properties": (b"REPORT", CALENDAR, b"<expand-property " + NAMES + b">" + b'<property name="owner">' * 3000 + b"</property>" * 3000 + b"</expand-property>", XML, {413}),
    "many rights": (b"ACL", CALENDAR, b"<acl " + NAMES + b">" + b"<ace><principal><href>/dav/principals/ben@example.org/</href></principal><grant><privilege><read/></privilege>"
                    b"</grant></ace>" * 5000 + b"</acl>", XML, {200, 403, 413}),
    "many dead properties": (b"PROPPATCH", FILES + b"f", b"<propertyupdate " + NAMES + b"><set><prop>" + b"".join(b"<x:p%d xmlns:x='u'>v</x:p%d>" % (i, i) for i in range(20_000))
                             + b"</prop></set></propertyupdate>", XML, {207, 413, 507}),
    "a rule of long lists": (b"PUT", CALENDAR + b"r1.ics", event(b"r1", b"RRULE:FREQ=YEARLY;BYYEARDAY=" + b",".join(b"%d" % (i % 366 + 1) for i in range(200_000)) + b"\r\n"), ICS, {201, 403}),
    "a rule of every second by lists": (b"PUT", CALENDAR + b"r2.ics", event(b"r2", b"RRULE:FREQ=YEARLY;BYSECOND=%s;BYMINUTE=%s;BYHOUR=%s\r\n" % tuple(
        b",".join(b"%d" % i for i in range(n)) for n in (60, 60, 24))), ICS, {201, 403}),
    "20,000 rules": (b"PUT", CALENDAR + b"r3.ics", event(b"r3", DAILY * 20_000), ICS, {403}),
    "an endless interval": (b"PUT", CALENDAR + b"r4.ics", event(b"r4", b"RRULE:FREQ=SECONDLY;INTERVAL=99999999999999999999\r\n"), ICS, {403}),
    "400,000 exceptions": (b"PUT", CALENDAR + b"x1.ics", event(b"x1", DAILY + b"EXDATE:" + dates(400_000) + b"\r\n"), ICS, {201, 403}),
    "200,000 lines of exceptions": (b"PUT", CALENDAR + b"x2.ics", event(b"x2", DAILY + b"EXDATE:20260105T100000Z\r\n" * 200_000), ICS, {201, 403}),
    "300,000 dates": (b"PUT", CALENDAR + b"x3.ics", event(b"x3", b"RDATE:" + dates(300_000) + b"\r\n"), ICS, {201, 403}),
    "50,000 overrides": (b"PUT", CALENDAR + b"o.ics", event(b"o", DAILY + overrides(50_000)), ICS, {403}),
    "100,000 attendees": (b"PUT", CALENDAR + b"a1.ics", event(b"a1", OWN + attendees(100_000)), ICS, {403}),
    "50,000 members of groups": (b"PUT", CALENDAR + b"a1g.ics", event(b"a1g", OWN + GROUPED), ICS, {403}),
    "1,500 attendees": (b"PUT", CALENDAR + b"a2.ics", event(b"a2", OWN + attendees(1500)), ICS, {201}),
    "one attendee 100,000 times": (b"PUT", CALENDAR + b"a3.ics", event(b"a3", OWN + b"ATTENDEE:mailto:ben@example.org\r\n" * 100_000), ICS, {201, 403}),
    "100,000 attendees of somebody else's": (b"PUT", CALENDAR + b"a4.ics", event(b"a4", b"ORGANIZER:mailto:boss@elsewhere.example\r\n" + attendees(100_000)), ICS, {201, 403}),
    "50,000 alarms": (b"PUT", CALENDAR + b"l1.ics", event(b"l1", ALARM % b"" * 50_000), ICS, {403}),
    "an alarm a second for ever": (b"PUT", CALENDAR + b"l2.ics", event(b"l2", b"RRULE:FREQ=SECONDLY\r\n" + ALARM % b"REPEAT:999999999\r\nDURATION:PT1S\r\n"), ICS, {201, 403}),
    "deep components": (b"PUT", CALENDAR + b"n.ics", event(b"n", b"BEGIN:X-A\r\n" * 100_000 + b"END:X-A\r\n" * 100_000), ICS, {403}),
    "a line of 9 MiB": (b"PUT", CALENDAR + b"l3.ics", event(b"l3", b"DESCRIPTION:" + b"x" * (9 * MIB) + b"\r\n"), ICS, {201, 403, 413}),
    "40 MiB": (b"PUT", CALENDAR + b"l4.ics", event(b"l4", b"DESCRIPTION:" + b"x" * (40 * MIB) + b"\r\n"), ICS, {403, 413}),
    "5 MiB of NUL": (b"PUT", CALENDAR + b"z1.ics", b"\0" * (5 * MIB), ICS, {403}),
    "NUL in a text": (b"PUT", CALENDAR + b"z2.ics", event(b"z2", b"DESCRIPTION:a\0b\r\n"), ICS, {201, 403}),
    "a UID of 2 MiB": (b"PUT", CALENDAR + b"u.ics", event(b"u" * (2 * MIB)), ICS, {201, 403}),
    "UTF-16 as iCalendar": (b"PUT", CALENDAR + b"c1.ics", event(b"c1").decode().encode("utf-16"), b"Content-Type: text/calendar; charset=utf-16\r\n", {201, 403, 415}),
    "no UTF-8, said to be": (b"PUT", CALENDAR + b"c2.ics", event(b"c2", b"DESCRIPTION:\xff\xfe\x80\r\n"), b"Content-Type: text/calendar; charset=utf-8\r\n", {201, 403}),
    "an unknown charset": (b"PUT", CALENDAR + b"c3.ics", event(b"c3"), b"Content-Type: text/calendar; charset=klingon\r\n", {201, 403, 415}),
    "a zone that changes each second": (b"PUT", CALENDAR + b"t1.ics", event(b"t1", DAILY, ZONED, zone(observance(b"RRULE:FREQ=SECONDLY\r\n") * 100)), ICS, {201, 403}),
    "a zone of 50,000 parts": (b"PUT", CALENDAR + b"t2.ics", event(b"t2", DAILY, ZONED, zone(observance() * 50_000)), ICS, {403}),
    "the year 0": (b"PUT", CALENDAR + b"y1.ics", event(b"y1", b"", b"DTSTART:00000000T000000Z"), ICS, {403}),
    "the year 9999": (b"PUT", CALENDAR + b"y2.ics", event(b"y2", b"RRULE:FREQ=YEARLY\r\n", b"DTSTART:99991231T235959Z"), ICS, {201, 403}),
    "an endless duration": (b"PUT", CALENDAR + b"d.ics", event(b"d").replace(b"PT1H", b"P99999999999999999999W"), ICS, {403}),
    "all instances of all time": (b"REPORT", CALENDAR, events(b"", b'<C:calendar-data><C:expand start="00010101T000000Z" end="99991231T235959Z"/></C:calendar-data>'), XML, {207, 403, 507}),
    "free/busy of all time": (b"REPORT", CALENDAR, b"<C:free-busy-query " + NAMES + b'><C:time-range start="00010101T000000Z" end="99991231T235959Z"/></C:free-busy-query>', XML, {200, 403, 507}),
    "a card that breaks off": (b"PUT", BOOK + b"b1.vcf", b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x", VCF, {403}),
    "a card without a beginning": (b"PUT", BOOK + b"b2.vcf", b"FN:x\r\nEND:VCARD\r\n", VCF, {403}),
    "NUL in a card": (b"PUT", BOOK + b"b3.vcf", card(b"b3", b"NOTE:a\0b\r\n"), VCF, {201, 403}),
    "a photo that is no base64": (b"PUT", BOOK + b"b4.vcf", card(b"b4", b"PHOTO:data:image/jpeg;base64," + b"!" * (5 * MIB) + b"\r\n"), VCF, {201, 403}),
    "groups of groups": (b"PUT", BOOK + b"b5.vcf", card(b"b5", b"a." * 100_000 + b"NOTE:x\r\n"), VCF, {201, 403}),
    "200,000 members": (b"PUT", BOOK + b"b6.vcf", card(b"b6", b"KIND:group\r\n" + b"MEMBER:urn:uuid:x\r\n" * 200_000), VCF, {201, 403}),
    "a quote that does not end": (b"PUT", BOOK + b"b7.vcf", card(b"b7", b'TEL;TYPE="' + b"x" * MIB + b":1\r\n"), VCF, {201, 403}),
    "1,500 ranges": (b"GET", FILES + b"f", b"", b"Range: bytes=" + b",".join(b"%d-%d" % (i, i) for i in range(1500)) + b"\r\n", {200, 206, 416}),
    "the whole a thousand times": (b"GET", FILES + b"f", b"", b"Range: bytes=" + b",".join(b"0-" for _ in range(1000)) + b"\r\n", {200, 416}),
    "a range behind all": (b"GET", FILES + b"f", b"", b"Range: bytes=99999999999999999999999-\r\n", {200, 416}),
    "1,000 conditions": (b"PUT", FILES + b"f", b"x", b"If: " + b'(<urn:uuid:1> ["x"])' * 1000 + b"\r\n", {400}),
    "conditions that do not end": (b"PUT", FILES + b"f", b"x", b"If: " + b"(" * 5000 + b"\r\n", {400}),
    "3,000 ETags": (b"PUT", FILES + b"f", b"x", b"If-Match: " + b",".join(b'"%d"' % i for i in range(3000)) + b"\r\n", {412}),
    "20,000 headers": (b"GET", FILES + b"f", b"", b"".join(b"X-%d: 1\r\n" % i for i in range(20_000)), {431}),
    "a header of 4 MiB": (b"GET", FILES + b"f", b"", b"X: " + b"x" * (4 * MIB) + b"\r\n", {431}),
    "a path of 200,000": (b"GET", FILES + b"x" * 200_000, b"", b"", {414, 431}),
    "NUL in a path": (b"GET", FILES + b"a%00b", b"", b"", {400}),
    "out of the home": (b"GET", FILES + b"../../../../../etc/passwd", b"", b"", {400, 404}),
    "out of the home, escaped": (b"GET", FILES + b"%2e%2e/%2e%2e/etc/passwd", b"", b"", {400, 404}),
    "a broken escape": (b"GET", FILES + b"%zz", b"", b"", {400}),
    "no UTF-8 in a path": (b"GET", FILES + b"%ff%fe", b"", b"", {400, 404}),
    "a deep destination": (b"MOVE", FILES + b"f", b"", b"Destination: http://x/" + b"d/" * 4000 + b"\r\n", {400, 403, 404, 409}),
    "a destination elsewhere": (b"COPY", FILES + b"f", b"", b"Destination: http://evil.example/dav/files/ada@example.org/q\r\n", {502}),
    "a long Depth": (b"PROPFIND", FILES, b"", b"Depth: " + b"9" * 5000 + b"\r\n", {400}),
    "a long Timeout": (b"LOCK", FILES + b"f", LOCK, b"Timeout: Second-" + b"9" * 400 + b"\r\n", {200}),
    "many parameters": (b"PUT", CALENDAR + b"p.ics", event(b"p"), b"Content-Type: " + b";a=b" * 2000 + b"\r\n", {201, 403, 415}),
    "many preferences": (b"PROPFIND", CALENDAR, b"", b"Depth: 0\r\nPrefer: " + b"return=minimal," * 500 + b"\r\n", {207}),
    "a method of control characters": (b"\x01\x02", FILES, b"", b"", {400}),
    "a method of 100,000": (b"A" * 100_000, FILES, b"", b"", {400, 431}),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_hostile_requests(server, what):
    method, path, body, headers, statuses = REQUESTS[what]
    begin = time.monotonic()
    status, answer = send(server, request(method, path, body, headers))
    assert status in statuses, answer[:500]
    assert time.monotonic() - begin < IN_TIME
    if 400 <= status < 500:
        assert answer or status in (412, 416), "what is refused is told why"
    assert b"root:" not in answer


GREETING = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
PUT = b"PUT " + FILES + b"g" + GREETING + LOGIN
RAW = {
    "two ways to say the length": (b"POST /dav/" + GREETING + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n", {400}),
    "two lengths": (b"PUT /dav/" + GREETING + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", {400}),
    "a length below zero": (b"PUT /dav/" + GREETING + b"Content-Length: -1\r\n\r\n", {400}),
    "a length that is no number": (PUT + b"Content-Length: 99999999999999999999\r\n\r\nabc", {400}),
    "more than is taken": (PUT + b"Content-Length: 999999999999\r\n\r\nabc", {413}),
    "chunks that are none": (PUT + b"Transfer-Encoding: chunked\r\n\r\nzzzz\r\nabc\r\n0\r\n\r\n", {400}),
    "an endless chunk": (PUT + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n", {400}),
    "a chunk with much beside it": (PUT + b"Transfer-Encoding: chunked\r\n\r\n3;" + b"x" * 2_000_000 + b"\r\nabc\r\n0\r\n\r\n", {400}),
    "a folded header": (b"GET /dav/" + GREETING + b"X: a\r\n b\r\n\r\n", {400}),
    "no host": (b"GET /dav/ HTTP/1.1\r\n\r\n", {400}),
    "HTTP of another version": (b"GET /dav/ HTTP/3.0\r\nHost: x\r\n\r\n", {505}),
    "all bytes": (bytes(range(256)) * 100 + b"\r\n\r\n", {400}),
    "TLS where none is": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500 + b"\r\n\r\n", {400}),
    "an endless head": (b"GET /dav/" + GREETING + b"A" * 2_000_000, {431}),
    "a login that is no base64": (b"GET /dav/" + GREETING + b"Authorization: Basic " + b"!" * 4000 + b"\r\n\r\n", {401}),
    "a login with NUL": (b"GET /dav/" + GREETING + b"Authorization: Basic " + base64.b64encode(b"ada@example.org\0:sec\0ret") + b"\r\n\r\n", {401}),
}


@pytest.mark.parametrize("what", RAW)
def test_hostile_bytes(server, what):
    data, statuses = RAW[what]
    begin = time.monotonic()
    assert send(server, data)[0] in statuses
    assert time.monotonic() - begin < IN_TIME


def test_slow_bodies_hold_up_nobody(server):
    slow = []
    ben = b"Authorization: Basic " + base64.b64encode(b"ben@example.org:secret") + b"\r\n"
    try:
        for number in range(100):
            stream = socket.create_connection(("127.0.0.1", server.port("dav")), timeout=IN_TIME)
            stream.sendall(b"PUT /dav/files/ben@example.org/slow%d HTTP/1.1\r\nHost: x\r\n" % number + ben + b"Content-Length: 1000\r\n\r\nx")
            slow.append(stream)
        for _ in range(5):
            begin = time.monotonic()
            assert send(server, request(b"PROPFIND", CALENDAR, propfind(b"<getetag/>"), XML))[0] == 207
            assert time.monotonic() - begin < IN_TIME
            for stream in slow:
                stream.sendall(b"x")
    finally:
        for stream in slow:
            stream.close()


def test_the_server_has_kept_its_measure(server):
    """After all of these."""
    assert send(server, request(b"GET", FILES + b"f")) == (200, b"hello" * 1000)
    if not IS_SANITIZED:
        assert server.memory_kib() - server.at_first < 500_000
    assert send(server, request(b"PUT", CALENDAR + b"last.ics", event(b"last"), ICS))[0] == 201
