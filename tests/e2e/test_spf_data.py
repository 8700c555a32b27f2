# SPDX-License-Identifier: AGPL-3.0-or-later
"""python3-spf gives the same results as tests/data/spf says, which our own SPF is tested against."""
import json
import pathlib
import socket

import pytest

from peers.kontor import ROOT

spf = pytest.importorskip("spf", reason="python3-spf is not installed")

# Where it is known to judge otherwise, and why we do not.
DIFFERS = {
    "the last at sign divides": "RFC 5321: a quoted local part may hold an at sign",
    "one label": "section 4.3: a domain of one label gives none",
    "a dot at the end is fine": "section 4.3 asks for a domain name, and that is one",
    "DNS does not answer": {"5.5: ptr": "section 5.5: where PTR fails, the mechanism does not match"},
    "a name that DNS does not know now is passed over": "section 5.5: such names are skipped",
    "no label kept": "section 7.3: zero is a syntax error",
    "no end": "section 7.1: no macro without its brace",
}


def is_known_to_differ(scenario, case):
    reason = DIFFERS.get(case)
    return scenario in reason if isinstance(reason, dict) else reason is not None


def scenarios():
    for file in sorted(pathlib.Path(ROOT / "tests/data/spf").glob("*.json")):
        for scenario in json.loads(file.read_text()):
            yield pytest.param(scenario, id=scenario["scenario"])


def lookup_in(zones):
    """What python3-spf asks in place of DNS: (name, type) pairs with their data, aliases followed as a server would."""
    known = {name.lower(): records for name, records in zones.items()}

    def lookup(name, kind, strict=True, timeout=None):
        name = name.lower().rstrip(".")
        if any(len(label) > 63 for label in name.split(".")):
            return []
        records = known.get(name, [])
        for record in records:
            if record[0] == "CNAME":
                return [((name, "CNAME"), record[1])] + lookup(record[1], kind)
        found = []
        for record in records:
            if record[0] != kind or record[-1] == "TIMEOUT":
                continue
            value = tuple(record[1:]) if kind == "MX" else record[-1]
            if kind == "TXT":
                value = tuple(part.encode() for part in (value if isinstance(value, list) else [value]))
            elif kind == "AAAA":
                value = socket.inet_pton(socket.AF_INET6, value)
            found.append(((name, kind), value))
        if not found and any(record == ["TIMEOUT"] or record == [kind, "TIMEOUT"] for record in records):
            raise spf.TempError("DNS timeout")
        return found

    return lookup


@pytest.mark.parametrize("scenario", scenarios())
def test_python_spf_agrees(scenario, monkeypatch):
    monkeypatch.setattr(spf, "DNSLookup", lookup_in(scenario["zones"]))
    faults = []
    for case in scenario["cases"]:
        if is_known_to_differ(scenario["scenario"], case["name"]):
            continue
        query = spf.query(i=case["ip"], s=case["from"], h=case["helo"], receiver=case.get("receiver"), strict=True)
        query.set_default_explanation("")
        result, _, explanation = query.check()
        expected = case["result"] if isinstance(case["result"], list) else [case["result"]]
        if result not in expected or ("explanation" in case and result == "fail" and explanation != case["explanation"]):
            faults.append(f"{case['name']}: {result} {explanation!r}, expected {case['result']} {case.get('explanation')!r}")
    assert not faults, "\n".join(faults)
