# SPDX-License-Identifier: AGPL-3.0-or-later
"""OpenLDAP's server with what a Kopano installation keeps in a directory, in the form of OpenLDAP or of Active Directory."""
import base64
import getpass
import os
import pathlib
import shutil
import subprocess
import tempfile

from .ports import answers, free_port, wait_for

ROOT_DN, ROOT_PASSWORD = "cn=admin,dc=example,dc=com", "directory-secret"
BASE = "dc=example,dc=com"
STRING, IA5, NUMBER, OCTETS = "1466.115.121.1.15", "1466.115.121.1.26", "1466.115.121.1.27", "1466.115.121.1.40"
MATCH = {STRING: "caseIgnoreMatch", IA5: "caseIgnoreIA5Match", NUMBER: "integerMatch", OCTETS: "octetStringMatch"}
ATTRIBUTES = {
    "kopanoAliases": IA5, "kopanoSharedStoreOnly": NUMBER, "kopanoResourceType": STRING, "kopanoHidden": STRING, "kopanoQuotaOverride": STRING,
    "kopanoQuotaHard": NUMBER, "kopanoQuotaSoft": NUMBER, "kopanoQuotaWarn": NUMBER, "kopanoSendAsPrivilege": STRING, "kopanoSecurityGroup": NUMBER,
    "kopanoFilter": STRING, "kopanoBase": STRING, "kopanoAccount": NUMBER, "objectGUID": OCTETS, "objectSid": OCTETS, "sAMAccountName": STRING,
    "groupType": NUMBER, "proxyAddresses": STRING, "objectCategory": STRING,
}


def schema():
    lines = []
    for number, (name, syntax) in enumerate(ATTRIBUTES.items(), 1):
        lines.append(f"attributetype ( 1.1.2.1.{number} NAME '{name}' EQUALITY {MATCH[syntax]} SYNTAX 1.3.6.1.4.1.{syntax} )")
    may = " $ ".join([*ATTRIBUTES, "mail", "userPassword"])
    lines += [f"objectclass ( 1.1.2.2.1 NAME 'kopano-user' SUP top AUXILIARY MAY ( {may} ) )",
              f"objectclass ( 1.1.2.2.2 NAME 'kopano-dynamicgroup' SUP top STRUCTURAL MUST cn MAY ( {may} ) )",
              f"objectclass ( 1.1.2.2.3 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( {may} ) )",
              f"objectclass ( 1.1.2.2.4 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ {may} ) )",
              f"objectclass ( 1.1.2.2.5 NAME 'kopano-contact' SUP top STRUCTURAL MUST ( cn $ uidNumber ) MAY ( {may} ) )"]
    return "\n".join(lines) + "\n"


def ldif(entries):
    """Of [(dn, {attribute: value or values})]; bytes and what is not ASCII in base64."""
    lines = []
    for dn, attributes in entries:
        lines.append(_line("dn", dn))
        for name, values in attributes.items():
            for value in values if isinstance(values, (list, tuple)) else [values]:
                lines.append(_line(name, value))
        lines.append("")
    return "\n".join(lines) + "\n"


def _line(name, value):
    octets = value if isinstance(value, bytes) else str(value).encode()
    if all(32 < octet < 127 for octet in octets[:1]) and octets[:1] not in (b":", b"<") and all(31 < octet < 127 for octet in octets):
        return f"{name}: {octets.decode()}"
    return f"{name}:: {base64.b64encode(octets).decode()}"


class Slapd:
    """Gives at most 100 entries at once, any number by pages. `authority` gives it a certificate."""

    def __init__(self, entries, authority=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slapd-", dir="/tmp"))
        (self.folder / "data").mkdir()
        (self.folder / "own.schema").write_text(schema())
        self.port, self.tls_port = free_port(), free_port()
        schemas = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "nis", "inetorgperson"))
        tls = f"TLSCertificateFile {authority.server}\nTLSCertificateKeyFile {authority.server_key}\n" if authority else ""
        self.configuration = self.folder / "slapd.conf"
        self.configuration.write_text(
            f"{schemas}include {self.folder}/own.schema\npidfile {self.folder}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n{tls}"
            f'authz-regexp "gidNumber=.*uidNumber={os.getuid()},cn=peercred,cn=external,cn=auth" "{ROOT_DN}"\n'
            f"sizelimit size.soft=100 size.hard=100 size.pr=unlimited size.prtotal=unlimited\n"
            f'database mdb\nsuffix "{BASE}"\nrootdn "cn=root,{BASE}"\ndirectory {self.folder}/data\nmaxsize 104857600\n'
            f'access to attrs=userPassword by dn.base="{ROOT_DN}" read by anonymous auth by * none\naccess to * by dn.base="{ROOT_DN}" read by * auth\n')
        # Not the root DN: no limit holds for that.
        first = [(BASE, {"objectClass": ["dcObject", "organization"], "dc": "example", "o": "Example"}),
                 (ROOT_DN, {"objectClass": ["organizationalRole", "simpleSecurityObject"], "cn": "admin", "userPassword": ROOT_PASSWORD})]
        text = ldif([*first, *entries])
        done = subprocess.run(["slapadd", "-f", self.configuration], input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        self.socket = self.folder / "ldapi"
        addresses = f"ldap://127.0.0.1:{self.port}/ {self.socket_url}" + (f" ldaps://127.0.0.1:{self.tls_port}/" if authority else "")
        self.process = subprocess.Popen(["slapd", "-d", "0", "-f", self.configuration, "-h", addresses, "-u", getpass.getuser()],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: answers(self.port), "slapd", 20)

    @property
    def socket_url(self):
        return "ldapi://" + str(self.socket).replace("/", "%2F")

    @property
    def url(self):
        return f"ldap://127.0.0.1:{self.port}"

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
