# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a Kopano installation's data can lie: attachments in S3 or in the database, and a dump instead of a database."""
import gzip
import hashlib
import json
import shutil
import subprocess
import tarfile

import pytest

from peers.kontor import MIGRATE
from peers.mariadb import DATA, KopanoSet
from peers.swift import KEY_ID, SECRET, Swift, is_usable as has_swift

pytestmark = pytest.mark.skipif(not shutil.which("mariadb-install-db"), reason="mariadb-server is not there")


@pytest.fixture(scope="module")
def usual(mariadb, tmp_path_factory):
    """The installation as it is, and the archive made of it."""
    kopano = KopanoSet(mariadb, "usual", tmp_path_factory.mktemp("usual"))
    return kopano, contents(kopano.configuration())


def contents(configuration, *options):
    """The items of an archive of everything: each one's bytes by their place in it."""
    archive = configuration.parent / "archive"
    done = subprocess.run([MIGRATE, "dump", "--source", configuration, "--output", archive, "--quiet", *options], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    with subprocess.Popen(["zstd", "-dc", archive], stdout=subprocess.PIPE) as unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        return {one.name: hashlib.sha256(tar.extractfile(one).read()).hexdigest() for one in tar if one.isfile() and not one.name.endswith(".json")}


@pytest.mark.skipif(not has_swift(), reason="Swift is not there")
def test_attachments_in_s3(mariadb, usual, tmp_path):
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


def test_attachments_in_database(mariadb, usual, tmp_path):
    _, wanted = usual
    kopano = KopanoSet(mariadb, "lobs", tmp_path)
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


def everything(configuration):
    """All that an archive says of people, accounts, folders, settings and items; these by their keys, as numbers depend on who comes first."""
    archive = configuration.parent / "whole"
    done = subprocess.run([MIGRATE, "dump", "--source", configuration, "--output", archive, "--quiet"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found, folders = {}, {}
    with subprocess.Popen(["zstd", "-dc", archive], stdout=subprocess.PIPE) as unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        for one in tar:
            account, *place = one.name.split("/")
            if not one.isfile() or not place or place[0] in ("passes", "listings") or not one.name.endswith(".json"):
                continue
            said = json.loads(tar.extractfile(one).read())
            if account == "principals":
                found[said["address"] if "address" in said else said["name"]] = said
            elif place[0] == "folders":
                folders[account, said.pop("number")] = said["key"]
                found[account, said["key"]] = said
            elif place[0] == "items":
                found[account, folders[account, said.pop("folder")], said["key"]] = said  # with the digest of what is in it
            else:
                found[one.name] = said
    return found


def test_several_servers(mariadb, usual, tmp_path):
    """Of an installation on two nodes, each with its own numbers for people and properties, the same comes as of one."""
    wanted = everything(usual[0].configuration())
    nodes = [KopanoSet(mariadb, f"node{number}", tmp_path / f"node{number}") for number in (1, 2)]
    on_second = "SELECT id FROM (SELECT id FROM stores WHERE type < 2 AND id % 2 = 0) some"
    nodes[0].sql(f"DELETE FROM stores WHERE user_id > 2 AND id IN ({on_second})")
    nodes[1].sql(f"DELETE FROM stores WHERE user_id > 2 AND id NOT IN ({on_second});"
                 "UPDATE settings SET value = REVERSE(value) WHERE name = 'server_guid';"
                 "UPDATE users SET id = id + 100 WHERE id > 2 ORDER BY id DESC; UPDATE users SET company = company + 100 WHERE company > 0;"
                 "UPDATE stores SET user_id = user_id + 100 WHERE user_id > 2 ORDER BY user_id DESC; UPDATE stores SET company = company + 100 WHERE company > 0;"
                 "UPDATE hierarchy SET owner = owner + 100 WHERE owner > 2; UPDATE acl SET id = id + 100 WHERE id > 2 ORDER BY id DESC;"
                 "UPDATE names SET id = id + 7 ORDER BY id DESC; UPDATE properties SET tag = tag + 7 WHERE tag > 0x8501 ORDER BY tag DESC;"
                 "UPDATE mvproperties SET tag = tag + 7 WHERE tag > 0x8501 ORDER BY tag DESC")
    second = nodes[1].configuration()
    have = everything(nodes[0].configuration(servers=f'files = ["{second}"]\n'))
    assert sorted(have.keys() ^ wanted.keys()) == []
    differing = [f"{name}: {have[name]} instead of {wanted[name]}" for name in wanted if have[name] != wanted[name]]
    assert not differing, "\n".join(differing)
