# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alarms on devices by Web Push: a push service of our own, devices that decrypt, and a server that is killed in between."""
import base64
import datetime
import http.client
import json
import ssl
import uuid

import pytest

from peers.authority import Authority
from peers.kontor import Kontor
from peers.ports import wait_for
from peers.push_service import PushService

USER = "ada@example.org"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def service(authority):
    service = PushService(authority.issue("push"))
    yield service
    service.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    more = f'[push]\nauthorities = "{authority.certificate}"\nnetworks = ["127.0.0.0/8"]\nretry_first = "1s"\n'
    server = Kontor(tmp_path_factory.mktemp("push"), more=more)
    server.start()
    server.populate()
    yield server
    server.close()


def request(server, method, path, body=None, user=USER, kind="application/json", **headers):
    connection = http.client.HTTPSConnection("127.0.0.1", server.port("https"), context=ssl._create_unverified_context(), timeout=30)
    login = base64.b64encode(f"{user}:secret".encode()).decode()
    text = json.dumps(body) if isinstance(body, dict) else body
    connection.request(method, path, text, {"Authorization": "Basic " + login, **({"Content-Type": kind} if body else {}), **headers})
    answer = connection.getresponse()
    out = answer.read().decode()
    connection.close()
    return answer.status, json.loads(out) if answer.headers["Content-Type"] == "application/json" else out


def subscribe(server, device, **more):
    status, made = request(server, "POST", "/push/subscriptions", device.subscription(**more))
    assert status == 201, made
    wait_for(lambda: device.told, "the verification", 20)
    told = device.told.pop(0)
    assert told["@type"] == "PushVerification" and told["pushSubscriptionId"] == made["id"]
    status, changed = request(server, "PATCH", f"/push/subscriptions/{made['id']}", {"verificationCode": told["verificationCode"]})
    assert status == 200 and changed["verificationCode"] == told["verificationCode"]
    return made["id"]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def remind(server, seconds=2, action="DISPLAY", more=""):
    """Puts an event whose alarm is due soon; its UID and when that is."""
    uid = str(uuid.uuid4())
    due = now().replace(microsecond=0) + datetime.timedelta(seconds=seconds)
    text = (f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nDTSTART:{due:%Y%m%dT%H%M%SZ}\nDURATION:PT1H\n"
            f"SUMMARY:Tea – 茶\nBEGIN:VALARM\nACTION:{action}\nTRIGGER:PT0S\nDESCRIPTION:Kettle\nEND:VALARM\n{more}END:VEVENT\nEND:VCALENDAR\n")
    status, _ = request(server, "PUT", f"/dav/calendars/{USER}/calendar/{uid}.ics", text.replace("\n", "\r\n").encode(), kind="text/calendar")
    assert status == 201
    return uid, due


def alerts(device, uid):
    return [one for one in device.told if one.get("uid") == uid]


def is_there(server, subscription):
    return request(server, "GET", f"/push/subscriptions/{subscription}")[0] == 200


@pytest.mark.short
def test_alarm_is_told_once(server, service):
    """Encrypted, signed with the key that the device subscribed for, and not again after a start."""
    service.key = request(server, "GET", "/push/key")[1]["applicationServerKey"]
    device = service.device("phone")
    subscription = subscribe(server, device, types=["CalendarAlert"])
    uid, _ = remind(server)
    wait_for(lambda: alerts(device, uid), "the alarm", 20)
    alert = alerts(device, uid)[0]
    assert alert["@type"] == "CalendarAlert" and alert["title"] == "Tea – 茶" and alert["text"] == "Kettle"
    _, headers = service.requests[-1][1:]
    assert len(headers["Topic"]) <= 32
    listed = request(server, "GET", "/push/subscriptions")[1]["list"]
    assert [one["id"] for one in listed] == [subscription] and "url" not in listed[0] and "keys" not in listed[0]
    assert request(server, "GET", "/push/subscriptions", user="ben@example.org")[1] == {"list": []}
    server.kill()
    server.start()
    assert request(server, "GET", "/push/key")[1]["applicationServerKey"] == service.key
    other, _ = remind(server, action="AUDIO")
    wait_for(lambda: alerts(device, other), "the next alarm", 20)
    assert len(alerts(device, uid)) == 1
    assert request(server, "DELETE", f"/push/subscriptions/{subscription}")[0] == 204


def test_nothing_is_lost_when_the_server_dies(server, service):
    """What is due while nobody runs comes at the start; what a service could not take comes later."""
    device = service.device("tablet")
    subscription = subscribe(server, device)
    uid, due = remind(server)
    server.kill()
    wait_for(lambda: now() > due, "the time of the alarm", 20)
    service.answers = [(503, {}), (429, {"Retry-After": "1"})]
    server.start()
    wait_for(lambda: not service.answers, "the refusals", 20)
    server.kill()
    server.start()
    wait_for(lambda: alerts(device, uid), "the alarm", 20)
    assert len(alerts(device, uid)) == 1
    assert request(server, "DELETE", f"/push/subscriptions/{subscription}")[0] == 204


def test_devices_that_are_gone_are_forgotten(server, service):
    device = service.device("gone")
    subscription = subscribe(server, device)
    service.answers = [(410, {})]
    remind(server)
    wait_for(lambda: not is_there(server, subscription), "the subscription to go", 20)
    other = service.device("deaf")
    status, made = request(server, "POST", "/push/subscriptions", other.subscription())
    wait_for(lambda: other.told, "the verification", 20)
    uid, _ = remind(server, 1)
    watch = service.device("watch")
    kept = subscribe(server, watch)
    second, _ = remind(server)
    wait_for(lambda: alerts(watch, second), "the alarm", 20)
    assert not alerts(other, uid) and not alerts(other, second), "it never showed that it listens"
    for one in (made["id"], kept):
        assert request(server, "DELETE", f"/push/subscriptions/{one}")[0] == 204


def test_answers_of_the_door(server, service):
    device = service.device("any")
    sound = device.subscription()
    wrong_key = {**sound, "keys": {**sound["keys"], "p256dh": "AAAA"}}
    cases = [("POST", "/push/subscriptions", {**sound, "url": "http://127.0.0.1/"}, {}, 400), ("POST", "/push/subscriptions", wrong_key, {}, 400),
             ("POST", "/push/subscriptions", sound, {"kind": "text/plain"}, 415), ("PUT", "/push/subscriptions", None, {}, 405),
             ("GET", "/push/subscriptions/P0", None, {}, 404), ("PATCH", "/push/subscriptions/P0", {"expires": None}, {}, 404),
             ("GET", "/push/else", None, {}, 404), ("DELETE", "/push/key", None, {}, 405)]
    for method, path, body, options, expected in cases:
        assert request(server, method, path, body, **options)[0] == expected, (method, path, body)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port("https"), context=ssl._create_unverified_context(), timeout=30)
    connection.request("GET", "/push/key")
    assert connection.getresponse().status == 401
    connection.close()
