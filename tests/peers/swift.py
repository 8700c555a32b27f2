# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenStack Swift of one's own with its S3 interface: a real S3 server from Debian."""
import getpass
import http.client
import pathlib
import shutil
import subprocess
import tempfile

from .ports import free_port, wait_for

KEY_ID, SECRET = "test:tester", "testing"

STORE = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 0
log_name = {kind}
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
workers = 0
[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy dlo slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:dlo]
use = egg:swift#dlo
[filter:slo]
use = egg:swift#slo
"""


def is_usable():
    # Swift's servers read the system's swift.conf, which is not for everybody.
    return getpass.getuser() == "root" and all(shutil.which(program) for program in ("swift-proxy-server", "swift-ring-builder", "memcached"))


class Swift:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="swift-", dir="/tmp"))
        self.processes = []
        user = getpass.getuser()
        (self.folder / "devices/d1").mkdir(parents=True)
        for kind in ("account", "container", "object"):
            port = free_port()
            ring = self.folder / f"{kind}.builder"
            for arguments in (["create", "2", "1", "0"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
                subprocess.run(["swift-ring-builder", ring, *arguments], check=True, stdout=subprocess.DEVNULL)
            self.start(kind, STORE.format(port=port, user=user, folder=self.folder, kind=kind))
        memcached = free_port()
        self.processes.append(subprocess.Popen(["memcached", "-u", user, "-l", "127.0.0.1", "-p", str(memcached), "-m", "16"],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        self.port = free_port()
        self.start("proxy", PROXY.format(port=self.port, user=user, folder=self.folder, memcached=memcached))
        wait_for(self.is_up, "Swift: " + str(self.folder), 30)

    def start(self, kind, configuration):
        path = self.folder / f"{kind}.conf"
        path.write_text(configuration)
        with open(self.folder / f"{kind}.log", "wb") as log:
            self.processes.append(subprocess.Popen([f"swift-{kind}-server", path], stdout=log, stderr=log))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def is_up(self):
        try:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            answer = self.ask("GET", "/auth/v1.0", {"X-Auth-User": KEY_ID, "X-Auth-Key": SECRET})
        except OSError:
            return False
        self.token = answer.headers.get("X-Auth-Token")
        return answer.status == 200 and self.ask("PUT", "/v1/AUTH_test/up").status in (201, 202)

    def ask(self, method, path, headers=None, body=None):
        """By Swift's own protocol."""
        self.connection.request(method, path, body, headers or {"X-Auth-Token": self.token})
        answer = self.connection.getresponse()
        answer.read()
        return answer

    def make_bucket(self, name):
        assert self.ask("PUT", f"/v1/AUTH_test/{name}").status in (201, 202)

    def put(self, bucket, key, content):
        # Its servers give up on each other after seconds where much else is at work.
        wait_for(lambda: self.ask("PUT", f"/v1/AUTH_test/{bucket}/{key}", body=content).status == 201, f"Swift to keep {key}", 60)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
