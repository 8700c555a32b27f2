# SPDX-License-Identifier: AGPL-3.0-or-later
"""Managed attachments (RFC 8607), as its section 3 shows them: by curl and by hand."""
import re
import subprocess

import pytest
from peers.certificates import Authority
from peers.dav import Dav
from peers.kontor import Kontor

ADA, BEN = "ada@example.org", "ben@example.org"
MEETING = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//CalDAV Client//EN\r\nBEGIN:VEVENT\r\nUID:20010712T182145Z-123401@example.com\r\n"
           "DTSTAMP:20120201T203412Z\r\nDTSTART:20120714T170000Z\r\nDTEND:20120715T040000Z\r\nSUMMARY:One-off meeting\r\n{people}END:VEVENT\r\nEND:VCALENDAR\r\n")
PEOPLE = f"ORGANIZER:mailto:{ADA}\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{ADA}\r\nATTENDEE;RSVP=TRUE:mailto:{BEN}\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attachments")
    server = Kontor(folder / "kontor", authority=Authority(folder / "authority"), dav='largest_attachment = "200K"')
    server.start()
    server.populate()
    yield server
    server.close()


def client(server, user=ADA):
    return Dav(server, user, listener="https")


def lines_of(text):
    """Each ATTACH: its parameters, and where it is on this server."""
    found = []
    for line in re.findall(r"^ATTACH.*$", text.replace("\r\n", "\n").replace("\n ", ""), re.M):
        name, url = re.match(r"(.*?):(https://.*)", line).groups()
        found.append((dict(part.split("=", 1) for part in name.split(";")[1:]), "/dav/" + url.split("/dav/", 1)[1]))
    return found


@pytest.mark.short
def test_the_examples_of_the_rfc_by_curl(server, tmp_path):
    path = f"/dav/calendars/{ADA}/calendar/64.ics"
    assert client(server)("PUT", path, MEETING.format(people=""), Content_Type="text/calendar").status == 201
    (tmp_path / "agenda.html").write_text("<html><body><h1>Agenda</h1></body></html>")

    def curl(query, *more):
        done = subprocess.run(["curl", "-sS", "--cacert", server.certificate, "-u", f"{ADA}:secret", "-D", tmp_path / "head",
                               f"https://127.0.0.1:{server.port('https')}{path}?{query}", "-X", "POST", *more], capture_output=True, text=True, check=True)
        head = (tmp_path / "head").read_text()
        return int(re.findall(r"^HTTP/\S+ (\d+)", head, re.M)[-1]), dict(re.findall(r"^([\w-]+): (.*?)\r?$", head, re.M)), done.stdout

    upload = ["--data-binary", f"@{tmp_path / 'agenda.html'}", "-H", 'Content-Type: text/html; charset="utf-8"',
              "-H", "Content-Disposition:attachment;filename=agenda.html"]
    status, head, body = curl("action=attachment-add", *upload, "-H", "Prefer: return=representation")
    assert status == 201 and head["Content-Location"].replace("%40", "@").endswith(path), head
    [(parameters, where)] = lines_of(body)
    assert parameters == {"MANAGED-ID": head["Cal-Managed-ID"], "FMTTYPE": "text/html", "SIZE": "41", "FILENAME": "agenda.html"}
    assert client(server)("GET", path).headers["ETag"] == head["ETag"]
    got = client(server)("GET", where)
    assert got.text == (tmp_path / "agenda.html").read_text() and "agenda.html" in got.headers["Content-Disposition"]

    (tmp_path / "agenda.html").write_text("<html><body><h1>Another agenda</h1></body></html>")
    status, second, _ = curl("action=attachment-update&managed-id=" + head["Cal-Managed-ID"], *upload)
    assert status == 204 and second["Cal-Managed-ID"] != head["Cal-Managed-ID"]
    [(parameters, where)] = lines_of(client(server)("GET", path).text)
    assert "Another" in client(server)("GET", where).text and parameters["MANAGED-ID"] == second["Cal-Managed-ID"]
    status, _, body = curl("action=attachment-remove&managed-id=" + head["Cal-Managed-ID"])
    assert status == 403 and "valid-managed-id" in body
    status, _, body = curl("action=attachment-remove&managed-id=" + second["Cal-Managed-ID"])
    assert status == 204 and lines_of(client(server)("GET", path).text) == []
    (tmp_path / "agenda.html").write_bytes(b"x" * 300_000)
    for more in ([], ["-H", "Transfer-Encoding: chunked"]):
        status, _, body = curl("action=attachment-add", *upload, *more)
        assert status == 403 and "max-attachment-size" in body, "said before, or found out on the way"
    server.check()


@pytest.mark.short
def test_attendees_have_copies_of_their_own(server):
    ada, ben = client(server), client(server, BEN)
    path = f"/dav/calendars/{ADA}/calendar/meeting.ics"
    assert ada("PUT", path, MEETING.format(people=PEOPLE).replace("123401", "meeting"), Content_Type="text/calendar").status == 201
    large = "line\r\n" * 20_000
    answer = ada("POST", path + "?action=attachment-add", large, Content_Type="text/plain", Content_Disposition="attachment; filename*=UTF-8''pl%C3%A4ne.txt")
    assert answer.status == 201, answer.text
    home = f"/dav/calendars/{BEN}/calendar/"
    name = re.findall(rf"<D:href>({re.escape(home)}[^<]+\.ics)</D:href>", ben("PROPFIND", home, Depth="1").text)[0]
    [(parameters, where)] = lines_of(ben("GET", name).text)
    assert parameters["MANAGED-ID"] != answer.headers["Cal-Managed-ID"] and parameters["SIZE"] == str(len(large))
    assert ben("GET", where).text.replace("\r", "") == large.replace("\r", "") and ada("GET", where).status == 404
    [(_, own)] = lines_of(ada("GET", path).text)
    assert ada("GET", own).status == 200 and ben("GET", own).status == 404
    server.stop()
    server.start()
    ada, ben = client(server), client(server, BEN)
    assert ben("GET", where).status == 200
    # The organiser's goes with the event; what others have is theirs.
    assert ada("DELETE", path).status == 204
    assert ben("GET", where).status == 200
    assert ben("DELETE", name).status == 204
    server.check()


def test_clients_keep_them_and_cannot_invent_them(server):
    ada = client(server)
    path = f"/dav/calendars/{ADA}/calendar/kept.ics"
    assert ada("PUT", path, MEETING.format(people="").replace("123401", "kept"), Content_Type="text/calendar").status == 201
    assert ada("POST", path + "?action=attachment-add", "minutes", Content_Type="text/plain").status == 201
    text = ada("GET", path).text
    [(parameters, where)] = lines_of(text)
    assert ada("PUT", path, text.replace("One-off", "Another"), Content_Type="text/calendar").status == 204
    assert ada("GET", where).text == "minutes"
    bad = ada("PUT", path, text.replace(parameters["MANAGED-ID"], "97S"), Content_Type="text/calendar")
    assert bad.status == 403 and "valid-managed-id" in bad.text
    assert ada("MKCALENDAR", f"/dav/calendars/{ADA}/work/").status == 201
    assert ada("MOVE", path, Destination=f"/dav/calendars/{ADA}/work/kept.ics").status == 201
    assert ada("GET", where).text == "minutes"
    assert ada("DELETE", f"/dav/calendars/{ADA}/work/").status == 204
    server.check()
