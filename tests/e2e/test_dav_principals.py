# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who there is over DAV, what others may do, and what shows in whose home: python3-caldav, and requests as Apple's clients send them."""
import base64
import hmac
import http.client
import json
import re
import signal
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ET

import pytest

from peers.dav import Dav
from peers.kontor import Kontor

caldav = pytest.importorskip("caldav")

pytestmark = pytest.mark.short

D, C, CS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" xmlns:K="urn:kontor:dav"'
EVENT = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261201T100000Z\r
DTEND:20261201T110000Z\r\nSUMMARY:Talk\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n"


@pytest.fixture(scope="module")
def kontor(tmp_path_factory):
    server = Kontor(tmp_path_factory.mktemp("principals") / "kontor")
    server.start()
    server.populate(users=("ada", "ben", "cleo"))
    server.run("group", "add", "team@example.org", "--member", "ben@example.org")
    yield server
    server.close()


def ask(kontor, method, path, body=None, user="ada", password="secret", **headers):
    dav = Dav(kontor, f"{user}@example.org" if user else None, password)
    if body and body.startswith("<"):
        headers.setdefault("Content-Type", "application/xml")
    answer = dav(method, path, body, **headers)
    dav.connection.close()
    return answer


def properties(answer):
    """Of a multistatus, by path: the properties that are there."""
    return {path: {name: element for name, (status, element) in found.items() if status == 200} for path, (_, found) in answer.responses.items()}


def find(kontor, path, *names, user="ada", depth="0"):
    props = "".join(f"<{name}/>" for name in names)
    answer = ask(kontor, "PROPFIND", path, f"<D:propfind {SPACES}><D:prop>{props}</D:prop></D:propfind>", user=user, Depth=depth)
    assert answer.status == 207, (answer.status, answer.body)
    return properties(answer)


def hrefs(element):
    return [urllib.parse.unquote(one.text) for one in element.iter(D + "href")]


def privileges(kontor, path, user):
    return {p[0].tag for p in find(kontor, path, "D:current-user-privilege-set", user=user)[path][D + "current-user-privilege-set"]}


def home(user, *names):
    return "/".join(["/dav/calendars/" + user + "@example.org", *names]) + "/"


def principal(user):
    return f"/dav/principals/{user}@example.org/"


def test_logins(kontor):
    for user, password, status in (("ada", "secret", 207), ("ada", "wrong", 401), ("nobody", "secret", 401), (None, "", 401)):
        answer = ask(kontor, "PROPFIND", "/dav/", user=user, password=password, Depth="0")
        assert answer.status == status, (user, password)
        assert ("Basic" in (answer.headers["WWW-Authenticate"] or "")) == (status == 401)
    app = kontor.json("user", "app-password", "add", "ada@example.org", "--label", "phone")["secret"]
    assert ask(kontor, "PROPFIND", "/dav/", password=app, Depth="0").status == 207
    log = kontor.log.read_text()
    assert "user=ada@example.org" in log and app not in log and base64.b64encode(b"ada@example.org:wrong").decode() not in log


def test_a_client_finds_its_way_from_the_host_alone(kontor):
    for service in ("caldav", "carddav"):
        answer = ask(kontor, "PROPFIND", "/.well-known/" + service, Depth="0")
        assert (answer.status, answer.headers["Location"]) == (307, "/dav/")
    found = find(kontor, "/dav/", "D:current-user-principal", "D:principal-collection-set")["/dav/"]
    assert hrefs(found[D + "current-user-principal"]) == [principal("ada")]
    assert hrefs(found[D + "principal-collection-set"]) == ["/dav/principals/"]
    for path in ("/", "/dav/"):
        client = caldav.DAVClient(f"http://127.0.0.1:{kontor.port('dav')}{path}", username="ada@example.org", password="secret")
        me = client.principal()
        assert urllib.parse.unquote(me.url.path) == principal("ada")
    assert "mailto:ada@example.org" in me.calendar_user_address_set()
    assert urllib.parse.unquote(me.calendar_home_set.url.path) == home("ada")
    assert home("ada", "calendar") in find(kontor, home("ada"), "D:displayname", depth="1")


def test_principals_tell_who_they_are(kontor):
    ben = find(kontor, principal("ben"), "D:displayname", "D:group-membership", "C:calendar-user-type", "D:resourcetype", "D:principal-URL",
               "CS:email-address-set")[principal("ben")]
    assert ben[D + "displayname"].text == "Ben" and ben[C + "calendar-user-type"].text == "INDIVIDUAL"
    assert ben[D + "resourcetype"].find(D + "principal") is not None
    assert hrefs(ben[D + "group-membership"]) == [principal("team")]
    assert [a.text for a in ben[CS + "email-address-set"]] == ["ben@example.org"]
    team = find(kontor, principal("team"), "D:group-member-set", "C:calendar-user-type")[principal("team")]
    assert hrefs(team[D + "group-member-set"]) == [principal("ben")] and team[C + "calendar-user-type"].text == "GROUP"


def test_principals_are_searched(kontor):
    def search(match, name="D:displayname", how="", extra=""):
        body = (f'<D:principal-property-search {SPACES}><D:property-search><D:prop><{name}/></D:prop><D:match{how}>{match}</D:match></D:property-search>'
                f"<D:prop><D:displayname/></D:prop>{extra}</D:principal-property-search>")
        answer = ask(kontor, "REPORT", "/dav/principals/", body, Depth="0")
        assert answer.status == 207, answer.body
        return sorted(answer.responses)

    assert search("bE") == [principal("ben")]
    assert search("example.org", "CS:email-address-set") == sorted(principal(u) for u in ("ada", "ben", "cleo", "team"))
    assert search("BEN@", "C:calendar-user-address-set") == [principal("ben")]
    assert search("en", how=' match-type="starts-with"') == []
    assert search("nobody") == []
    assert len(search("example.org", "CS:email-address-set", extra="<D:limit><D:nresults>2</D:nresults></D:limit>")) == 3, "two, and that there are more"
    answer = ask(kontor, "REPORT", "/dav/principals/", f"<D:principal-search-property-set {SPACES}/>", Depth="0")
    assert answer.status == 200 and b"displayname" in answer.body
    answer = ask(kontor, "REPORT", "/dav/principals/", f"<D:principal-match {SPACES}><D:self/><D:prop><D:displayname/></D:prop></D:principal-match>",
                 user="ben", Depth="0")
    assert set(answer.responses) == {principal("ben"), principal("team")}


def test_properties_are_expanded(kontor):
    body = (f'<D:expand-property {SPACES}><D:property name="group-member-set"><D:property name="displayname"/><D:property name="nothing"/>'
            "</D:property></D:expand-property>")
    answer = ask(kontor, "REPORT", principal("team"), body, Depth="0")
    assert answer.status == 207, answer.body
    inner = properties(answer)[principal("team")][D + "group-member-set"].find(D + "response")
    assert hrefs(inner)[0] == principal("ben")
    assert inner.find(f".//{D}displayname").text == "Ben"
    assert "404" in inner.findall(D + "propstat")[1].find(D + "status").text


def acl(*aces):
    return f"<D:acl {SPACES}>" + "".join(aces) + "</D:acl>"


def ace(who, *names):
    return f"<D:ace><D:principal>{who}</D:principal><D:grant>" + "".join(f"<D:privilege><{n}/></D:privilege>" for n in names) + "</D:grant></D:ace>"


def to(user):
    return f"<D:href>{principal(user)}</D:href>"


def test_an_acl_gives_and_takes(kontor):
    path = home("ada", "acl")
    assert ask(kontor, "MKCALENDAR", path).status == 201 or ask(kontor, "MKCOL", path, mkcol("Planning")).status == 201
    assert ask(kontor, "PUT", path + "a.ics", EVENT.format(uid="acl-1")).status == 201
    assert ask(kontor, "GET", path + "a.ics", user="ben").status in (403, 404)
    body = acl(ace(to("ben"), "D:read"), ace(to("team"), "D:write-properties"), ace("<D:authenticated/>", "C:read-free-busy"))
    assert ask(kontor, "ACL", path, body).status == 200
    assert ask(kontor, "GET", path + "a.ics", user="ben").status == 200
    assert ask(kontor, "PUT", path + "b.ics", EVENT.format(uid="acl-2"), user="ben").status == 403
    assert {D + "read", D + "write-properties"} <= privileges(kontor, path, "ben")
    assert D + "write" not in privileges(kontor, path, "ben") and D + "all" in privileges(kontor, path, "ada")
    # What is read is what can be set again.
    shown = find(kontor, path, "D:acl", "D:owner", "D:supported-privilege-set")[path]
    assert hrefs(shown[D + "owner"]) == [principal("ada")]
    before = ET.tostring(shown[D + "acl"])
    assert ask(kontor, "ACL", path, before.decode()).status == 200
    assert ET.tostring(find(kontor, path, "D:acl")[path][D + "acl"]) == before
    answer = ask(kontor, "REPORT", path, f"<D:acl-principal-prop-set {SPACES}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>", Depth="0")
    assert set(answer.responses) == {principal("ada"), principal("ben"), principal("team")}
    # IMAP-like rights by command see the same grants, and the others' ACL is not theirs to change.
    assert ask(kontor, "ACL", path, acl(), user="ben").status == 403
    for body, word in ((acl(ace("<D:all/>", "D:read")), "allowed-principal"), (acl(ace(to("nobody"), "D:read")), "recognized-principal"),
                       (acl(ace(to("ben"), "D:fly")), "not-supported-privilege"), (acl(ace(to("ben"), "D:read-acl")), "no-abstract"),
                       (acl(f"<D:ace><D:principal>{to('ben')}</D:principal><D:deny><D:privilege><D:read/></D:privilege></D:deny></D:ace>"), "grant-only")):
        answer = ask(kontor, "ACL", path, body)
        assert answer.status == 403 and word.encode() in answer.body, word
    assert ask(kontor, "ACL", path, acl()).status == 200
    assert ask(kontor, "GET", path + "a.ics", user="ben").status in (403, 404)


def mkcol(name):
    return (f"<D:mkcol {SPACES}><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>{name}</D:displayname>"
            "</D:prop></D:set></D:mkcol>")


def mounts(kontor, user):
    """What others share with the user, as it shows in the home: by path."""
    found = find(kontor, home(user), "D:displayname", "D:owner", "D:resourcetype", depth="1", user=user)
    return {path: props for path, props in found.items() if "/shared-" in path}


def test_what_is_granted_shows_in_the_home(kontor):
    path = home("ada", "open")
    assert ask(kontor, "MKCOL", path, mkcol("Open house")).status == 201
    assert ask(kontor, "PUT", path + "a.ics", EVENT.format(uid="open-1")).status == 201
    assert mounts(kontor, "cleo") == {}
    assert ask(kontor, "ACL", path, acl(ace(to("cleo"), "D:read", "D:write"))).status == 200
    (mount, props), = mounts(kontor, "cleo").items()
    assert props[D + "displayname"].text == "Open house (Ada)" and hrefs(props[D + "owner"]) == [principal("ada")]
    assert props[D + "resourcetype"].find(CS + "shared") is not None
    assert set(find(kontor, mount, "D:getetag", depth="1", user="cleo")) == {mount, mount + "a.ics"}
    assert ask(kontor, "GET", mount + "a.ics", user="cleo").status == 200
    assert ask(kontor, "PUT", mount + "b.ics", EVENT.format(uid="open-2"), user="cleo").status == 201
    assert ask(kontor, "GET", path + "b.ics").status == 200, "it is the same collection"
    assert ask(kontor, "DELETE", mount + "b.ics", user="cleo").status == 204
    # Taken out of the home, not away from its owner.
    assert ask(kontor, "DELETE", mount, user="cleo").status == 204
    assert mounts(kontor, "cleo") == {} and ask(kontor, "GET", path + "a.ics").status == 200
    assert ask(kontor, "GET", mount + "a.ics", user="cleo").status == 404
    assert ask(kontor, "ACL", path, acl()).status == 200


def test_two_people_use_one_address_book(kontor):
    path = "/dav/contacts/ada@example.org/club/"
    body = (f'<D:mkcol {SPACES} xmlns:CR="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>'
            "<D:displayname>Club</D:displayname></D:prop></D:set></D:mkcol>")
    assert ask(kontor, "MKCOL", path, body).status == 201
    assert ask(kontor, "PUT", path + "dora.vcf", CARD.format(uid="d-1", name="Dora")).status == 201
    home_of_ben = "/dav/contacts/ben@example.org/"

    def shown():
        return [p for p in find(kontor, home_of_ben, "D:displayname", depth="1", user="ben") if "/shared-" in p]

    assert shown() == [] and ask(kontor, "GET", path + "dora.vcf", user="ben").status in (403, 404)
    assert ask(kontor, "ACL", path, acl(ace(to("ben"), "D:read"))).status == 200
    mount, = shown()
    assert b"FN:Dora" in ask(kontor, "GET", mount + "dora.vcf", user="ben").body
    assert ask(kontor, "PUT", mount + "emil.vcf", CARD.format(uid="e-1", name="Emil"), user="ben").status == 403
    assert ask(kontor, "DELETE", mount + "dora.vcf", user="ben").status == 403
    assert ask(kontor, "ACL", path, acl(ace(to("ben"), "D:read", "D:write"))).status == 200
    assert ask(kontor, "PUT", mount + "emil.vcf", CARD.format(uid="e-1", name="Emil"), user="ben").status == 201
    assert b"FN:Emil" in ask(kontor, "GET", path + "emil.vcf").body
    assert ask(kontor, "ACL", path, acl()).status == 200 and shown() == []


def share(*parts):
    return f"<CS:share {SPACES}>" + "".join(parts) + "</CS:share>"


def invited(user, access="read-write"):
    return f"<CS:set><D:href>mailto:{user}@example.org</D:href><CS:summary>x</CS:summary><CS:{access}/></CS:set>"


def test_an_invitation_is_accepted_and_declined(kontor):
    path = home("ada", "trip")
    assert ask(kontor, "MKCOL", path, mkcol("Trip")).status == 201
    assert ask(kontor, "POST", path, share(invited("ben")), user="ben").status in (403, 404)
    assert ask(kontor, "POST", path, share(invited("ben"))).status == 200
    assert mounts(kontor, "ben") == {}, "not before it was accepted"

    def status_of(user="ben"):
        found = find(kontor, path, "CS:invite", "D:resourcetype")[path]
        assert found[D + "resourcetype"].find(CS + "shared-owner") is not None
        return [child.tag for one in found[CS + "invite"].findall(CS + "user") for child in one if "invite-" in child.tag]

    assert status_of() == [CS + "invite-noresponse"]
    url = hrefs(find(kontor, principal("ben"), "CS:notification-URL", user="ben")[principal("ben")][CS + "notification-URL"])[0]
    notices = [p for p in find(kontor, url, "CS:notificationtype", depth="1", user="ben") if p != url]
    assert len(notices) == 1
    notice = ET.fromstring(ask(kontor, "GET", notices[0], user="ben").body).find(CS + "invite-notification")
    assert hrefs(notice.find(CS + "hosturl")) == [path] and notice.find(CS + "summary").text == "Trip"
    assert notice.find(f"{CS}access/{CS}read-write") is not None

    def reply(word):
        uid = notice.find(CS + "uid").text
        return ask(kontor, "POST", home("ben"), f"<CS:invite-reply {SPACES}><D:href>mailto:ben@example.org</D:href><CS:{word}/><CS:hosturl><D:href>{path}</D:href>"
                   f"</CS:hosturl><CS:in-reply-to>{uid}</CS:in-reply-to></CS:invite-reply>", user="ben")

    answer = reply("invite-accepted")
    assert answer.status == 200, answer.body
    mount = hrefs(ET.fromstring(answer.body))[0]
    assert set(mounts(kontor, "ben")) == {mount} and status_of() == [CS + "invite-accepted"]
    assert [p for p in find(kontor, url, "D:getetag", depth="1", user="ben") if p != url] == []
    assert ask(kontor, "PUT", mount + "a.ics", EVENT.format(uid="trip-1"), user="ben").status == 201
    assert ask(kontor, "POST", path, share(invited("ben", "read"))).status == 200, "another access needs no other answer"
    assert set(mounts(kontor, "ben")) == {mount}
    assert ask(kontor, "PUT", mount + "b.ics", EVENT.format(uid="trip-2"), user="ben").status == 403
    assert reply("invite-declined").status == 200
    assert mounts(kontor, "ben") == {} and status_of() == [CS + "invite-declined"]
    # After a restart as before.
    kontor.stop()
    kontor.start()
    assert reply("invite-accepted").status == 200 and set(mounts(kontor, "ben")) == {mount}
    answer = ask(kontor, "POST", path, share("<CS:remove><D:href>mailto:ben@example.org</D:href></CS:remove>", invited("nobody")))
    assert answer.status == 207 and b"403" in answer.body
    assert mounts(kontor, "ben") == {} and ask(kontor, "GET", path + "a.ics", user="ben").status in (403, 404)


def test_guests_choose_how_it_shows_and_hosts_hear_of_answers(kontor):
    """As Apple's programs do it: colour, order and name right after the first look, whatever one may do with what is in it."""
    path, apple = home("ada", "choir"), 'xmlns:A="http://apple.com/ns/ical/"'
    assert ask(kontor, "MKCOL", path, mkcol("Choir")).status == 201
    names = ("D:displayname", f"A:calendar-color {apple}", f"A:calendar-order {apple}", "C:schedule-calendar-transp")

    def change(where, inner, user):
        answer = ask(kontor, "PROPPATCH", where, f"<D:propertyupdate {SPACES} {apple}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>", user=user)
        return {status for status, _ in answer.responses[where][1].values()}

    def shown(where, user):
        return {name.split("}")[1]: element.text or [one.tag.split("}")[1] for one in element] for name, element in find(kontor, where, *names, user=user)[where].items()}

    def notices(user):
        url = home(user, "notifications")
        found = [p for p in find(kontor, url, "CS:notificationtype", depth="1", user=user) if p != url]
        return {p: ET.fromstring(ask(kontor, "GET", p, user=user).body) for p in found}

    def reply(word):
        [notice] = notices("ben").values()
        uid = notice.find(f"{CS}invite-notification/{CS}uid").text
        return uid, ask(kontor, "POST", home("ben"), f"<CS:invite-reply {SPACES}><D:href>mailto:ben@example.org</D:href><CS:{word}/><CS:hosturl><D:href>{path}</D:href></CS:hosturl>"
                        f"<CS:in-reply-to>{uid}</CS:in-reply-to></CS:invite-reply>", user="ben")

    assert change(path, "<A:calendar-color>#00FF00FF</A:calendar-color>", "ada") == {200}
    before = set(notices("ada"))
    for notice in notices("ben"):
        assert ask(kontor, "DELETE", notice, user="ben").status == 204
    assert ask(kontor, "POST", path, share(invited("ben", "read"))).status == 200
    uid, answer = reply("invite-accepted")
    mount = hrefs(ET.fromstring(answer.body))[0]
    [(told, notice)] = [(p, one) for p, one in notices("ada").items() if p not in before]
    answered = notice.find(CS + "invite-reply")
    assert hrefs(answered)[0] == "mailto:ben@example.org" and answered.find(CS + "invite-accepted") is not None
    assert answered.find(CS + "in-reply-to").text == uid and hrefs(answered.find(CS + "hosturl")) == [path]
    assert ask(kontor, "DELETE", told).status == 204
    assert shown(mount, "ben") == {"displayname": "Choir (Ada)", "calendar-color": "#00FF00FF", "schedule-calendar-transp": ["transparent"]}
    assert change(mount, "<A:calendar-color>#123456FF</A:calendar-color><A:calendar-order>3</A:calendar-order><D:displayname>Singing</D:displayname>", "ben") == {200}
    kontor.stop()
    kontor.start()
    mine = {"displayname": "Singing", "calendar-color": "#123456FF", "calendar-order": "3", "schedule-calendar-transp": ["transparent"]}
    assert shown(mount, "ben") == mine
    assert shown(path, "ada") == {"displayname": "Choir", "calendar-color": "#00FF00FF", "schedule-calendar-transp": ["opaque"]}
    assert ask(kontor, "PUT", mount + "a.ics", EVENT.format(uid="choir-1"), user="ben").status == 403, "he may still only read"
    # Taken back: he is told, and it is gone.
    assert ask(kontor, "POST", path, share("<CS:remove><D:href>mailto:ben@example.org</D:href></CS:remove>")).status == 200
    [notice] = notices("ben").values()
    assert notice.find(f"{CS}invite-notification/{CS}invite-deleted") is not None and mount not in mounts(kontor, "ben")


def test_delegates(kontor):
    def set_proxies(kind, *users, user="cleo"):
        members = "".join(to(u) for u in users)
        body = f"<D:propertyupdate {SPACES}><D:set><D:prop><D:group-member-set>{members}</D:group-member-set></D:prop></D:set></D:propertyupdate>"
        answer = ask(kontor, "PROPPATCH", principal("cleo") + f"calendar-proxy-{kind}/", body, user=user)
        assert answer.status in (207, 403), answer.body
        return answer.status == 207 and b" 200 " in answer.body

    def members(kind):
        path = principal("cleo") + f"calendar-proxy-{kind}/"
        return hrefs(find(kontor, path, "D:group-member-set", user="cleo")[path][D + "group-member-set"])

    def stands_in(kind, user):
        name = f"calendar-proxy-{kind}-for"
        return hrefs(find(kontor, principal(user), "CS:" + name, user=user)[principal(user)][CS + name])

    assert members("read") == [] and members("write") == []
    assert not set_proxies("write", "ben", user="ben"), "nobody makes himself a delegate"
    assert set_proxies("write", "ben") and set_proxies("read", "ada")
    assert members("write") == [principal("ben")] and members("read") == [principal("ada")]
    assert stands_in("write", "ben") == [principal("cleo")] and stands_in("read", "ben") == []
    assert stands_in("read", "ada") == [principal("cleo")]
    path = home("cleo", "calendar")
    assert ask(kontor, "PUT", path + "d.ics", EVENT.format(uid="proxy-1"), user="ben").status == 201
    assert ask(kontor, "GET", path + "d.ics", user="ada").status == 200
    assert ask(kontor, "DELETE", path + "d.ics", user="ada").status == 403
    later = home("cleo", "later")
    assert ask(kontor, "MKCOL", later, mkcol("Later"), user="cleo").status == 201
    assert ask(kontor, "PUT", later + "e.ics", EVENT.format(uid="proxy-2"), user="ben").status == 201, "made after he became a delegate"
    assert ask(kontor, "GET", later + "e.ics", user="ada").status == 200
    assert ask(kontor, "PUT", later + "f.ics", EVENT.format(uid="proxy-3"), user="ada").status == 403
    assert members("write") == [principal("ben")] and stands_in("read", "ada") == [principal("cleo")]
    assert set_proxies("write") and members("write") == [] and stands_in("write", "ben") == []
    assert ask(kontor, "DELETE", path + "d.ics", user="ben").status in (403, 404)
    found = find(kontor, principal("cleo") + "calendar-proxy-read/", "D:resourcetype", user="cleo")
    assert found[principal("cleo") + "calendar-proxy-read/"][D + "resourcetype"].find(CS + "calendar-proxy-read") is not None


def test_nobody_sees_another_tenant(kontor):
    kontor.run("tenant", "add", "other")
    kontor.run("domain", "add", "other.example", "--tenant", "other")
    kontor.add_user("zoe@other.example")
    path = "/dav/principals/zoe@other.example/"
    assert ask(kontor, "PROPFIND", path, Depth="0").status == 404
    assert ask(kontor, "ACL", home("ada", "calendar"), acl(ace(f"<D:href>{path}</D:href>", "D:read"))).status == 403


def test_long_answers_are_compressed_and_keep_their_connection(kontor):
    connection = http.client.HTTPConnection("127.0.0.1", kontor.port("dav"), timeout=60)
    login = {"Authorization": "Basic " + base64.b64encode(b"ada@example.org:secret").decode(), "Depth": "1"}
    sizes = []
    for coding in ("identity", "gzip"):
        connection.request("PROPFIND", home("ada"), None, {**login, "Accept-Encoding": coding})
        response = connection.getresponse()
        sizes.append(len(response.read()))
        assert (response.headers["Content-Encoding"] == "gzip") == (coding == "gzip")
    assert sizes[1] < sizes[0] / 2
    connection.close()


def test_what_did_not_change_is_not_sent_again(kontor):
    people = find(kontor, "/dav/contacts/ada@example.org/directory/", "D:getetag", depth="1")
    path = next(p for p in people if p.endswith(".vcf"))
    read = ask(kontor, "GET", path)
    answer = ask(kontor, "GET", path, **{"If-None-Match": read.headers["ETag"]})
    assert read.status == 200 and (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", read.headers["ETag"])
    assert ask(kontor, "GET", path, **{"If-None-Match": '"other"'}).status == 200
    assert ask(kontor, "GET", path, **{"If-Match": '"other"'}).status == 412


def test_a_token_of_an_identity_provider_is_a_login(make_kontor, tmp_path):
    secret = b"0123456789abcdef0123456789abcdef"
    (tmp_path / "shared.secret").write_bytes(secret)
    server = make_kontor(more=f'[oauth]\nkeys = ["{tmp_path / "shared.secret"}"]\nissuer = "https://id.example"\naudience = "kontor"\n').start()
    server.populate()

    def token(key, **claims):
        claims = {"iss": "https://id.example", "aud": "kontor", "exp": int(time.time()) + 600, "email": "ada@example.org", **claims}
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return (text + b"." + base64.urlsafe_b64encode(hmac.digest(key, text, "sha256")).rstrip(b"=")).decode()

    for value, status in ((token(secret), 207), (token(secret, exp=1000), 401), (token(bytes(32)), 401), ("junk", 401)):
        answer = ask(server, "PROPFIND", "/dav/", user=None, Depth="0", Authorization="Bearer " + value)
        assert answer.status == status, (value, answer.body)
        challenges = answer.headers.get_all("WWW-Authenticate") or []
        assert any("Bearer" in one for one in challenges) == (status == 401)
    assert "eyJ" not in server.log.read_text(), "tokens stay out of the log"


def test_a_stop_lets_a_request_finish_and_a_reload_none_feel_it(make_kontor):
    server = make_kontor()
    server.start()
    server.populate()
    login = "Authorization: Basic " + base64.b64encode(b"ada@example.org:secret").decode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port("dav"), timeout=60)
    body = EVENT.format(uid="late").encode()
    connection.putrequest("PUT", home("ada", "calendar")[:-1] + "/late.ics")
    connection.putheader("Authorization", login.split(": ", 1)[1])
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:20])
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    connection.send(body[20:40])
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    time.sleep(0.3)
    connection.send(body[40:])
    response = connection.getresponse()
    assert response.status == 201, response.read()
    assert response.headers["Connection"] == "close"
    connection.close()
    stopping.join()
    server.start()
    assert ask(server, "GET", home("ada", "calendar") + "late.ics").status == 200
    assert re.search(r"http.request .*PUT.*status=201", server.log.read_text())
