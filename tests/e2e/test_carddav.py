# SPDX-License-Identifier: AGPL-3.0-or-later
"""Address books over CardDAV: by hand, by vdirsyncer and khard, and the list of people."""
import base64
import http.client
import pathlib
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest
import vobject

from peers.kontor import ROOT, Kontor

D, CR = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}"
BOOK = "/dav/contacts/ada@example.org/contacts/"
DIRECTORY = "/dav/contacts/ada@example.org/directory/"
HEADS = '<?xml version="1.0"?><{0} xmlns:D="DAV:" xmlns="urn:ietf:params:xml:ns:carddav">{1}</{0}>'
JPEG = b"\xff\xd8\xff\xe0 a face \xff\xd9"


class Client:
    def __init__(self, server, user="ada@example.org"):
        self.address = ("127.0.0.1", server.port("dav"))
        self.login = "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()

    def ask(self, method, path, body=b"", **headers):
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        body = body.encode() if isinstance(body, str) else body
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body or None, {"Authorization": self.login, **headers})
            answer = connection.getresponse()
            answer.body = answer.read()
            return answer
        finally:
            connection.close()

    def put(self, path, card, **headers):
        return self.ask("PUT", path, card, Content_Type="text/vcard", **headers)

    def responses(self, method, path, body, **headers):
        """By href: its status, or its properties that are there."""
        answer = self.ask(method, path, body, Content_Type="application/xml", **headers)
        assert answer.status == 207, (answer.status, answer.body)
        out = {}
        root = xml.fromstring(answer.body)
        for response in root.iter(D + "response"):
            status = response.findtext(D + "status")
            found = {}
            for stat in response.iter(D + "propstat"):
                if " 200 " in stat.findtext(D + "status"):
                    found.update({child.tag: child for child in stat.find(D + "prop")})
            out[response.findtext(D + "href")] = int(status.split()[1]) if status else found
        out["token"] = root.findtext(D + "sync-token")
        return out

    def propfind(self, path, names, depth="0"):
        return self.responses("PROPFIND", path, HEADS.format("D:propfind", f"<D:prop>{names}</D:prop>"), Depth=depth)

    def query(self, path, conditions, data="<address-data/>", test="anyof", more=""):
        body = HEADS.format("addressbook-query", f'<D:prop><D:getetag/>{data}</D:prop><filter test="{test}">{conditions}</filter>{more}')
        return self.responses("REPORT", path, body, Depth="1")

    def multiget(self, path, hrefs, data="<address-data/>"):
        body = HEADS.format("addressbook-multiget", f"<D:prop><D:getetag/>{data}</D:prop>" + "".join(f"<D:href>{href}</D:href>" for href in hrefs))
        return self.responses("REPORT", path, body)

    def sync(self, path, token="", data=""):
        body = f'<D:sync-collection xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/>{data}</D:prop></D:sync-collection>'
        return self.responses("REPORT", path, body)


def names(found):
    return sorted(href.rsplit("/", 1)[1] for href, what in found.items() if href.startswith("/") and isinstance(what, dict))


def card(uid, name, *more, version="3.0"):
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", *more, "END:VCARD", ""]).encode()


def precondition(answer):
    return [child.tag for child in xml.fromstring(answer.body)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Kontor(tmp_path_factory.mktemp("cards") / "kontor")
    server.start()
    try:
        server.populate(("ada", "ben", "cyd"))
        server.run("tenant", "add", "other")
        server.run("domain", "add", "other.example", "--tenant", "other")
        server.add_user("eve@other.example")
        server.run("group", "add", "team@example.org", "--name", "The Team", "--member", "ada@example.org,ben@example.org")
        server.run("resource", "add", "room@example.org", "--name", "Room 5")
        yield server
    finally:
        server.close()


@pytest.fixture
def ada(server):
    client = Client(server)
    for href in names(client.propfind(BOOK, "<D:getetag/>", "1")):
        if href:
            assert client.ask("DELETE", BOOK + href).status == 204
    return client


@pytest.mark.short
def test_a_client_finds_what_there_is(ada):
    assert "addressbook" in ada.ask("OPTIONS", BOOK).headers["DAV"].split(", ")
    principal = "/dav/principals/ada@example.org/"
    found = ada.propfind(principal, "<addressbook-home-set/><principal-address/><directory-gateway/>")[principal]
    assert found[CR + "addressbook-home-set"].findtext(D + "href") == "/dav/contacts/ada@example.org/"
    assert found[CR + "directory-gateway"].findtext(D + "href") == DIRECTORY
    own = found[CR + "principal-address"].findtext(D + "href")
    assert b"\r\nEMAIL:ada@example.org\r\n" in ada.ask("GET", own).body
    home = ada.propfind("/dav/contacts/ada@example.org/", "<D:resourcetype/><D:displayname/>", "1")
    for path in (BOOK, DIRECTORY):
        assert CR + "addressbook" in [kind.tag for kind in home[path][D + "resourcetype"]]
    for path in (BOOK, DIRECTORY):
        book = ada.propfind(path, "<supported-address-data/><max-resource-size/><supported-collation-set/><D:supported-report-set/>")[path]
        assert {kind.get("version") for kind in book[CR + "supported-address-data"]} == {"3.0", "4.0"}
        assert int(book[CR + "max-resource-size"].text) >= 1 << 20
        assert [one.text for one in book[CR + "supported-collation-set"]] == ["i;ascii-casemap", "i;octet", "i;unicode-casemap"]
        reports = [one.tag for one in book[D + "supported-report-set"].iter()]
        assert {CR + "addressbook-query", CR + "addressbook-multiget", D + "sync-collection"} <= set(reports)
    change = HEADS.format("D:propertyupdate", "<D:set><D:prop><addressbook-description>Mine</addressbook-description></D:prop></D:set>")
    assert ada.responses("PROPPATCH", BOOK, change)[BOOK]
    assert ada.propfind(BOOK, "<addressbook-description/>")[BOOK][CR + "addressbook-description"].text == "Mine"


def test_what_is_put_comes_back_byte_for_byte(ada):
    folder = ROOT / "../shared/corpus/vcf"
    if not folder.is_dir():
        pytest.skip("there is no corpus")
    taken, seen = 0, set()
    for file in sorted(folder.glob("*.vcf")):
        content = file.read_bytes()
        answer = ada.put(BOOK + file.name, content)
        if answer.status == 201:
            taken += 1
            assert ada.ask("GET", BOOK + file.name).body == content, file.name
        else:
            assert answer.status in (403, 409), (file.name, answer.status, answer.body)
            seen.update(precondition(answer))
    assert taken >= 90
    assert seen <= {CR + "valid-address-data", CR + "no-uid-conflict", CR + "max-resource-size"}


@pytest.mark.short
def test_what_may_not_be_put(ada):
    assert ada.put(BOOK + "a.vcf", card("a", "A")).status == 201
    for why, answer, expected in [
        ("another type", ada.ask("PUT", BOOK + "b.vcf", card("b", "B"), Content_Type="text/plain"), "supported-address-data"),
        ("no card", ada.put(BOOK + "b.vcf", b"hello"), "valid-address-data"),
        ("a part of one", ada.put(BOOK + "b.vcf", card("b", "B")[:-12]), "valid-address-data"),
        ("two", ada.put(BOOK + "b.vcf", card("b", "B") + card("c", "C")), "valid-address-data"),
        ("a UID that is there", ada.put(BOOK + "b.vcf", card("a", "B")), "no-uid-conflict"),
        ("another card in its place", ada.put(BOOK + "a.vcf", card("b", "B")), "no-uid-conflict"),
    ]:
        assert answer.status in (403, 409), (why, answer.status)
        assert precondition(answer) == [CR + expected], why
        if why == "a UID that is there":
            assert xml.fromstring(answer.body).findtext(f"{CR}no-uid-conflict/{D}href") == BOOK + "a.vcf"
    assert names(ada.propfind(BOOK, "<D:getetag/>", "1")) == ["", "a.vcf"]
    # Renamed within the book it does not conflict with itself, copied it does.
    destination = f"http://{ada.address[0]}:{ada.address[1]}{BOOK}"
    assert ada.ask("COPY", BOOK + "a.vcf", Destination=destination + "b.vcf").status == 409
    assert ada.ask("MOVE", BOOK + "a.vcf", Destination=destination + "b.vcf").status == 201


@pytest.mark.short
def test_queries_and_multiget(ada):
    people = {"a": ("Ada L", "EMAIL;TYPE=work:ada@mills.example"), "b": ("Bob B", "item1.TEL:+49 1", "EMAIL;TYPE=home:bob@home.example"), "c": ("J\u00f6rg C", "NICKNAME:me")}
    for uid, (name, *more) in people.items():
        ada.put(f"{BOOK}{uid}.vcf", card(uid, name, *more))

    def found(conditions, **options):
        return names(ada.query(BOOK, conditions, **options))

    assert found("") == ["a.vcf", "b.vcf", "c.vcf"]
    assert found('<prop-filter name="FN"><text-match>\u00d6RG</text-match></prop-filter>') == ["c.vcf"]
    assert found('<prop-filter name="FN"><text-match collation="i;octet">b</text-match></prop-filter>') == ["b.vcf"]
    assert found('<prop-filter name="EMAIL"><text-match match-type="starts-with">ADA@</text-match></prop-filter>') == ["a.vcf"]
    assert found('<prop-filter name="EMAIL"><is-not-defined/></prop-filter>') == ["c.vcf"]
    assert found('<prop-filter name="EMAIL"><param-filter name="TYPE"><text-match match-type="equals">work</text-match></param-filter></prop-filter>') == ["a.vcf"]
    assert found('<prop-filter name="EMAIL"><text-match negate-condition="yes">home</text-match></prop-filter>') == ["a.vcf"]
    assert found('<prop-filter name="ITEM1.TEL"/>') == ["b.vcf"]
    two = '<prop-filter name="NICKNAME"/><prop-filter name="TEL"/>'
    assert found(two) == ["b.vcf", "c.vcf"] and found(two, test="allof") == []

    some = ada.query(BOOK, "", more="<limit><nresults>2</nresults></limit>")
    assert len(names(some)) == 2 and some[BOOK] == 507
    wrong = HEADS.format("addressbook-query", '<D:prop><address-data content-type="text/x" version="9"/></D:prop><filter/>')
    assert ada.ask("REPORT", BOOK, wrong, Depth="1", Content_Type="text/xml").status == 403

    got = ada.multiget(BOOK, [BOOK + "b.vcf", BOOK + "nobody.vcf"], '<address-data content-type="text/vcard" version="4.0"><prop name="FN"/><prop name="TEL"/></address-data>')
    assert got[BOOK + "nobody.vcf"] == 404
    assert got[BOOK + "b.vcf"][CR + "address-data"].text == "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bob B\r\nitem1.TEL:+49 1\r\nEND:VCARD\r\n"
    whole = ada.multiget(BOOK, [BOOK + "b.vcf"])[BOOK + "b.vcf"]
    assert whole[CR + "address-data"].text.encode() == card("b", *people["b"])
    assert whole[D + "getetag"].text == ada.ask("HEAD", BOOK + "b.vcf").headers["ETag"]


@pytest.mark.short
def test_versions_groups_and_photos(ada):
    picture = base64.b64encode(JPEG).decode()
    ada.put(BOOK + "p.vcf", card("p", "P", f"PHOTO;ENCODING=b;TYPE=JPEG:{picture}"))
    new = ada.ask("GET", BOOK + "p.vcf", Accept="text/vcard;version=4.0, text/vcard;version=3.0;q=0.5")
    assert new.headers["Content-Type"].endswith("version=4.0") and new.headers["Vary"] == "Accept"
    assert f"PHOTO:data:image/jpeg;base64,{picture}" in new.body.decode().replace("\r\n ", "")
    assert new.headers["ETag"] == ada.ask("GET", BOOK + "p.vcf").headers["ETag"]
    assert ada.ask("GET", BOOK + "p.vcf", Accept="text/vcard;version=4.0", If_None_Match=new.headers["ETag"]).status == 304

    # What one writes as version 4 is read by another as Apple has it in 3, and the other way round.
    ada.put(BOOK + "g4.vcf", card("g4", "G", "KIND:group", "MEMBER:urn:uuid:p", version="4.0"))
    old = ada.ask("GET", BOOK + "g4.vcf", Accept="text/vcard;version=3.0").body
    assert b"X-ADDRESSBOOKSERVER-KIND:group\r\n" in old and b"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:p\r\n" in old
    ada.put(BOOK + "g3.vcf", card("g3", "G", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:p"))
    got = ada.multiget(BOOK, [BOOK + "g3.vcf"], '<address-data content-type="text/vcard" version="4.0"/>')
    text = got[BOOK + "g3.vcf"][CR + "address-data"].text
    assert "KIND:group\r\n" in text and "\r\nMEMBER:urn:uuid:p\r\n" in text
    seen = vobject.readOne(ada.ask("GET", BOOK + "p.vcf").body.decode())
    assert seen.photo.value == JPEG


@pytest.mark.short
def test_the_list_of_people(server, ada):
    (server.folder / "face.jpg").write_bytes(JPEG)
    server.run("user", "set", "ben@example.org", "--name", "Ben Builder", "--title", "Builder", "--department", "Mills", "--phone", "mobile:+49 170", "--photo", server.folder / "face.jpg")
    token = ada.sync(DIRECTORY)["token"]
    first = ada.sync(DIRECTORY, data="<CR:address-data/>")
    cards = {what[CR + "address-data"].text.split("\r\nEMAIL:")[1].split("@")[0]: href for href, what in first.items() if isinstance(what, dict)}
    assert sorted(cards) == ["ada", "ben", "cyd", "room", "team"]
    ben = vobject.readOne(ada.ask("GET", cards["ben"]).body.decode())
    assert (ben.fn.value, ben.title.value, ben.tel.value, ben.photo.value) == ("Ben Builder", "Builder", "+49 170", JPEG)
    assert ben.org.value == ["", "Mills"] and ben.n.value.family == "Builder"
    team = ada.ask("GET", cards["team"], Accept="text/vcard;version=4.0").body.decode()
    assert "KIND:group\r\n" in team and team.count("MEMBER:urn:uuid:") == 2
    assert ben.uid.value in team

    assert list(ada.query(DIRECTORY, '<prop-filter name="N"><text-match>build</text-match></prop-filter>'))[0] == cards["ben"]
    assert names(ada.query(DIRECTORY, "", more="<limit><nresults>3</nresults></limit>")) != []
    assert ada.multiget(DIRECTORY, [cards["ben"], DIRECTORY + "999.vcf"])[DIRECTORY + "999.vcf"] == 404
    listed = ada.propfind(DIRECTORY, "<D:getetag/>", "1")
    etag = listed[cards["ben"]][D + "getetag"].text

    # Nobody changes it this way, and others do not see it.
    for method, path in [("PUT", cards["ben"]), ("PUT", DIRECTORY + "new.vcf"), ("DELETE", cards["ben"]), ("DELETE", DIRECTORY), ("MKCOL", DIRECTORY)]:
        assert ada.ask(method, path, card("x", "X") if method == "PUT" else b"", Content_Type="text/vcard").status in (403, 404, 405, 409), method
    assert Client(server, "eve@other.example").ask("GET", cards["ben"]).status in (403, 404)
    others = Client(server, "eve@other.example").sync("/dav/contacts/eve@other.example/directory/", data="<CR:address-data/>")
    assert len([href for href in others if href.startswith("/")]) == 1

    server.run("user", "set", "ben@example.org", "--title", "Master builder")
    server.run("user", "set", "cyd@example.org", "--hidden", "on")
    news = ada.sync(DIRECTORY, token)
    assert news[cards["cyd"]] == 404 and news[cards["ben"]][D + "getetag"].text != etag
    assert len(news) == 3
    server.stop()
    server.start()
    ada = Client(server)
    again = ada.sync(DIRECTORY, token)
    assert again == {**again, cards["cyd"]: 404} and again["token"] == news["token"]
    assert list(ada.sync(DIRECTORY, news["token"])) == ["token"]
    wrong = ada.ask("REPORT", DIRECTORY, '<D:sync-collection xmlns:D="DAV:"><D:sync-token>data:,x</D:sync-token><D:sync-level>1</D:sync-level><D:prop/></D:sync-collection>')
    assert wrong.status == 403 and precondition(wrong) == [D + "valid-sync-token"]
    server.run("user", "set", "cyd@example.org", "--hidden", "off")


VDIRSYNCER = """
[general]
status_path = "{folder}/status"
[pair cards]
a = "local"
b = "remote"
collections = null
[storage local]
type = "filesystem"
path = "{folder}/cards/"
fileext = ".vcf"
[storage remote]
type = "carddav"
url = "http://127.0.0.1:{port}/dav/contacts/ada@example.org/contacts/"
username = "ada@example.org"
password = "secret"
[pair people]
a = "copy"
b = "directory"
collections = null
[storage copy]
type = "filesystem"
path = "{folder}/people/"
fileext = ".vcf"
[storage directory]
type = "carddav"
url = "http://127.0.0.1:{port}/dav/contacts/ada@example.org/directory/"
username = "ada@example.org"
password = "secret"
read_only = true
"""

KHARD = """
[addressbooks]
[[cards]]
path = {folder}/cards
[[people]]
path = {folder}/people
[general]
default_action = list
[vcard]
preferred_version = 3.0
"""


def test_khard_and_vdirsyncer(server, ada, tmp_path):
    config = tmp_path / "vdirsyncer"
    config.write_text(VDIRSYNCER.format(folder=tmp_path, port=server.port("dav")))
    (tmp_path / "khard").write_text(KHARD.format(folder=tmp_path))

    def run(*command, input=""):
        done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def sync():
        return run("/usr/bin/vdirsyncer", "-c", str(config), "sync")

    def khard(*words, **options):
        return run("/usr/bin/khard", "-c", str(tmp_path / "khard"), *words, **options)

    for folder in ("cards", "people"):
        (tmp_path / folder).mkdir()
    original = card("first", "Grace Hopper", "TEL;TYPE=work:+1 555", "X-OWN:kept")
    ada.put(BOOK + "first.vcf", original)
    run("/usr/bin/vdirsyncer", "-c", str(config), "discover", input="y\n" * 10)
    sync()
    files = list((tmp_path / "cards").glob("*.vcf"))
    assert [file.read_bytes().replace(b"\r\n", b"\n") for file in files] == [original.replace(b"\r\n", b"\n")]
    assert "Grace Hopper" in khard("list") and "Room 5" in khard("list", "-a", "people")
    assert "ben@example.org" in khard("email", "-a", "people", "--parsable", "ben")

    khard("new", "-a", "cards", input="First name: Edith\nLast name: Clarke\nEmail:\n  work: edith@example.net\n")
    files[0].write_bytes(original.replace(b"+1 555", b"+1 777"))
    sync()
    found = ada.query(BOOK, "")
    texts = [what[CR + "address-data"].text for what in found.values() if isinstance(what, dict)]
    assert len(texts) == 2
    edith = next(vobject.readOne(text) for text in texts if "Clarke" in text)
    assert edith.email.value == "edith@example.net"
    grace = ada.ask("GET", BOOK + "first.vcf").body
    assert b"+1 777" in grace and b"X-OWN:kept" in grace

    assert ada.ask("DELETE", BOOK + "first.vcf").status == 204
    sync()
    assert "Grace" not in khard("list", "-a", "cards")


def test_hostile_cards_and_queries(server, ada):
    before = server.memory_kib()
    lines = {
        "one endless line": b"NOTE:" + b"x" * (9 << 20),
        "many properties": b"A:\r\n" * (2 << 20),
        "many parameters": b"TEL" + b";A=B" * (1 << 20) + b":1",
        "deep cards": b"BEGIN:VCARD\r\n" * 500_000,
        "folds": b"NOTE:x\r\n " * 500_000,
    }
    for why, line in lines.items():
        answer = ada.put(BOOK + "h.vcf", card("h", "H") [:-len(b"END:VCARD\r\n")] + line + b"\r\nEND:VCARD\r\n")
        assert answer.status in (201, 204, 403, 413), (why, answer.status)
    huge = "x" * (3 << 20)
    text = f'<prop-filter name="FN"><text-match>{huge}</text-match></prop-filter>'
    many = '<prop-filter name="FN"><text-match>x</text-match></prop-filter>' * 5000
    for conditions in (text, many):
        answer = ada.ask("REPORT", BOOK, HEADS.format("addressbook-query", f"<D:prop/><filter>{conditions}</filter>"), Depth="1")
        assert answer.status in (403, 413), answer.status
    assert len(names(ada.query(BOOK, ""))) <= 1
    if server.memory_kib() and "asan" not in str(pathlib.Path(server.config)):
        assert server.memory_kib() - before < 600_000
    assert re.match(r"\d", str(ada.ask("GET", BOOK).status))
