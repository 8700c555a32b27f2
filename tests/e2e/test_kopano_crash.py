# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano installation moves in although both sides are killed, and its database goes away. KOPANO_ROUNDS: how often."""
import os
import random
import shutil
import signal
import time

import pytest

from peers.kontor import Kontor
from peers.kopano_truth import Mailboxes, Truth, folder_faults, mail_faults
from peers.mariadb import DATA, KopanoSet, make_tenants
from peers.move import Move

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")

ROUNDS = int(os.environ.get("KOPANO_ROUNDS", "8"))


@pytest.fixture
def site(tmp_path, mariadb):
    name = f"kopano{random.randrange(1 << 30)}"
    kopano = KopanoSet(mariadb, name, tmp_path / "kopano")
    kontor = Kontor(tmp_path / "kontor")
    kontor.start()
    truth = Truth(DATA / "manifest.json.gz")
    make_tenants(kontor)
    yield kontor, kopano, Move(kontor, tmp_path, ["--source", kopano.configuration()]), truth
    kontor.close()
    mariadb.sql(f"DROP DATABASE {name}")


def is_all_there(kontor, truth):
    for login in (login for login in truth.movers() if not truth.users[login]["nonactive"] and not truth.users[login]["objectclass"]):
        with kontor.imap(truth.address(login), truth.users[login]["password_known"]) as client:
            boxes = Mailboxes(client)
        faults = folder_faults(truth, login, boxes) + mail_faults(truth, login, boxes)
        assert not faults, f"{login}: " + "\n".join(faults[:20])


def test_both_sides_are_killed(site):
    """Whatever was under way: in the end everything is there exactly once."""
    kontor, _, move, truth = site
    dice = random.Random(int(time.time()))
    finished = 0
    for number in range(ROUNDS):
        process = move.start("run", "--create-active-users", "--quiet")
        time.sleep(dice.uniform(0.02, 1.5))
        if number % 2:
            kontor.kill()
            time.sleep(dice.uniform(0, 0.2))
            process.kill()
            process.communicate()
            kontor.start()
        else:
            process.kill()
            process.communicate()
        finished += process.returncode == 0
    total = move.run("run", "--create-active-users")["total"]
    assert total["source"] == total["copied"] + total["present"] and total["quarantined"] == 0
    again = move.run("run", "--live")["total"]
    assert again["copied"] == 0 and again["updated"] == 0
    assert move.run("verify")["total"]["differences"] == 0
    is_all_there(kontor, truth)


def test_the_database_goes_away(site, mariadb):
    kontor, kopano, move, truth = site
    process = move.start("run", "--create-active-users", "--quiet")
    time.sleep(0.7)
    mariadb.stop(signal.SIGKILL)
    time.sleep(0.5)
    mariadb.start()
    out, _ = process.communicate(timeout=300)
    # 2: it had not begun yet.
    assert process.returncode in (0, 1, 2), out
    total = move.run("run", "--create-active-users")["total"]
    assert total["source"] == total["copied"] + total["present"] and total["quarantined"] == 0
    is_all_there(kontor, truth)
