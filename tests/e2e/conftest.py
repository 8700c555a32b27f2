# SPDX-License-Identifier: AGPL-3.0-or-later
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from peers.dovecot import Dovecot  # noqa: E402
from peers.kontor import Kontor  # noqa: E402
from peers.mariadb import MariaDB  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "short: also run with the sanitizer builds")


@pytest.fixture
def make_kontor(tmp_path):
    """A function that makes servers; each is stopped and its store checked at the end."""
    made = []

    def make(**options):
        server = Kontor(tmp_path / f"kontor{len(made)}", **options)
        made.append(server)
        return server

    yield make
    faults = []
    for server in made:
        try:
            server.close()
        except Exception as fault:  # all servers are ended, whatever the first one said
            faults.append(fault)
    if faults:
        raise faults[0]


@pytest.fixture
def kontor(make_kontor):
    """A running server with ada@ and ben@example.org, password secret."""
    server = make_kontor()
    server.start()
    server.populate()
    return server


@pytest.fixture
def target(make_kontor):
    """A running server whose users are being moved in: inactive."""
    server = make_kontor()
    server.start()
    server.populate(inactive=True)
    return server


@pytest.fixture
def make_dovecot():
    made = []

    def make(*users, **options):
        server = Dovecot(users or ("ada@example.org", "ben@example.org"), **options)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.close()


@pytest.fixture(scope="session")
def made_kopano(tmp_path_factory):
    """A Kopano installation with stores of all content that the specifications allow, moved in."""
    from peers.kopano_moved import MovedMade

    installation = MovedMade(tmp_path_factory.mktemp("made"))
    yield installation
    installation.close()


@pytest.fixture(scope="module")
def mariadb():
    """A database server of the file's own."""
    server = MariaDB()
    yield server
    server.close()
