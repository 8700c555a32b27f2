# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports to owners of domains: what came in their name (DMARC), how TLS with their hosts went (TLS-RPT)."""
import email
import gzip
import json
import shutil
import smtplib
import subprocess
import xml.etree.ElementTree

import pytest

from peers.authority import Authority
from peers.kontor import ROOT
from peers.name_server import NameServer
from peers.ports import wait_for
from peers.smtp_server import SmtpServer

ZONES = {
    "bank.example": ['@ TXT "v=spf1 ip4:127.0.0.1 -all"', '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:r@bank.example,mailto:r@good.example,mailto:r@victim.example"'],
    "plain.example": ['@ TXT "v=spf1 -all"'],
    "good.example": ['bank.example._report._dmarc TXT "v=DMARC1"'],
    "victim.example": [],
    "tls.example": ["@ MX 1 mx", "mx A 127.0.0.1", '_smtp._tls TXT "v=TLSRPTv1; rua=https://tls.example/x,mailto:tls@reports.example"'],
    "plain-smtp.example": ["@ MX 1 mx", "mx A 127.0.0.1", '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:plain@reports.example"'],
}
MESSAGE = "From: Ada <ada@example.org>\nTo: bob@example.net\nSubject: x\n\nHello\n"
SCHEMA = ROOT / "tests/data/dmarc/rfc7489.xsd"


def reports_in(peer, address):
    """Files that were attached to what an address got: [(message, bytes)]."""
    out = []
    for taken in list(peer.taken):
        if taken.recipients == [address]:
            message = email.message_from_bytes(taken.content)
            attached = message.get_payload()[1]
            assert attached.get_filename().endswith(".gz")
            out.append((message, gzip.decompress(attached.get_payload(decode=True))))
    return out


def valid(report, tmp_path):
    file = tmp_path / "report.xml"
    file.write_bytes(report)
    if shutil.which("xmllint"):
        done = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, file], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + report.decode()
    return xml.etree.ElementTree.fromstring(report)


def test_owners_are_told_what_came_in_their_name(make_kontor, tmp_path):
    name_server = NameServer(ZONES)
    try:
        with SmtpServer() as peer:
            kontor = make_kontor(smtp="", more=name_server.toml() + f"""
[sending]
smart_hosts = ["* 127.0.0.1:{peer.port}"]
[reports]
address = "reports@example.org"
organization = "Example"
every = "3s"
""")
            kontor.start()
            kontor.populate()
            kontor.json("domain", "dkim", "add", "example.org")
            letter = b"From: a@bank.example\r\nTo: ada@example.org\r\nSubject: x\r\n\r\nHello.\r\n"
            with kontor.smtp() as client:
                client.sendmail("a@bank.example", ["ada@example.org"], letter)
                with pytest.raises(smtplib.SMTPDataError):
                    client.sendmail("evil@plain.example", ["ada@example.org"], letter)

            def rows():
                return [(row.findtext("row/policy_evaluated/disposition"), row.findtext("row/policy_evaluated/spf"), row.findtext("row/count"),
                         row.findtext("identifiers/envelope_from"), row.findtext("auth_results/spf/result"))
                        for _, report in reports_in(peer, "r@good.example") for row in valid(report, tmp_path).iter("record")]

            found = wait_for(lambda: len(rows()) == 2 and rows(), "both messages to be told of")
            assert sorted(found) == [("none", "pass", "1", "bank.example", "pass"), ("reject", "fail", "1", "plain.example", "fail")]
            assert reports_in(peer, "r@bank.example") and not reports_in(peer, "r@victim.example")
            message, report = reports_in(peer, "r@good.example")[0]
            root = valid(report, tmp_path)
            assert message["Subject"].startswith("Report Domain: bank.example") and message["From"] == '"Example" <reports@example.org>'
            assert "DKIM-Signature" in message, "signed as other mail"
            assert root.findtext("report_metadata/report_id") in message["Subject"]
            # What was counted when the server was stopped is told later.
            with kontor.smtp() as client:
                client.sendmail("a@bank.example", ["ada@example.org"], letter)
            before = len(rows())
            kontor.stop()
            kontor.start()
            wait_for(lambda: len(rows()) > before, "what was counted before the restart")
    finally:
        name_server.close()


def test_owners_are_told_how_tls_went(make_kontor, tmp_path):
    name_server = NameServer(ZONES)
    try:
        with SmtpServer() as reports, SmtpServer(certificate=Authority(tmp_path / "authority").issue("mx.tls.example")) as mx:
            kontor = make_kontor(more=name_server.toml() + f"""
[sending]
port = {mx.port}
ipv6 = false
smart_hosts = ["to:reports.example 127.0.0.1:{reports.port}"]
[reports]
address = "reports@example.org"
every = "3s"
""")
            kontor.start()
            kontor.populate()

            def told(address):
                policies = [policy for _, report in reports_in(reports, address) for policy in json.loads(report)["policies"]]
                return policies[0] if policies else None

            kontor.run("queue", "add", "--sender", "ada@example.org", "--recipient", "bob@tls.example", input=MESSAGE)
            good = wait_for(lambda: told("tls@reports.example"), "the report about hosts with TLS")
            mx.tls = None
            kontor.run("queue", "add", "--sender", "ada@example.org", "--recipient", "bob@plain-smtp.example", input=MESSAGE)
            bad = wait_for(lambda: told("plain@reports.example"), "the report about hosts without TLS")
            assert len(mx.taken) == 2
            assert good["policy"] == {"policy-type": "no-policy-found", "policy-domain": "tls.example"}
            assert good["summary"] == {"total-successful-session-count": 1, "total-failure-session-count": 0}
            assert bad["summary"] == {"total-successful-session-count": 0, "total-failure-session-count": 1}
            assert bad["failure-details"] == [{"result-type": "starttls-not-supported", "failed-session-count": 1,
                                               "receiving-mx-hostname": "mx.plain-smtp.example", "receiving-ip": "127.0.0.1"}]
            message, _ = reports_in(reports, "tls@reports.example")[0]
            assert message.get_content_type() == "multipart/report" and message["TLS-Report-Domain"] == "tls.example"
    finally:
        name_server.close()
