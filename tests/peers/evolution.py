# SPDX-License-Identifier: AGPL-3.0-or-later
"""Evolution's data server in a D-Bus session and a home of its own: what syncs calendars and contacts for Evolution, GNOME Calendar and
GNOME Contacts. What is asked of it is in evolution_desk.py."""
import json
import os
import pathlib
import shutil
import signal
import subprocess

DESK = pathlib.Path(__file__).parent / "evolution_desk.py"
FACTORY = "/usr/libexec/evolution-calendar-factory"
NEEDED = "import gi; [gi.require_version(*one) for one in (('EBook', '1.2'), ('ECal', '2.0'), ('EDataServer', '1.2'))]"


def is_usable():
    return (os.path.exists(FACTORY) and shutil.which("dbus-run-session") is not None
            and subprocess.run(["/usr/bin/python3", "-c", NEEDED], capture_output=True).returncode == 0)


class DeskFailed(Exception):
    """What the data server, or the binding to it, says went wrong."""


class Evolution:
    def __init__(self, folder, user, password):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.log = self.folder / "evolution.log"
        (self.folder / "run").mkdir(mode=0o700)
        # Settings that nobody else sees, no desktop services, no passwords kept.
        own = {"HOME": self.folder, "XDG_CONFIG_HOME": self.folder / "config", "XDG_DATA_HOME": self.folder / "data", "XDG_CACHE_HOME": self.folder / "cache",
               "XDG_RUNTIME_DIR": self.folder / "run", "GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["dbus-run-session", "--", "/usr/bin/python3", DESK, user, password], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True, env={**environment, **{k: str(v) for k, v in own.items()}}, start_new_session=True)

    def __call__(self, verb, *arguments):
        """What the method of that name in evolution_desk.py returns."""
        self.process.stdin.write(json.dumps([verb, *arguments]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise DeskFailed(f"it ended; its log: {self.log.read_text()[-4000:]}")
        result, fault = json.loads(answer)
        if fault:
            raise DeskFailed(fault)
        return result

    def close(self):
        # The whole group: the bus ends with the desk, the data server's processes with the bus.
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        except ProcessLookupError:
            self.process.wait()
