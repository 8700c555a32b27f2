# SPDX-License-Identifier: AGPL-3.0-or-later
"""A web server that has the policies of MTA-STS: {"example.net": "version: STSv1..."}."""
import collections
import http.server
import ssl
import threading


class PolicyServer:
    def __init__(self, policies, certificate):
        self.policies = dict(policies)
        self.asked = collections.Counter()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                domain = self.headers["Host"].split(":")[0].removeprefix("mta-sts.")
                owner.asked[domain] += 1
                policy = owner.policies.get(domain) if self.path == "/.well-known/mta-sts.txt" else None
                self.send_response(200 if policy else 404)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write((policy or "").encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*map(str, certificate))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
