#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signs `message.eml` by opendkim: opendkim-*.eml. It must be installed; its test mode prints the field. Not with the simple form of
the header: test mode takes white space off fields before it signs them."""
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent


def signed(message, canonicalization):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "conf"
        config.write_text(f"""Mode s
Domain example.org
Selector rsa
KeyFile {HERE / "rsa.pem"}
Canonicalization {canonicalization}
SignatureAlgorithm rsa-sha256
RequireSafeKeys no
Syslog no
OverSignHeaders From
""")
        done = subprocess.run(["opendkim", "-x", config, "-vvv", "-t", HERE / "message.eml"], capture_output=True, text=True, check=True)
    value = re.search(r"hname='DKIM-Signature' hvalue='(.*?)'\s*$", done.stdout, re.S | re.M).group(1)
    return b"DKIM-Signature: " + value.replace("\r\n", "\n").replace("\n", "\r\n").encode() + b"\r\n" + message


if __name__ == "__main__":
    content = (HERE / "message.eml").read_bytes()
    for form in ("relaxed/simple", "relaxed/relaxed"):
        (HERE / f"opendkim-{form.replace('/', '-')}.eml").write_bytes(signed(content, form))
