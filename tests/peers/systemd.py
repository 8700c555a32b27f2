# SPDX-License-Identifier: AGPL-3.0-or-later
"""Debian's systemd as process 1 of namespaces of its own, with Kontor installed as its only service."""
import os
import pathlib
import signal
import subprocess

from .kontor import KONTOR, ROOT
from .ports import wait_for

SPACES = ["--mount", "--pid", "--fork", "--cgroup", "--uts", "--net", "--ipc", "--mount-proc"]


class NotPermitted(Exception):
    """This machine lets nobody make such a machine."""


class Systemd:
    def __init__(self, folder, config):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "installed.toml"
        self.config.write_text(config)
        self.process = None
        self.init = None

    def start(self):
        if subprocess.run(["unshare", *SPACES, "true"], capture_output=True).returncode != 0:
            raise NotPermitted("no namespaces of one's own")
        with open(self.folder / "setup.log", "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", *SPACES, "--kill-child", ROOT / "tests/peers/systemd.sh", self.folder, KONTOR.resolve(), ROOT / "packaging", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self._is_up, "systemd to be up; its log: " + str(self.folder), 30)
        return self

    def _is_up(self):
        if self.process.poll() is not None:
            text = (self.folder / "setup.log").read_text()
            raise NotPermitted(text.splitlines()[-1]) if self.process.returncode == 77 else RuntimeError(f"{self.process.returncode}: {text}")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not children or pathlib.Path(f"/proc/{children[0]}/comm").read_text().strip() != "systemd":
            return False
        self.init = int(children[0])
        return self.inside("systemctl", "is-active", "basic.target", check=False).returncode == 0

    def close(self):
        if self.process is not None and self.process.poll() is None:
            os.kill(self.init or self.process.pid, signal.SIGKILL)
            self.process.wait(30)

    def inside(self, *command, check=True, input=None):
        """Runs a command as root in the machine."""
        done = subprocess.run(["nsenter", "--target", str(self.init), "--all", *[str(c) for c in command]], capture_output=True, text=True,
                              input=input, timeout=120, cwd="/", env={"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL": "C.UTF-8"})
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.returncode} {done.stdout}{done.stderr}\n{self.log()}")
        return done.stdout if check else done

    def show(self, *names):
        """Properties of the service as systemd sees them."""
        lines = self.inside("systemctl", "show", "kontor.service", *[f"--property={name}" for name in names]).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def log(self):
        return "".join((self.folder / name).read_text(errors="replace")[-3000:] for name in ("setup.log", "console", "kontor.log")
                       if (self.folder / name).exists())
