# SPDX-License-Identifier: AGPL-3.0-or-later
"""packaging/ under a real systemd: with all its restrictions the service starts, serves, reloads, restarts and stops."""
import json
import pathlib

import pytest

from peers.kontor import ROOT
from peers.ports import wait_for
from peers.systemd import NotPermitted, Systemd

TALK = """
import imaplib, smtplib, ssl, sys
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
{body}
"""

# The second message is larger than what lies in an account's own partition.
DELIVER = TALK.format(body="""
with smtplib.LMTP("/run/kontor/lmtp.sock") as client:
    for size in (100, 300_000):
        client.sendmail("s@example.com", ["ada@example.org"], "Subject: " + sys.argv[1] + "\\r\\n\\r\\n" + "x" * 70 + "\\r\\n" * (size // 2))
""")

READ = TALK.format(body="""
with imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=context, timeout=30) as client:
    client.login("ada@example.org", "secret")
    count = int(client.select("INBOX")[1][0])
    sizes = [len(part[1]) for part in client.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
    print(count, sum(size > 300_000 for size in sizes))
""")


@pytest.fixture
def machine(tmp_path):
    made = Systemd(tmp_path, (ROOT / "packaging/kontor.toml").read_text() + "\n[passwords]\nmemory_kib = 1024\n")
    try:
        made.start()
        yield made
    except NotPermitted as reason:
        pytest.skip(str(reason))
    finally:
        made.close()


def status_of(machine, pid):
    lines = machine.inside("cat", f"/proc/{pid}/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_service(machine):
    machine.inside("systemctl", "start", "kontor.service")  # returns when it says that it is ready
    state = machine.show("ActiveState", "SubState", "MainPID", "Type")
    assert state["Type"] == "notify"
    assert (state["ActiveState"], state["SubState"]) == ("active", "running"), machine.log()

    # Who it is and what it may do.
    status = status_of(machine, state["MainPID"])
    user = machine.inside("id", "-u", "kontor").strip()
    assert user != "0" and status["Uid"].split() == [user] * 4
    net_bind = 1 << 10
    assert int(status["CapEff"], 16) == net_bind and int(status["CapBnd"], 16) == net_bind
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    modes = machine.inside("stat", "-c", "%U %a", "/var/lib/kontor", "/run/kontor", "/run/kontor/lmtp.sock").splitlines()
    assert modes[:2] == ["kontor 700", "kontor 750"]
    assert int(modes[2].split()[1], 8) & 0o060 == 0o060, "a transfer agent in the group must reach the socket"
    # What the restrictions leave it: no writing outside its folders, no homes, no devices.
    view = ["nsenter", "--target", state["MainPID"], "--mount", "--pid", "--", "setpriv", f"--reuid={user}", "--clear-groups"]
    assert machine.inside(*view, "touch", "/etc/kontor/x", "/usr/x", check=False).returncode != 0
    assert machine.inside(*view, "ls", "/root", check=False).returncode != 0
    assert machine.inside(*view, "touch", "/var/lib/kontor/x", "/run/kontor/x") == ""

    # It is administered, delivers and serves.
    machine.inside("kontor", "tenant", "add", "acme")
    machine.inside("kontor", "domain", "add", "example.org", "--tenant", "acme")
    machine.inside("kontor", "user", "add", "ada@example.org", "--name", "Ada", "--password-stdin", input="secret\n")
    machine.inside("/usr/bin/python3", "-c", DELIVER, "first")
    assert machine.inside("/usr/bin/python3", "-c", READ).split() == ["2", "1"]

    # It may ask which addresses are its own, so that feeds keep away from these and from no others: nobody is behind 8.8.8.8 here.
    machine.inside("ip", "link", "set", "lo", "up")
    machine.inside("ip", "route", "add", "local", "51.15.0.0/24", "dev", "lo")
    machine.inside("sysctl", "-q", "-w", "net.ipv4.ip_nonlocal_bind=1")
    sources = {"Own": "http://51.15.0.7/a.ics", "Others": "http://8.8.8.8/a.ics"}
    for name, source in sources.items():
        machine.inside("kontor", "calendar", "subscription", "add", "ada@example.org", name, source)

    def errors():
        found = json.loads(machine.inside("kontor", "calendar", "subscription", "list", "--of", "ada@example.org", "--json"))
        return {one["folder"]: one["error"] for one in found if one["error"]}

    wait_for(lambda: set(errors()) == set(sources), "the feeds to be asked", 30)
    assert "this server" in errors()["Own"] and "cannot be fetched" in errors()["Others"], errors()

    # A reload keeps the process, a death is answered with a new one that has everything.
    machine.inside("systemctl", "reload", "kontor.service")
    assert machine.show("MainPID", "ActiveState") == {"MainPID": state["MainPID"], "ActiveState": "active"}
    machine.inside("/usr/bin/python3", "-c", DELIVER, "second")
    machine.inside("kill", "-9", state["MainPID"])
    wait_for(lambda: machine.show("ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "1"}, "the restart; " + str(machine.folder), 60)
    assert machine.show("MainPID")["MainPID"] != state["MainPID"]
    assert machine.inside("/usr/bin/python3", "-c", READ).split() == ["4", "2"]

    # A stop is a clean one.
    machine.inside("systemctl", "stop", "kontor.service")
    assert machine.show("ActiveState", "Result", "ExecMainStatus") == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}
    machine.inside("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "kontor", "check", "--read-content", "--config", "/etc/kontor/kontor.toml")
    assert "Operation not permitted" not in pathlib.Path(machine.folder / "kontor.log").read_text()
