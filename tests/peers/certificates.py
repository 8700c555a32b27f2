# SPDX-License-Identifier: AGPL-3.0-or-later
"""An authority of one's own and a certificate by it, for clients that take no self-signed one."""
import pathlib
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *[str(a) for a in arguments]], check=True, capture_output=True, timeout=60)


class Authority:
    """Leaves ca.pem, server.pem and server.key for 127.0.0.1 and localhost in `folder`."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, key = folder / "ca.pem", folder / "ca.key"
        self.server, self.server_key = folder / "server.pem", folder / "server.key"
        request, extensions = folder / "server.csr", folder / "server.ext"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", key, "-out", self.certificate, "-days", "30", "-subj", "/CN=Kontor test authority",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("req", *curve, "-keyout", self.server_key, "-out", request, "-subj", "/CN=localhost")
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
                              "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", key, "-CAcreateserial", "-days", "30",
                "-extfile", extensions, "-out", self.server)

    def toml(self):
        """For Kontor's configuration."""
        return f'[tls]\ncertificates = ["{self.server}"]\nkeys = ["{self.server_key}"]\n'
