# SPDX-License-Identifier: AGPL-3.0-or-later
"""A MariaDB of one's own, on a socket and a free port, and the Kopano installations that lie in it."""
import copy
import gzip
import getpass
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile

from .ports import free_port, wait_for

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "kopano"
TENANTS = {"fjordline": "fjordline.example.com", "quellhof": "quellhof.example.org"}  # of the set in DATA, with their domains
READER, READER_PASSWORD = "kontor", "reads-only"


def make_tenants(kontor):
    for tenant, domain in TENANTS.items():
        kontor.run("tenant", "add", tenant)
        kontor.run("domain", "add", domain, "--tenant", tenant)


class MariaDB:
    """Durability is off: what a test puts in need not outlive it."""

    def __init__(self, folder=None, pool="64M"):
        self.own, self.pool = folder is None, pool
        # Below a short path: a socket's name has 107 bytes.
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="mariadb-", dir="/tmp"))
        self.data, self.socket = self.folder / "data", self.folder / "mysqld.sock"
        self.process = None
        user = getpass.getuser()
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--user={user}", f"--datadir={self.data}", "--skip-test-db", "--innodb-use-native-aio=0",
                        "--auth-root-authentication-method=normal"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.user = user
        self.start()
        self.sql(f"CREATE USER {READER}@'%' IDENTIFIED BY '{READER_PASSWORD}'; GRANT SELECT, SHOW VIEW ON *.* TO {READER}@'%';")

    def start(self):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["/usr/sbin/mariadbd", "--no-defaults", f"--user={self.user}", f"--datadir={self.data}", f"--socket={self.socket}",
             "--bind-address=127.0.0.1", f"--port={self.port}", f"--pid-file={self.folder / 'pid'}",
             f"--log-error={self.folder / 'mariadb.log'}", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-use-native-aio=0",
             f"--innodb-buffer-pool-size={self.pool}", "--innodb-flush-method=fsync", "--max-allowed-packet=64M", "--skip-name-resolve", "--character-set-server=utf8mb4",
             "--performance-schema=OFF", "--skip-log-bin"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.is_up, "MariaDB", 30)

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"mariadbd ended: {(self.folder / 'mariadb.log').read_text()[-2000:]}")
        return self.socket.exists() and subprocess.run(self.client("-e", "SELECT 1"), stdout=subprocess.DEVNULL,
                                                       stderr=subprocess.DEVNULL).returncode == 0

    def client(self, *arguments):
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", "--default-character-set=utf8mb4", *arguments]

    def dump(self, *arguments):
        return ["mysqldump", "--no-defaults", f"--socket={self.socket}", "-uroot", *arguments]

    def sql(self, text, database=None):
        """Runs statements as the administrator; gives the rows of all of them, as lists of text."""
        done = subprocess.run(self.client("-N", "-B", *([database] if database else [])), input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def restore(self, database, dump, *more):
        """Makes `database` of a mysqldump; `more` are scripts to run on it then."""
        self.sql(f"CREATE DATABASE {database}")
        for path in (dump, *more):
            opener = gzip.open if str(path).endswith(".gz") else open
            with opener(path, "rb") as stream, subprocess.Popen(self.client(database), stdin=subprocess.PIPE) as client:
                shutil.copyfileobj(stream, client.stdin, 1 << 20)
                client.stdin.close()
            assert client.returncode == 0, path
        return database

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
        self.process = None

    def close(self):
        self.stop(signal.SIGKILL)
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)


class KopanoSet:
    """An installation as it was on disk: its database within `server`, and its attachments below `folder`."""

    def __init__(self, server, database, folder, source=DATA, attachments=("attachments.tar.gz",), dump="kopano.sql.gz", scripts=()):
        self.server, self.database, self.folder = server, database, pathlib.Path(folder)
        server.restore(database, source / dump, *scripts)
        self.attachments = self.folder / "attachments"
        self.attachments.mkdir(parents=True, exist_ok=True)
        for archive in attachments:
            with tarfile.open(source / archive) as tar:
                tar.extractall(self.attachments)

    def configuration(self, name="kopano.toml", **more):
        """A configuration file for kontor-migrate; `more` are lines of TOML by table."""
        password = self.folder / "database-password"
        password.write_text(READER_PASSWORD + "\n")
        password.chmod(0o600)
        tables = {
            "database": f'socket = "{self.server.socket}"\nname = "{self.database}"\nuser = "{READER}"\npassword_file = "{password}"\n',
            "attachments": f'path = "{self.attachments}"\n',
        }
        for table, lines in more.items():
            tables[table] = tables.get(table, "") + lines
        path = self.folder / name
        path.write_text("".join(f"[{table}]\n{lines}" for table, lines in tables.items()))
        return path

    def sql(self, text):
        return self.server.sql(text, self.database)

    def copied(self, database):
        """The same in a database of its own, for what changes it."""
        self.server.sql(f"CREATE DATABASE {database}")
        with subprocess.Popen(self.server.dump(self.database), stdout=subprocess.PIPE) as dump:
            subprocess.run(self.server.client(database), stdin=dump.stdout, check=True)
        made = copy.copy(self)
        made.database, made.folder = database, self.folder / database
        made.folder.mkdir()
        return made
