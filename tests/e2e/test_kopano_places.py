# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a Kopano installation's data can lie: attachments in S3 or in the database, and a dump instead of a database."""
import gzip
import hashlib
import shutil
import subprocess
import tarfile

import pytest

from peers.kontor import MIGRATE
from peers.mariadb import DATA, KopanoSet, MariaDB
from peers.swift import KEY_ID, SECRET, Swift, is_usable as has_swift

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")


@pytest.fixture(scope="module")
def database():
    server = MariaDB()
    yield server
    server.close()


@pytest.fixture(scope="module")
def usual(database, tmp_path_factory):
    """The installation as it is, and the archive made of it."""
    kopano = KopanoSet(database, "usual", tmp_path_factory.mktemp("usual"))
    return kopano, contents(kopano.configuration())


def contents(configuration, *options):
    """The items of an archive of everything: each one's bytes by their place in it."""
    archive = configuration.parent / "archive"
    done = subprocess.run([MIGRATE, "dump", "--source", configuration, "--output", archive, "--quiet", *options], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    with subprocess.Popen(["zstd", "-dc", archive], stdout=subprocess.PIPE) as unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        return {one.name: hashlib.sha256(tar.extractfile(one).read()).hexdigest() for one in tar if one.isfile() and not one.name.endswith(".json")}


@pytest.mark.skipif(not has_swift(), reason="Swift is not there")
def test_attachments_in_s3(database, usual, tmp_path):
    kopano, wanted = usual
    swift = Swift()
    try:
        swift.make_bucket("kopano")
        for path in kopano.attachments.rglob("*"):
            if path.is_file():
                content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                swift.put("kopano", "attachments/" + path.name.removesuffix(".gz"), content)
        secret = tmp_path / "secret"
        secret.write_text(SECRET + "\n")
        words = (f'kind = "s3"\ns3_endpoint = "{swift.url}"\ns3_bucket = "kopano"\ns3_path = "attachments"\ns3_key_id = "{KEY_ID}"\n'
                 f's3_secret_file = "{secret}"\n')
        assert contents(kopano.configuration("s3.toml", attachments=words)) == wanted
        secret.write_text("wrong\n")
        done = subprocess.run([MIGRATE, "dump", "--source", kopano.folder / "s3.toml", "--output", tmp_path / "none", "--quiet"], capture_output=True, text=True, timeout=300)
        assert done.returncode != 0 and "SignatureDoesNotMatch" in done.stderr + done.stdout, "keys that are refused lose no item"
    finally:
        swift.close()


def test_attachments_in_database(database, usual, tmp_path):
    _, wanted = usual
    kopano = KopanoSet(database, "lobs", tmp_path)
    for path in kopano.attachments.rglob("*"):
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            pieces = [content[at:at + 100_000] for at in range(0, max(len(content), 1), 100_000)]
            number = path.name.removesuffix(".gz")
            kopano.sql("".join(f"INSERT INTO lob VALUES ({number}, {n}, 14081, X'{piece.hex()}');" for n, piece in enumerate(pieces)))
    kopano.sql("UPDATE settings SET value = 'database' WHERE name = 'attachment_storage'")
    shutil.rmtree(kopano.attachments)
    assert contents(kopano.configuration()) == wanted


def test_a_dump_instead_of_a_database(usual, tmp_path):
    kopano, wanted = usual
    configuration = tmp_path / "kopano.toml"
    configuration.write_text(f'[database]\ndump = "{DATA / "kopano.sql.gz"}"\ndump_folder = "{tmp_path / "restored"}"\n[attachments]\npath = "{kopano.attachments}"\n')
    assert contents(configuration) == wanted
    assert contents(configuration) == wanted, "what is restored stays"
    broken = tmp_path / "broken.sql"
    broken.write_text("CREATE TABLE hierarchy (id INT);\nnonsense;\n")
    configuration.write_text(f'[database]\ndump = "{broken}"\n[attachments]\npath = "{kopano.attachments}"\n')
    done = subprocess.run([MIGRATE, "plan", "--source", configuration], capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and "cannot be restored" in done.stderr and "line 2" in done.stderr, done.stderr
