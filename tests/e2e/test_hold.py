# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds: what users remove by any protocol stays, for administration alone, and comes back."""
import pytest

from peers.kontor import Kontor


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Kontor(tmp_path_factory.mktemp("hold"))
    made.start()
    made.populate(("ada", "ben"))
    made.run("tenant", "set", "acme", "--recoverable-days", "0")
    yield made
    made.close()


def kept(server):
    return server.json("folder", "recover", "list", "ada@example.org")["items"]


def test_nothing_goes_for_good_whoever_removes_it_how(server, tmp_path):
    server.run("hold", "set", "--address", "ada@example.org", "--name", "case-7", "--reason", "Court order")
    for number in range(5):
        server.deliver("ada@example.org", f"Subject: m{number}\r\n\r\n{'x' * (100_000 if number == 4 else 10)}\r\n")
    imap = server.imap()
    imap.create("Away")
    imap.select("INBOX")
    imap.copy("1", "Away")
    imap.store("1", "+FLAGS", "(\\Deleted \\Flagged)")
    imap.expunge()
    imap.delete("Away")
    imap.logout()
    pop = server.pop3()
    pop.dele(1)
    pop.quit()
    found = kept(server)
    assert sorted(one["subject"] for one in found) == ["m0", "m0", "m1"]
    assert {one["by"] for one in found} == {"ada@example.org"}
    shown = server.json("hold", "show", "--address", "ada@example.org")
    assert shown["items"] == 3 and shown["holds"][0]["hold"] == "case-7" and shown["holds"][0]["reason"] == "Court order" and shown["holds"][0]["by"]
    assert server.run("user", "remove", "ada@example.org", "--yes", check=False).returncode != 0
    assert server.run("folder", "recover", "purge", "ada@example.org", "--all", "--yes", check=False).returncode != 0
    server.kill()
    server.start()
    assert len(kept(server)) == 3
    out = tmp_path / "out"
    assert server.json("hold", "export", "ada@example.org", "--to", out)["items"] == 3
    files = sorted(out.glob("*.eml"))
    assert len(files) == 3 and all(b"Subject: m" in one.read_bytes() for one in files) and (out / "items.json").exists()


def test_what_was_removed_comes_back_when_the_hold_ends(server):
    server.run("hold", "set", "--tenant", "acme", "--name", "audit")
    assert {one["hold"] for one in server.json("hold", "list")} == {"case-7", "audit"}
    done = server.json("hold", "release", "--address", "ada@example.org", "--name", "case-7", "--restore")
    assert done["restored"] == 3 and done["elsewhere"] == 1
    imap = server.imap()
    assert imap.select("INBOX", readonly=True)[1][0] == b"5"
    assert imap.search(None, "FLAGGED")[1][0].split(), "with its flags"
    imap.select("INBOX")
    imap.store("1:*", "+FLAGS", "\\Deleted")
    imap.expunge()
    imap.logout()
    assert len(kept(server)) == 5, "the tenant's hold goes on"
    server.run("hold", "release", "--tenant", "acme", "--name", "audit")
    assert server.json("hold", "list") == []
    assert server.run("hold", "release", "--tenant", "acme", "--name", "audit", check=False).returncode != 0
