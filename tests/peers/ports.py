# SPDX-License-Identifier: AGPL-3.0-or-later
"""Free ports and waiting."""
import os
import random
import socket
import time

# Below the range that the system gives to outgoing connections; workers that run side by side take every eighth each.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
_given = set()


def free_port():
    """A port on loopback that nobody listens on and that was not given before."""
    while True:
        port = random.randrange(10000, 32000, 8) + _WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def wait_for(condition, what, seconds=20.0):
    """Returns what `condition` returns once that is true; fails with `what` after some seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def answers(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
