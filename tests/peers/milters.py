# SPDX-License-Identifier: AGPL-3.0-or-later
"""Filters of one's own: a milter that does as it is told, opendkim, rspamd with clamd."""
import contextlib
import getpass
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import urllib.request

from .ports import answers, free_port, wait_for

HERE = pathlib.Path(__file__).resolve().parent


def accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


class Process:
    """A server in a process of its own, ended at the end."""

    process = None

    def run(self, *command, log):
        with open(log, "ab") as out:
            self.process = subprocess.Popen([str(one) for one in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)

    def wait(self, is_there, log):
        def there():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args[0]} ended with {self.process.returncode}:\n{pathlib.Path(log).read_text()[-3000:]}")
            return is_there()

        try:
            wait_for(there, f"{self.process.args[0]} to answer", 60)
        except BaseException:
            self.close()
            raise

    def close(self):
        """With its workers, which would outlive it."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None


class ActionsMilter(Process):
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "milter.sock"
        self.log = self.folder / "milter.jsonl"
        self.start()

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.log.touch()
        output = self.folder / "milter.out"
        self.run("/usr/bin/python3", HERE / "actions_milter.py", f"unix:{self.socket}", self.log, log=output)
        self.wait(lambda: accepts(self.socket), output)

    def noted(self, on=None):
        return [one for one in map(json.loads, self.log.read_text().splitlines()) if on in (None, one["on"])]


OPENDKIM = """
Syslog no
Mode s
Canonicalization {canonical}
Domain example.org
Selector s1
KeyFile {key}
Socket inet:{port}@127.0.0.1
InternalHosts 127.0.0.1
UserID {user}
PidFile {folder}/opendkim.pid
OversignHeaders From
"""


class OpenDkim(Process):
    """Signs what it gets for example.org. It takes no key below a folder that others may write to, as /tmp is."""

    def __init__(self, port, user, canonical="simple/simple"):
        self._safe = tempfile.TemporaryDirectory(dir=pathlib.Path.home(), prefix=".opendkim-")
        self.folder = pathlib.Path(self._safe.name)
        key = self.folder / "s1.private"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        key.chmod(0o600)
        self.public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        config = self.folder / "opendkim.conf"
        config.write_text(OPENDKIM.format(canonical=canonical, key=key, port=port, folder=self.folder, user=user))
        log = self.folder / "opendkim.log"
        self.run("/usr/sbin/opendkim", "-f", "-x", config, log=log)
        self.wait(lambda: answers(port), log)

    def close(self):
        super().close()
        self._safe.cleanup()


RSPAMD = """
lua = "/usr/share/rspamd/rules/rspamd.lua";
options {{
  pidfile = "{folder}/{name}.pid";
  filters = "";
  gtube_patterns = "all";
  enable_test_patterns = true;
  url_tld = "{folder}/tlds";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }}
  local_addrs = ["192.168.0.0/16"];
  history_file = "{folder}/{name}.history";
  hs_cache_dir = "{folder}";
  tempdir = "{folder}";
}}
logging {{ type = "console"; level = "info"; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
"""

SCANNER = RSPAMD + """
worker {{ type = "normal"; bind_socket = "127.0.0.1:{port}"; count = 1; }}
worker {{ type = "rspamd_proxy"; milter = yes; bind_socket = "127.0.0.1:{milter}"; count = 1; upstream "local" {{ self_scan = yes; default = yes; }} }}
modules {{ path = "/usr/share/rspamd/plugins/antivirus.lua"; path = "/usr/share/rspamd/plugins/settings.lua"; }}
antivirus {{ clamav {{ symbol = "CLAM_VIRUS"; type = "clamav"; servers = "{folder}/clamd.sock"; action = "reject"; scan_mime_parts = false; log_clean = true; }} }}
settings {{ ben {{ priority = high; rcpt = "ben@example.org"; apply {{ actions {{ "add header" = 0.5; }} }} }} }}
"""

LEARNER = RSPAMD + """
worker {{ type = "controller"; bind_socket = "127.0.0.1:{controller}"; count = 1; password = "secret"; secure_ip = "192.0.2.1"; }}
classifier "bayes" {{
  tokenizer {{ name = "osb"; }}
  backend = "sqlite3";
  min_tokens = 3;
  min_learns = 1;
  cache {{ type = "sqlite3"; path = "{folder}/learned.sqlite"; }}
  statfile {{ symbol = "BAYES_HAM"; path = "{folder}/ham.sqlite"; spam = false; }}
  statfile {{ symbol = "BAYES_SPAM"; path = "{folder}/spam.sqlite"; spam = true; }}
}}
"""


class RspamdProcess(Process):
    def __init__(self, name, config, folder, **ports):
        path, log = folder / f"{name}.conf", folder / f"{name}.log"
        path.write_text(config.format(name=name, folder=folder, **ports))
        self.run("/usr/bin/rspamd", "-f", "-i", "-c", path, "-u", getpass.getuser(), "-g", getpass.getuser(), log=log)
        self.wait(lambda: all(map(answers, ports.values())), log)


class Rspamd:
    """Without a network, and with few top-level domains, which it would compile for long.

    What learns is a server of its own: workers that open the same SQLite databases at once may leave one without them.
    """

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.port, self.controller, self.milter = free_port(), free_port(), free_port()
        (folder / "tlds").write_text("com\norg\nnet\nexample\n")
        with contextlib.ExitStack() as started:
            started.callback(RspamdProcess("scanner", SCANNER, folder, port=self.port, milter=self.milter).close)
            started.callback(RspamdProcess("learner", LEARNER, folder, controller=self.controller).close)
            self.close = started.pop_all().close

    def stat(self):
        """How often it has learned, by statfile. One that is just being written is not told of."""
        return wait_for(self._stat, "rspamd to tell of all that it has learned", 90)

    def _stat(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.controller}/stat", headers={"Password": "secret"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            stat = json.load(answer)
        learned = {one["symbol"]: one["revision"] for one in stat["statfiles"] if "symbol" in one}
        return learned if len(learned) == 2 else None


# Never as a whole in a file: virus scanners would find it.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd(Process):
    """With a database of our own that knows one virus, which is none."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        database = self.folder / "clamav"
        database.mkdir()
        # NDB: name, any type, anywhere, bytes.
        (database / "own.ndb").write_text(f"Own.Eicar:0:*:{EICAR[:40].encode().hex()}\n")
        config = self.folder / "clamd.conf"
        config.write_text(f"Foreground yes\nLocalSocket {self.folder}/clamd.sock\nDatabaseDirectory {database}\nLogFile {self.folder}/clamd.out\n")
        log = self.folder / "clamd.log"
        self.run("/usr/sbin/clamd", "-c", config, log=log)
        self.wait(lambda: accepts(self.folder / "clamd.sock"), log)
