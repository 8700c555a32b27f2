# SPDX-License-Identifier: AGPL-3.0-or-later
"""nsd on loopback with zones of our own: {"bank.example": ["@ TXT \\"v=spf1 -all\\"", ...]}."""
import pathlib
import socket
import subprocess
import tempfile

from peers.ports import free_port, wait_for


def _free_port():
    """A port that is free for both: nsd listens by UDP and TCP."""
    while True:
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class NameServer:
    def __init__(self, zones, signed=()):
        self._folder = tempfile.TemporaryDirectory(prefix="nsd-")
        folder = pathlib.Path(self._folder.name)
        self.port = _free_port()
        self.anchors = folder / "anchors" if signed else ""
        config = f"""server:
  port: {self.port}
  ip-address: 127.0.0.1
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/pid"
  xfrdfile: ""
  zonelistfile: "{folder}/zones"
remote-control:
  control-enable: no
"""
        for zone, records in zones.items():
            lines = [f"$ORIGIN {zone}.", "$TTL 60", "@ SOA ns hostmaster 1 60 60 60 60", "@ NS ns", "ns A 127.0.0.1", *records]
            (folder / zone).write_text("\n".join(lines) + "\n")
            if zone in signed:
                self._sign(folder, zone)
            config += f'zone:\n  name: "{zone}"\n  zonefile: "{zone}{".signed" if zone in signed else ""}"\n'
        (folder / "nsd.conf").write_text(config)
        self._log = open(folder / "log", "wb")
        self.process = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", folder / "nsd.conf"], stdout=self._log, stderr=self._log)
        wait_for(self._answers, "nsd to answer")

    def _sign(self, folder, zone):
        key = subprocess.run(["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", "-r", "/dev/urandom", zone], cwd=folder, capture_output=True, text=True,
                             check=True).stdout.strip()
        subprocess.run(["ldns-signzone", "-n", zone, key], cwd=folder, check=True)
        with open(self.anchors, "a") as anchors:
            anchors.write((folder / f"{key}.ds").read_text())

    def _answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            probe.sendto(b"\x12\x34\0\0\0\1\0\0\0\0\0\0\0\0\x06\0\1", ("127.0.0.1", self.port))
            try:
                return probe.recv(512)
            except (TimeoutError, ConnectionError):
                return None

    def toml(self):
        return f'\n[dns]\nservers = ["127.0.0.1:{self.port}"]\ntrust_anchor_file = "{self.anchors}"\ntimeout = "3s"\n'

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self._log.close()
        self._folder.cleanup()
