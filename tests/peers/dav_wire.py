# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a client of WebDAV, CalDAV and CardDAV says, by hand."""
import base64
import http.client
import urllib.parse
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

NAMES = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "CR": "urn:ietf:params:xml:ns:carddav",
         "CS": "http://calendarserver.org/ns/", "A": "http://apple.com/ns/ical/"}
DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMES.items())


class Dav:
    """One login at one server. Paths are encoded here; answers are (status, headers, body)."""
    timeout = 60  # seconds

    def __init__(self, host, port, user, password, tls=None):
        self.connection = (http.client.HTTPSConnection(host, port, context=tls, timeout=self.timeout) if tls
                           else http.client.HTTPConnection(host, port, timeout=self.timeout))
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def request(self, method, path, body=None, **headers):
        headers = {"Authorization": self.login, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if isinstance(body, str):
            body = body.encode()
        self.connection.request(method, urllib.parse.quote(path), body, headers)
        answer = self.connection.getresponse()
        while answer.status == 102:  # it goes on; Cyrus says so when it takes long
            answer = self.connection.response_class(self.connection.sock, method=method)
            answer.begin()
        return answer.status, answer.headers, answer.read()

    def ok(self, method, path, body=None, **headers):
        status, _, answer = self.request(method, path, body, **headers)
        assert 200 <= status < 300, f"{method} {path}: {status} {answer[:500]!r}"
        return answer

    def put(self, path, body, content_type="text/calendar; charset=utf-8"):
        self.ok("PUT", path, body, Content_Type=content_type)

    def get(self, path):
        return self.ok("GET", path)

    def make_calendar(self, path, name=None, colour=None, description=None, components=()):
        properties = (f"<D:displayname>{escape(name)}</D:displayname>" if name else "") + \
            (f"<A:calendar-color>{escape(colour)}</A:calendar-color>" if colour else "") + \
            (f"<C:calendar-description>{escape(description)}</C:calendar-description>" if description else "")
        if components:
            properties += "<C:supported-calendar-component-set>" + "".join(f'<C:comp name="{one}"/>' for one in components) + \
                "</C:supported-calendar-component-set>"
        self.ok("MKCALENDAR", path, f"<C:mkcalendar {DECLARED}><D:set><D:prop>{properties}</D:prop></D:set></C:mkcalendar>",
                Content_Type="application/xml")

    def make_book(self, path, name=None, description=None):
        properties = "<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>" + \
            (f"<D:displayname>{escape(name)}</D:displayname>" if name else "") + \
            (f"<CR:addressbook-description>{escape(description)}</CR:addressbook-description>" if description else "")
        self.ok("MKCOL", path, f"<D:mkcol {DECLARED}><D:set><D:prop>{properties}</D:prop></D:set></D:mkcol>",
                Content_Type="application/xml")

    def proppatch(self, path, properties):
        self.ok("PROPPATCH", path, f"<D:propertyupdate {DECLARED}><D:set><D:prop>{properties}</D:prop></D:set></D:propertyupdate>",
                Content_Type="application/xml")

    def propfind(self, path, properties, depth=1):
        """{decoded path: {"D:displayname": element}} of what is there."""
        wanted = "".join(f"<{name}/>" for name in properties)
        body = self.ok("PROPFIND", path, f"<D:propfind {DECLARED}><D:prop>{wanted}</D:prop></D:propfind>", Depth=str(depth),
                       Content_Type="application/xml")
        out = {}
        for response in ET.fromstring(body).findall("D:response", NAMES):
            found = {}
            for propstat in response.findall("D:propstat", NAMES):
                if " 200 " not in propstat.findtext("D:status", "", NAMES) + " ":
                    continue
                for name in properties:
                    element = propstat.find(f"D:prop/{name}", NAMES)
                    if element is not None:
                        found[name] = element
            href = urllib.parse.urlsplit(response.findtext("D:href", "", NAMES)).path
            out[urllib.parse.unquote(href)] = found
        return out

    def close(self):
        self.connection.close()


def kontor_dav(kontor, user="ada@example.org", password="secret"):
    return Dav("127.0.0.1", kontor.port("dav"), user, password)
