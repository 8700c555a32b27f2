# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client of DAV by hand: one connection, requests as they are written, answers as they come."""
import base64
import http.client
import urllib.parse
import xml.etree.ElementTree as ET

NAMES = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "CR": "urn:ietf:params:xml:ns:carddav", "CS": "http://calendarserver.org/ns/"}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def xml(self):
        return ET.fromstring(self.body)

    @property
    def responses(self):
        """Of a multistatus: decoded path to (status of its own or None, {property in Clark's notation: (status, element)})."""
        out = {}
        for response in self.xml.findall("D:response", NAMES):
            own = response.find("D:status", NAMES)
            properties = {}
            for propstat in response.findall("D:propstat", NAMES):
                status = int(propstat.find("D:status", NAMES).text.split()[1])
                for element in propstat.find("D:prop", NAMES):
                    properties[element.tag] = (status, element)
            path = urllib.parse.unquote(response.find("D:href", NAMES).text)
            out[path] = (int(own.text.split()[1]) if own is not None else None, properties)
        return out

    def text_of(self, path, name):
        return self.responses[path][1][name][1].text

    @property
    def precondition(self):
        """The name of what did not hold."""
        return self.xml[0].tag.split("}")[1]

    @property
    def sync_token(self):
        return self.xml.find("D:sync-token", NAMES).text


class Dav:
    def __init__(self, kontor, user="ada@example.org", password="secret", listener="dav"):
        if listener == "https":
            self.connection = http.client.HTTPSConnection("127.0.0.1", kontor.port("https"), context=kontor.tls(), timeout=60)
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", kontor.port(listener), timeout=60)
        self.files = f"/dav/files/{user}/"
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else None

    def url(self, path):
        return f"http://127.0.0.1:{self.connection.port}{urllib.parse.quote(path)}"

    def __call__(self, method, path, body=None, headers=None, **more):
        headers = {**(headers or {}), **{name.replace("_", "-"): str(value) for name, value in more.items()}}
        if self.authorization:
            headers.setdefault("Authorization", self.authorization)
        if isinstance(body, str):
            body = body.encode()
        self.connection.request(method, urllib.parse.quote(path, safe="/%?=&"), body, headers)
        return Answer(self.connection.getresponse())

    def propfind(self, path, *properties, depth=0, body=None, **headers):
        if body is None:
            asked = "".join(f"<{name}/>" for name in properties)
            body = f'<propfind xmlns="DAV:" xmlns:CS="{NAMES["CS"]}"><prop>{asked}</prop></propfind>' if properties else None
        return self("PROPFIND", path, body, {"Depth": str(depth), "Content-Type": "application/xml", **headers})

    def sync(self, path, token="", limit=None, deep=False, properties="<getetag/>"):
        limited = f"<limit><nresults>{limit}</nresults></limit>" if limit else ""
        level = "infinite" if deep else "1"
        return self("REPORT", path, f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>{level}</sync-level>{limited}'
                    f"<prop>{properties}</prop></sync-collection>", Depth="0")

    def lock(self, path, scope="exclusive", **headers):
        return self("LOCK", path, f'<lockinfo xmlns="DAV:"><lockscope><{scope}/></lockscope><locktype><write/></locktype>'
                    "<owner><href>mailto:ada@example.org</href></owner></lockinfo>", **headers)
