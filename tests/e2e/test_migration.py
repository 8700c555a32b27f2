# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moving in: from a running Dovecot and from Maildirs, exactly, again and again, through kills."""
import json
import os
import pathlib
import random
import subprocess
import threading
import time

import pytest

from peers.kontor import KONTOR, MIGRATE
from peers.mailbox import crlf, fill, own_messages, quoted, sample_messages, snapshot
from peers.maildir import fill_maildir
from peers.move import ADA, BEN, Move, activate, from_dovecot, peak_memory, same


@pytest.mark.short
def test_everything_arrives_and_a_second_run_changes_nothing(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    for user in (ADA, BEN):
        with dovecot.imap(user) as client:
            fill(client, [m for m in own_messages() if m[1]], seed=len(user))
    move = from_dovecot(target, dovecot, tmp_path, ADA, BEN)
    plan = move.run("plan")
    assert plan["total"]["source"] > 0
    first = move.run()
    total = first["total"]
    assert total["source"] == total["copied"] + total["present"] + total["quarantined"] + total["excluded"]
    assert total["copied"] == total["source"] > 0 and total["quarantined"] == 0
    second = move.run()
    assert second["total"]["copied"] == 0 and second["total"]["updated"] == 0
    proof = move.run("verify")
    assert proof["total"]["differences"] == 0 and proof["total"]["compared"] == total["source"]
    activate(target, ADA, BEN)
    for user in (ADA, BEN):
        with dovecot.imap(user) as source, target.imap(user) as copy:
            same(snapshot(source), snapshot(copy))
            assert sorted(line for line in copy.lsub()[1] if b"with space" in line) == [], "not subscribed there, not here"


def test_every_sample_message_survives(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    with dovecot.imap(ADA) as client:
        fill(client, [m for m in sample_messages() if m[1]], tolerant=True)
    move = from_dovecot(target, dovecot, tmp_path)
    move.run()
    activate(target)
    with dovecot.imap(ADA) as source, target.imap(ADA) as copy:
        same(snapshot(source), snapshot(copy))
    target.run("user", "set", ADA, "--status", "inactive")
    assert move.run("verify")["total"]["differences"] == 0


@pytest.mark.short
def test_later_changes_follow(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    with dovecot.imap(ADA) as client:
        fill(client, [m for m in own_messages() if m[1]] * 3)
    move = from_dovecot(target, dovecot, tmp_path)
    move.run()
    with dovecot.imap(ADA) as client:
        client.append("INBOX", "(\\Flagged)", None, b"Subject: new\r\n\r\nx\r\n")
        client.select("INBOX")
        client.store("1:3", "+FLAGS", "(\\Answered later)")
        client.store("4", "+FLAGS", "\\Deleted")
        client.expunge()
        client.create("Fresh")
        client.copy("1", "Fresh")
        client.uid("MOVE", client.uid("SEARCH", None, "1")[1][0].split()[0], '"Sent"')
    report = move.run()
    total = report["total"]
    assert total["moved"] >= 1
    assert total["copied"] in (1, 2)  # the new message, and the copy in Fresh
    assert total["vanished"] >= 1
    move.run("run", "--delete-vanished")
    activate(target)
    with dovecot.imap(ADA) as source, target.imap(ADA) as copy:
        want, have = snapshot(source), snapshot(copy)
        for name in want:
            assert sorted((r[1], r[3]) for r in have[name][1]) == sorted((r[1], r[3]) for r in want[name][1]), name


def test_changes_at_the_target_win(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    with dovecot.imap(ADA) as client:
        for i in range(3):
            client.append("INBOX", None, None, f"Subject: {i}\r\n\r\nx\r\n".encode())
    move = from_dovecot(target, dovecot, tmp_path)
    move.run()
    activate(target)
    with target.imap(ADA) as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "\\Seen")
        client.store("3", "+FLAGS", "\\Deleted")
        client.expunge()
    with dovecot.imap(ADA) as client:
        client.select("INBOX")
        client.store("2", "+FLAGS", "\\Flagged")
        client.append("INBOX", None, None, b"Subject: late\r\n\r\nx\r\n")
    move.run("run", "--live")
    with target.imap(ADA) as client:
        rows = snapshot(client)["INBOX"][1]
    flags = {row[3].split(b"\r\n")[0]: row[1] for row in rows}
    assert flags[b"Subject: 0"] == {"\\seen"}
    assert flags[b"Subject: 1"] == {"\\flagged"}
    assert b"Subject: 2" not in flags, "what its user removed does not come back"
    assert b"Subject: late" in flags


@pytest.mark.short
def test_maildir(target, tmp_path):
    written = fill_maildir(tmp_path / "mail" / ADA, [m for m in own_messages() if m[1]])
    move = Move(target, tmp_path, ["--from", f"maildir:{tmp_path}/mail/%u", "--user", ADA])
    report = move.run()
    count = sum(len(rows) for rows in written.values())
    assert report["total"]["copied"] == count
    assert move.run()["total"]["copied"] == 0
    assert move.run("verify")["total"]["differences"] == 0
    activate(target)
    letters = {"D": "\\draft", "F": "\\flagged", "R": "\\answered", "S": "\\seen"}
    with target.imap(ADA) as client:
        have = snapshot(client)
    for number, (folder, rows) in enumerate(written.items()):
        name = folder.strip(".").replace(".", "/") or "INBOX"
        validity, items = have[name]
        assert validity == 1_400_000_000 + number
        want = [(uid, frozenset([letters[f] for f in flags] + [k.lower() for k in keywords]), when, crlf(data))
                for uid, flags, keywords, when, data, _ in rows]
        assert items == sorted(want), name


@pytest.mark.parametrize("kind", ["mbox", "eml"])
def test_other_files(target, tmp_path, kind):
    messages = [data.replace(b"\r\n", b"\n") for name, data in own_messages() if data and b"\r" not in data.replace(b"\r\n", b"")
                and not data.startswith(b"From ") and b"\nFrom " not in data]
    if kind == "mbox":
        path = tmp_path / "ada.mbox"
        path.write_bytes(b"".join(b"From x@example.com Tue May  7 09:15:00 2024\n" + m.rstrip(b"\n") + b"\n\n" for m in messages))
    else:
        path = tmp_path / "mail"
        (path / "Sub").mkdir(parents=True)
        for i, message in enumerate(messages):
            (path / ("Sub" if i % 2 else ".") / f"{i:03}.eml").write_bytes(message)
    move = Move(target, tmp_path, ["--from", f"{kind}:{path}", "--user", ADA])
    assert move.run()["total"]["copied"] == len(messages)
    assert move.run()["total"]["copied"] == 0
    assert move.run("verify")["total"]["differences"] == 0


@pytest.mark.short
def test_through_a_pipe_and_a_file(target, tmp_path):
    fill_maildir(tmp_path / "mail" / ADA, [m for m in own_messages() if m[1]])
    source = ["--from", f"maildir:{tmp_path}/mail/%u", "--user", ADA]
    move = Move(target, tmp_path, [])
    archive = tmp_path / "ada.tar.zst"
    subprocess.run([MIGRATE, "dump", *source, "--output", archive], check=True, timeout=120)
    listing = subprocess.run(["tar", "--zstd", "-tf", archive], capture_output=True, text=True, check=True).stdout
    assert "account.json" in listing and ".eml" in listing, "a person can open it with tar"
    dump = subprocess.Popen([MIGRATE, "dump", *source, "--stdout"], stdout=subprocess.PIPE)
    process = move.start("import", "--stdin", stdin=dump.stdout)
    dump.stdout.close()
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    first = json.loads(pathlib.Path(f"{move.report}.json").read_text())
    assert first["total"]["copied"] > 0
    assert move.run("import", "--input", archive)["total"]["copied"] == 0, "the same archive again brings nothing"


def test_an_archive_goes_in_on_the_servers_own_host(make_kontor, tmp_path):
    """Through the running server, and into the store when none runs."""
    kontor = make_kontor()
    kontor.start()
    kontor.populate(inactive=True)
    fill_maildir(tmp_path / "mail" / ADA, [m for m in own_messages() if m[1]])
    fill_maildir(tmp_path / "mail" / "new@example.org", [m for m in own_messages() if m[1]][:5])
    archive = tmp_path / "all.tar.zst"
    subprocess.run([MIGRATE, "dump", "--from", f"maildir:{tmp_path}/mail/%u", "--output", archive], check=True, timeout=120)

    refused = kontor.run("import", "--input", archive, "--json", check=False)
    assert refused.returncode == 1 and "new@example.org" in json.loads(refused.stdout)["error"], "its user is not there"
    done = kontor.json("import", "--input", archive, "--create-users")
    by_address = {account["address"]: account for account in done["accounts"]}
    assert done["clean"] and set(by_address) == {ADA, "new@example.org"}
    assert by_address["new@example.org"]["copied"] == 5

    kontor.stop()
    with open(archive, "rb") as file:
        again = subprocess.run([KONTOR, "import", "--stdin", "--config", kontor.config], stdin=file, capture_output=True, text=True,
                               timeout=120)
    assert again.returncode == 0, again.stderr
    assert "new@example.org" in again.stdout and "QUARANTINED" in again.stdout
    cut = tmp_path / "cut.tar.zst"
    cut.write_bytes(archive.read_bytes()[:2000])
    assert kontor.run("import", "--input", cut, check=False).returncode == 1, "an archive that broke off"
    assert kontor.run("import", "--input", tmp_path / "none", check=False).returncode == 3
    assert kontor.run("import", check=False).returncode == 2
    kontor.start()
    activate(kontor, ADA, "new@example.org")
    with kontor.imap(ADA) as client:
        count = sum(len(rows) for _, rows in snapshot(client).values())
    assert count == by_address[ADA]["present"] == 25, "each item once: the first attempt had brought them"


def test_one_import_at_a_time_by_whatever_address(target, tmp_path):
    """Two sources go into one account at once, under two of its addresses: one waits for the other."""
    target.run("user", "set", ADA, "--add-alias", "alias@example.org")
    body = os.urandom(3_000_000).hex().encode()
    running = []
    for user in (ADA, "alias@example.org"):
        folder = tmp_path / user / "mail"
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True)
        for i in range(4):
            (folder / "cur" / f"{i}.x:2,S").write_bytes(f"Subject: {i} {user}\n\n".encode() + body)
        (tmp_path / user / "work").mkdir()
        running.append(Move(target, tmp_path / user / "work", ["--from", f"maildir:{folder}", "--user", user, "--bandwidth", "8M"], label=user))
    processes = [move.start("run") for move in running]
    for process, move in zip(processes, running):
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0, out
        assert json.loads(pathlib.Path(f"{move.report}.json").read_text())["total"]["copied"] == 4
    activate(target)
    with target.imap(ADA) as client:
        assert len(snapshot(client, with_content=False)["INBOX"][1]) == 8


def test_subscriptions_to_folders_that_are_gone(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    with dovecot.imap(ADA) as client:
        client.append("INBOX", None, None, b"Subject: x\r\n\r\nx\r\n")
        for name in ("Here", "Gone", "Gone/Pläne"):
            client.create(quoted(name))
            client.subscribe(quoted(name))
        for name in ("Gone/Pläne", "Gone"):
            client.delete(quoted(name))
    move = from_dovecot(target, dovecot, tmp_path)
    move.run()
    activate(target)

    def subscribed():
        with target.imap(ADA) as client:
            return {line.split(b'"/" ')[1].decode().strip('"') for line in client.lsub()[1] if line}

    assert {"Here", "Gone", quoted("Gone/Pläne").strip('"')} <= subscribed()
    with dovecot.imap(ADA) as client:
        client.unsubscribe("Gone")
    move.run("run", "--live")
    assert "Gone" not in subscribed() and quoted("Gone/Pläne").strip('"') in subscribed()


def test_killed_at_any_moment(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    with dovecot.imap(ADA) as client:
        fill(client, [(n, d + b"\r\n" + os.urandom(30_000).hex().encode()) for n, d in own_messages() if d] * 12)
    move = from_dovecot(target, dovecot, tmp_path)
    rng = random.Random(2)
    for i in range(6):
        process = move.start("run")
        time.sleep(rng.uniform(0.05, 0.6))
        if i % 2:
            target.kill()
            process.kill()
            target.check()
            target.start()
        else:
            process.kill()
        process.wait()
    move.run()
    assert move.run("verify")["total"]["differences"] == 0
    activate(target)
    with dovecot.imap(ADA) as source, target.imap(ADA) as copy:
        same(snapshot(source), snapshot(copy))


def test_large_messages_in_little_memory(target, make_dovecot, tmp_path):
    dovecot = make_dovecot(more="imap_max_line_length = 1M\n")
    body = (b"x" * 76 + b"\r\n") * (100 * 1024 * 1024 // 78)
    with dovecot.imap(ADA) as client:
        for i in range(3):
            client.append("INBOX", None, None, b"Subject: large %d\r\n\r\n" % i + body)
    move = from_dovecot(target, dovecot, tmp_path)
    process = move.start("run")
    peak = peak_memory(process)[process.pid]
    assert process.returncode == 0, process.stdout.read()
    assert 0 < peak < 200 * 1024, f"{peak} KiB"
    assert move.run("verify")["total"]["differences"] == 0


def test_sixteen_with_large_messages_in_little_memory(make_kontor, tmp_path):
    users = [f"u{i}@example.org" for i in range(16)]
    kontor = make_kontor()
    kontor.start()
    kontor.populate(users=[u.split("@")[0] for u in users], inactive=True)
    line = b"x" * 76 + b"\r\n"
    large = tmp_path / "large"
    large.write_bytes(b"Subject: large\r\n\r\n" + line * (40 * 1024 * 1024 // len(line)))
    for user in users:
        folder = tmp_path / "mail" / user
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True)
        os.link(large, folder / "cur" / "1.large:2,S")
        for i in range(40):
            (folder / "cur" / f"{i + 2}.small:2,S").write_bytes(b"Subject: %d\r\n\r\n" % i + user.encode() * 500)
    move = Move(kontor, tmp_path, ["--from", f"maildir:{tmp_path}/mail/%u"])
    process = move.start("run", "--concurrency", "16")
    peaks = peak_memory(process, [kontor.process.pid])
    assert process.returncode == 0, process.stdout.read()
    assert 0 < peaks[process.pid] < 200 * 1024, f"{peaks} KiB"
    total = json.loads(pathlib.Path(f"{move.report}.json").read_text())["total"]
    assert total["copied"] == 16 * 41


def test_nothing_is_not_success(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()
    move = from_dovecot(target, dovecot, tmp_path, ADA)
    (tmp_path / "master").write_text("wrong\n")
    process = move.start("run")
    out, _ = process.communicate(timeout=300)
    assert process.returncode != 0, out
    assert "wrong" not in out


def test_only_with_a_token_and_into_inactive_accounts(target, tmp_path):
    fill_maildir(tmp_path / "mail" / ADA, own_messages()[:3])
    move = Move(target, tmp_path, ["--from", f"maildir:{tmp_path}/mail/%u", "--user", ADA])
    activate(target)
    process = move.start("run")
    out, _ = process.communicate(timeout=120)
    assert process.returncode != 0 and "--live" in out, out
    move.secret("token", "not-a-token")
    process = move.start("run", "--live")
    out, _ = process.communicate(timeout=120)
    assert process.returncode != 0, out
    with target.imap(ADA) as client:
        assert not snapshot(client)["INBOX"][1]


def test_quota_is_respected_and_named(make_kontor, tmp_path):
    kontor = make_kontor()
    kontor.start()
    kontor.populate(users=())
    kontor.add_user(ADA, inactive=True, quota="40K")
    (tmp_path / "mail" / ADA / "cur").mkdir(parents=True)
    for part in ("new", "tmp"):
        (tmp_path / "mail" / ADA / part).mkdir()
    for i in range(10):
        (tmp_path / "mail" / ADA / "cur" / f"{i}.x:2,S").write_bytes(b"Subject: %d\n\n" % i + b"y" * 8000 + b"\n")
    move = Move(kontor, tmp_path, ["--from", f"maildir:{tmp_path}/mail/%u", "--user", ADA])
    process = move.start("run")
    out, _ = process.communicate(timeout=120)
    assert process.returncode != 0, "what was left out is no success"
    report = json.loads(pathlib.Path(f"{move.report}.json").read_text())
    total = report["total"]
    assert total["source"] == 10 == total["copied"] + total["quarantined"]
    assert 0 < total["copied"] < 10
    assert "quota" in json.dumps(report) or "full" in json.dumps(report)
    move.run("run", "--ignore-quota")


def test_sixteen_at_once(make_kontor, make_dovecot, tmp_path):
    users = [f"u{i}@example.org" for i in range(16)]
    kontor = make_kontor()
    kontor.start()
    kontor.populate(users=[u.split("@")[0] for u in users], inactive=True)
    dovecot = make_dovecot(*users)

    def fill_one(user):
        with dovecot.imap(user) as client:
            fill(client, [m for m in own_messages() if m[1]] * 2, seed=hash(user) % 1000)

    threads = [threading.Thread(target=fill_one, args=(u,)) for u in users]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    move = from_dovecot(kontor, dovecot, tmp_path, *users)
    report = move.run("run", "--concurrency", "16")
    assert report["total"]["copied"] == report["total"]["source"] == 16 * 2 * len([m for m in own_messages() if m[1]])
    assert move.run("verify", "--concurrency", "16")["total"]["differences"] == 0
    activate(kontor, *users)
    with dovecot.imap(users[7]) as source, kontor.imap(users[7]) as copy:
        same(snapshot(source), snapshot(copy))


def test_names_of_every_script_and_delimiter(target, make_dovecot, tmp_path):
    dovecot = make_dovecot(separator=".")
    with dovecot.imap(ADA) as client:
        for name in ("Kunden.Müller & Söhne", "日本", "*%"):
            assert client.create(quoted(name))[0] == "OK", name
            client.append(quoted(name), None, None, b"Subject: x\r\n\r\nx\r\n")
    move = from_dovecot(target, dovecot, tmp_path)
    report = move.run()
    assert report["total"]["copied"] == 3
    activate(target)
    with target.imap(ADA) as client:
        names = set(snapshot(client))
    assert quoted("Kunden/Müller & Söhne").strip('"') in names
    assert {quoted("日本").strip('"'), "*%"} <= names
