# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Radicale of one's own, with its data in a folder."""
import pathlib
import subprocess

from .dav_wire import Dav
from .ports import free_port, wait_for

CONFIG = """
[server]
hosts = 127.0.0.1:{port}
max_connections = 20
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/data
[web]
type = none
[logging]
level = warning
"""


class Radicale:
    def __init__(self, folder, users=("ada@example.org",), password="secret"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.password = password
        self.port = free_port()
        (self.folder / "users").write_text("".join(f"{user}:{password}\n" for user in users))
        (self.folder / "config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        self.process = None

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["/usr/bin/python3", "-m", "radicale", "--config", self.folder / "config"],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(self._answers, "radicale to answer", 30)
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"radicale ended: {(self.folder / 'log').read_text()[-2000:]}")
        try:
            client = self.client("nobody")
            client.request("OPTIONS", "/")
            client.close()
            return True
        except OSError:
            return False

    def client(self, user="ada@example.org"):
        return Dav("127.0.0.1", self.port, user, self.password)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None
