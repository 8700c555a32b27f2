# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenSSH server of one's own on loopback, with keys of its own, and the client's way to it."""
import getpass
import os
import pathlib
import subprocess

from .ports import answers, free_port, wait_for

SSHD = pathlib.Path("/usr/sbin/sshd")

CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/client.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
"""


class Sshd:
    def __init__(self, folder):
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.folder.mkdir(parents=True)
        for key in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / key], check=True)
        host = (self.folder / "host.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host[0]} {host[1]}\n")
        (self.folder / "sshd_config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # what its service would make
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.folder / "sshd_config"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: answers(self.port), f"sshd; its log: {self.folder / 'log'}")

    def client(self, *command):
        """The arguments of a client that runs `command` there."""
        return ["ssh", "-F", "none", "-i", str(self.folder / "client"), "-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes",
                "-o", "BatchMode=yes", "-p", str(self.port), f"{getpass.getuser()}@127.0.0.1", *map(str, command)]

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)
