# SPDX-License-Identifier: AGPL-3.0-or-later
"""Debian's Thunderbird without a screen, driven through its Marionette port: JSON over TCP, "length:[type, id, name, parameters]".

What it does is in thunderbird.js (mail) and thunderbird_dav.js (calendars, contacts), which run inside it with the rights of its own windows.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess

from .ports import wait_for

LIBRARY = "".join((pathlib.Path(__file__).parent / name).read_text() for name in ("thunderbird.js", "thunderbird_dav.js"))

# No first-start pages, no questions, and nothing that would look for a network.
PREFERENCES = {
    "marionette.port": 0,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "calendar.timezone.local": "UTC",
    "calendar.timezone.useSystemTimezone": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "gfx.webrender.software": True,
    "layers.acceleration.disabled": True,
    "mail.inappnotifications.enabled": False,
    "mail.instrumentation.postUrl": "",
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.manage-offline-status": False,
    "network.proxy.type": 0,
    "security.OCSP.enabled": 0,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.unified": False,
}


class ScriptFailed(Exception):
    """What Thunderbird says went wrong in a script."""


class Thunderbird:
    def __init__(self, folder, authority):
        """A profile in `folder` that trusts `authority` (a file in PEM)."""
        self.folder = pathlib.Path(folder)
        self.profile = self.folder / "profile"
        self.profile.mkdir(parents=True)
        self.log = self.folder / "thunderbird.log"
        (self.profile / "user.js").write_text("".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items()))
        store = f"sql:{self.profile}"
        subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True, capture_output=True)
        subprocess.run(["certutil", "-A", "-d", store, "-n", "tests", "-t", "C,,", "-i", str(authority)], check=True, capture_output=True)
        self.process = None
        self._socket = None
        self._buffer = b""
        self._last = 0

    def start(self):
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
        environment |= {"HOME": str(self.folder), "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", self.profile],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        port = int(wait_for(self._active_port, f"Thunderbird's port; its log: {self.log}", 240))
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=180)
        self._receive()
        self._command("WebDriver:NewSession", capabilities={})
        self._command("WebDriver:SetTimeouts", script=120_000)
        self._command("Marionette:SetContext", value="chrome")
        return self

    def close(self):
        """Ends it; its profile is thrown away, so nothing need be saved."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self.process is not None:
            # The whole group: the program starts helpers of its own.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def run(self, script, *arguments):
        """The value of `script`, the body of an async function that sees thunderbird.js and its `arguments` as `args`."""
        source = f"""{LIBRARY}
const done = arguments[arguments.length - 1];
const args = arguments[0];
(async () => {{ {script} }})().then(
  value => done({{value: value === undefined ? null : value}}),
  fault => done({{fault: `${{fault}}\\n${{fault && fault.stack}}`}}));"""
        answer = self._command("WebDriver:ExecuteAsyncScript", script=source, args=[list(arguments)], newSandbox=True, sandbox="system")["value"]
        if "fault" in answer:
            raise ScriptFailed(answer["fault"])
        return answer["value"]

    def _active_port(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"thunderbird ended with {self.process.returncode}:\n{self.log.read_text(errors='replace')[-4000:]}")
        file = self.profile / "MarionetteActivePort"
        return file.exists() and file.read_text().strip()

    def _command(self, name, **parameters):
        self._last += 1
        text = json.dumps([0, self._last, name, parameters])
        self._socket.sendall(f"{len(text.encode())}:{text}".encode())
        _, number, fault, result = self._receive()
        assert number == self._last
        if fault:
            raise ScriptFailed(f"{fault['error']}: {fault['message']}")
        return result

    def _receive(self):
        while b":" not in self._buffer:
            self._more()
        length, _, rest = self._buffer.partition(b":")
        self._buffer = rest
        while len(self._buffer) < int(length):
            self._more()
        text, self._buffer = self._buffer[:int(length)], self._buffer[int(length):]
        return json.loads(text)

    def _more(self):
        piece = self._socket.recv(65536)
        if not piece:
            raise RuntimeError(f"thunderbird closed its port; its log: {self.log}")
        self._buffer += piece
