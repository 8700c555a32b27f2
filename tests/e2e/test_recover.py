# SPDX-License-Identifier: AGPL-3.0-or-later
"""Removed mail comes back: deleted and expunged by a client, restored by command, seen by a client again."""
import pytest

pytestmark = pytest.mark.short


def test_expunged_mail_comes_back(kontor):
    with kontor.imap() as client:
        client.create("Projects")
        for number in range(3):
            message = f"From: ben@example.net\r\nSubject: Note {number}\r\n\r\nText {number}\r\n".encode()
            client.append("Projects", "(\\Flagged)", '"07-Jul-1996 02:44:25 -0700"', message)
        client.select("Projects")
        client.store("1:2", "+FLAGS", "(\\Deleted)")
        client.expunge()

    listed = kontor.json("folder", "recover", "list", "ada@example.org", "--since", "1h")
    assert listed["total"] == 2
    assert [item["subject"] for item in listed["items"]] == ["Note 0", "Note 1"]
    assert {item["folder"] for item in listed["items"]} == {"Projects"}
    assert kontor.run("folder", "recover", "restore", "ada@example.org", check=False).returncode != 0

    with kontor.imap() as client:
        client.select("Projects")
        done = kontor.json("folder", "recover", "restore", "ada@example.org", "--subject", "note 1")
        assert done == {"restored": 1, "elsewhere": 0, "found": 1}
        client.noop()
        assert client.response("EXISTS")[1][-1] == b"2", "the session sees it arrive"
        answer = client.fetch("2", "(FLAGS INTERNALDATE UID BODY.PEEK[])")[1][0]
        assert b"\\Flagged" in answer[0] and b"\\Deleted" not in answer[0]
        assert b" 7-Jul-1996 02:44:25 -0700" in answer[0] and b"UID 4" in answer[0]
        assert answer[1].endswith(b"Text 1\r\n")
        client.delete("Projects")

    done = kontor.json("folder", "recover", "restore", "ada@example.org", "--from-removed-folders")
    assert done["restored"] == done["elsewhere"] == 3
    with kontor.imap() as client:
        assert client.select("Recovered")[1] == [b"3"]
    assert kontor.json("check", "--read-content")["clean"]
