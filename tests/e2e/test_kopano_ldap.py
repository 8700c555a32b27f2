# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Kopano installation whose users are in an LDAP directory: they arrive as those of the db plugin do."""
import base64
import hashlib
import json
import subprocess
import tarfile

from peers.certificates import Authority
from peers.kontor import MIGRATE
from peers.mariadb import KopanoSet
from peers.move import Move
from peers.slapd import BASE, ROOT_DN, ROOT_PASSWORD, Slapd

ALMA, BRUNO = "alma.berg@fjordline.example.com", "bruno.keller@fjordline.example.com"
INFO, SALES = "info@fjordline.example.com", "sales@fjordline.example.com"
USER, SHARED, ROOM, GROUP, COMPANY = 0x10001, 0x10002, 0x10003, 0x30002, 0x40001


class Directory:
    """What the database has of the db plugin, before it is taken away."""

    def __init__(self, kopano):
        self.rows = {int(i): {"externid": bytes.fromhex(e), "class": int(c)} for i, e, c in kopano.sql("SELECT id, HEX(externid), objectclass FROM object")}
        for i, name, value in kopano.sql("SELECT objectid, propname, value FROM objectproperty"):
            self.rows[int(i)][name] = value
        self.relations = [tuple(map(int, row)) for row in kopano.sql("SELECT objectid, parentobjectid, relationtype FROM objectrelation")]
        kopano.sql("DELETE FROM object; DELETE FROM objectproperty; DELETE FROM objectmvproperty; DELETE FROM objectrelation")

    def of(self, *classes):
        return [(i, row) for i, row in self.rows.items() if row["class"] in classes]

    def people(self):
        return [(i, row) for i, row in self.rows.items() if row["class"] >> 16 == 1]

    def children(self, parent, relation):
        return [child for child, of, kind in self.relations if of == parent and kind == relation]

    def company(self, row):
        return next(one["companyname"] for _, one in self.of(COMPANY) if one["externid"].hex().upper() == row["companyid"])


def active_directory(directory):
    dns, entries = {}, []
    for i, row in directory.of(COMPANY):
        dns[i] = f"ou={row['companyname']},{BASE}"
        entries.append((dns[i], {"objectClass": ["organizationalUnit", "kopano-user"], "ou": row["companyname"], "objectGUID": row["externid"], "kopanoAccount": 1}))
        entries.append((f"ou=People,{dns[i]}", {"objectClass": "organizationalUnit", "ou": "People"}))
    for i, row in directory.people():
        dns[i] = f"cn={row['fullname']},ou=People,ou={directory.company(row)},{BASE}"
    for i, row in directory.of(GROUP):
        dns[i] = f"cn={row['groupname']},ou={directory.company(row)},{BASE}"
    for i, row in directory.people():
        entry = {"objectClass": "user", "cn": row["fullname"], "sn": "x", "sAMAccountName": row["loginname"], "objectGUID": row["externid"], "objectCategory": "Person",
                 "mail": row["emailaddress"], "proxyAddresses": ["SMTP:" + row["emailaddress"]]}
        if row["class"] != USER:
            entry |= {"kopanoSharedStoreOnly": 1}
        if row["class"] == ROOM:
            entry |= {"kopanoResourceType": "room"}
        if row.get("usedefaultquota") == "0":
            entry |= {"kopanoQuotaOverride": "TRUE", "kopanoQuotaHard": int(row["hardquota"]) >> 20}
        senders = [dns[child].upper() for child in directory.children(i, 6)]
        if senders:
            entry["kopanoSendAsPrivilege"] = senders
        entries.append((dns[i], entry))
    for i, row in directory.of(GROUP):
        entries.append((dns[i], {"objectClass": "group", "cn": row["groupname"], "objectSid": row["externid"], "objectCategory": "Group", "groupType": -2147483646,
                                 "mail": row["emailaddress"], "member": [dns[child] for child in directory.children(i, 1)]}))
    # What points to another server is followed by nobody.
    entries.append((f"ou=elsewhere,{BASE}", {"objectClass": ["referral", "extensibleObject"], "ou": "elsewhere", "ref": f"ldap://127.0.0.1:1/ou=elsewhere,{BASE}"}))
    return entries


def open_ldap(directory, numbers):
    """As most do it: uidNumber and gidNumber, which begin with the same number; tenants by name."""
    def hashed(password):
        return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + b"salt").digest() + b"salt").decode()

    entries = []
    for _, row in directory.of(COMPANY):
        entries.append((f"ou={row['companyname']},{BASE}", {"objectClass": ["organizationalUnit", "kopano-user"], "ou": row["companyname"], "kopanoAccount": 1}))
    for i, row in directory.people():
        entry = {"objectClass": ["inetOrgPerson", "posixAccount", "kopano-user"], "cn": row["fullname"], "sn": "x", "uid": row["loginname"], "uidNumber": numbers[i],
                 "gidNumber": 1, "homeDirectory": "/", "mail": row["emailaddress"], "userPassword": hashed("directory-" + row["loginname"])}
        if row["class"] != USER:
            entry |= {"kopanoSharedStoreOnly": 1}
        if row["loginname"] == "alma.berg":
            entry |= {"kopanoAliases": ["alma@fjordline.example.com", "berg@fjordline.example.com"], "kopanoQuotaOverride": 1, "kopanoQuotaHard": 12345678}
        if row["loginname"] == "bruno.keller":
            entry |= {"kopanoHidden": 1}
        senders = [numbers[child] for child in directory.children(i, 6)]
        if senders:
            entry["kopanoSendAsPrivilege"] = senders
        entries.append((f"uid={row['loginname']},ou={directory.company(row)},{BASE}", entry))
    for i, row in directory.of(GROUP):
        entries.append((f"cn={row['groupname']},ou={directory.company(row)},{BASE}",
                        {"objectClass": ["posixGroup", "kopano-user"], "cn": row["groupname"], "gidNumber": numbers[i], "mail": row["emailaddress"],
                         "memberUid": [directory.rows[child]["loginname"] for child in directory.children(i, 1)]}))
    entries.append((f"cn=keller,ou=Fjordline,{BASE}", {"objectClass": "kopano-dynamicgroup", "cn": "keller", "mail": "keller@fjordline.example.com",
                                                       "kopanoFilter": "(uid=*keller)", "kopanoBase": f"ou=Fjordline,{BASE}"}))
    # More than one answer holds.
    entries += [(f"uid=many{n},ou=Quellhof,{BASE}", {"objectClass": ["inetOrgPerson", "posixAccount", "kopano-user"], "cn": f"Many {n}", "sn": "x", "uid": f"many{n}",
                                                     "uidNumber": 5000 + n, "gidNumber": 1, "homeDirectory": "/", "mail": f"many{n}@quellhof.example.org"}) for n in range(1200)]
    return entries


def ldap_cfg(folder, shipped, url, more=""):
    path = folder / "ldap.cfg"
    path.write_text(f"# of this server\n!include /usr/share/kopano/{shipped}\nldap_uri = {url}\nldap_bind_user = {ROOT_DN}\nldap_bind_passwd = {ROOT_PASSWORD}\n"
                    f"ldap_search_base = {BASE}\nldap_company_search_filter = (kopanoAccount=1)\n{more}")
    return path


def archive(configuration, name):
    """What an archive of everything says: records, and digests of contents, by their places."""
    output = configuration.parent / name
    done = subprocess.run([MIGRATE, "dump", "--source", configuration, "--output", output, "--quiet"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {}
    with subprocess.Popen(["zstd", "-dc", output], stdout=subprocess.PIPE) as unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        for one in tar:
            content = tar.extractfile(one).read()
            found[one.name] = json.loads(content) if one.name.endswith(".json") else hashlib.sha256(content).hexdigest()
    return found


def without_passwords(records):
    for name, record in records.items():
        if name.endswith("/settings.json"):
            record.pop("password_hash", None)
        if name.startswith("principals/"):
            record.get("members", []).sort()
    return records


def test_active_directory(mariadb, tmp_path):
    """Every record and every byte is as it was with the db plugin, but for the passwords, which nobody reads there."""
    kopano = KopanoSet(mariadb, "guids", tmp_path)
    wanted = without_passwords(archive(kopano.configuration(), "plugin"))
    authority = Authority(tmp_path / "authority")
    slapd = Slapd(active_directory(Directory(kopano)), authority)
    try:
        cfg = ldap_cfg(tmp_path, "ldap.active-directory.cfg", slapd.url, "ldap_emailaliases_attribute = proxyAddresses\n")
        words = f'config = "{cfg.name}"\ntls = "verify"\nca_file = "{authority.certificate}"\n'
        have = without_passwords(archive(kopano.configuration(ldap=words), "ldap"))
        assert have.keys() == wanted.keys()
        assert {name: (have[name], wanted[name]) for name in have if have[name] != wanted[name]} == {}

        def plan(words):
            path = kopano.configuration("other.toml", ldap=words)
            done = subprocess.run([MIGRATE, "plan", "--source", path], capture_output=True, text=True, timeout=100)
            return done.returncode, done.stdout + done.stderr

        code, said = plan(f'config = "{cfg.name}"\nurl = "ldaps://127.0.0.1:{slapd.tls_port}"\nca_file = "{authority.certificate}"\n')
        assert code == 0, said
        other = Authority(tmp_path / "other")
        code, said = plan(f'config = "{cfg.name}"\ntls = "verify"\nca_file = "{other.certificate}"\n')
        assert code == 2 and "StartTLS" in said and ROOT_PASSWORD not in said, said
        (tmp_path / "wrong").write_text("wrong\n")
        code, said = plan(f'config = "{cfg.name}"\npassword_file = "wrong"\n')
        assert code == 2 and "logging in as" in said and "Invalid credentials" in said, said
        code, said = plan(f'config = "{cfg.name}"\nsearch_base = "dc=nowhere"\n')
        assert code == 2 and "dc=nowhere" in said, said
    finally:
        slapd.close()
    code, said = plan(f'config = "{cfg.name}"\n')
    assert code == 2 and slapd.url in said, said


def test_the_system_s_user_over_a_socket(mariadb, tmp_path):
    """SASL's EXTERNAL: nobody gives a password, and the directory knows who asks. Hashes come, which only its reader may see."""
    kopano = KopanoSet(mariadb, "sockets", tmp_path)
    directory = Directory(kopano)
    numbers = {i: 1000 + n for n, (i, _) in enumerate(directory.people())} | {i: 1000 + n for n, (i, _) in enumerate(directory.of(GROUP))}
    for i, row in directory.rows.items():
        kopano.sql(f"UPDATE users SET externid = '{row.get('companyname') or numbers[i]}' WHERE externid = X'{row['externid'].hex()}'")
    slapd = Slapd(open_ldap(directory, numbers))
    try:
        words = f'kind = "openldap"\nsearch_base = "{BASE}"\nparameters = ["ldap_company_search_filter = (kopanoAccount=1)", "ldap_user_search_filter = (!(uid=many*))"]\n'
        external = archive(kopano.configuration(ldap=f'{words}url = "{slapd.socket_url}"\nlogin = "external"\n'), "external")
        (tmp_path / "secret").write_text(ROOT_PASSWORD + "\n")
        simple = archive(kopano.configuration(ldap=f'{words}url = "{slapd.url}"\nbind_dn = "{ROOT_DN}"\npassword_file = "secret"\n'), "simple")
        assert external == simple
        assert any(record.get("password_hash", "").startswith("{SSHA}") for name, record in external.items() if name.endswith("/settings.json"))

        def refused(words):
            done = subprocess.run([MIGRATE, "plan", "--source", kopano.configuration("other.toml", ldap=words)], capture_output=True, text=True, timeout=100)
            assert done.returncode == 2
            return done.stdout + done.stderr

        assert "ldapi://" in refused(f'{words}url = "{slapd.url}"\nlogin = "external"\n')
        assert "ldap.bind_dn" in refused(f'{words}url = "{slapd.socket_url}"\nlogin = "external"\nbind_dn = "{ROOT_DN}"\n')
        assert "ldap.login" in refused(f'{words}url = "{slapd.socket_url}"\nlogin = "gssapi"\n')
    finally:
        slapd.close()


def test_open_ldap(mariadb, tmp_path, make_kontor):
    kopano = KopanoSet(mariadb, "numbers", tmp_path)
    directory = Directory(kopano)
    numbers = {i: 1000 + n for n, (i, _) in enumerate(directory.people())} | {i: 1000 + n for n, (i, _) in enumerate(directory.of(GROUP))}
    for i, row in directory.rows.items():
        name = row.get("companyname") or str(numbers[i])
        kopano.sql(f"UPDATE users SET externid = '{name}' WHERE externid = X'{row['externid'].hex()}'")
    slapd = Slapd(open_ldap(directory, numbers))
    house = make_kontor()
    house.start()
    try:
        words = f'config = "{ldap_cfg(tmp_path, "ldap.openldap.cfg", slapd.url)}"\nparameters = ["ldap_user_search_filter = (!(uid=many*))"]\n'
        move = Move(house, tmp_path, ["--source", kopano.configuration(ldap=words)])
        report = move.run("run", "--create-users")
        assert report["directory"]["quarantined"] == 0, report["directory"]
        assert {"fjordline", "quellhof"} <= {one["name"] for one in house.json("tenant", "list")}
        alma = house.json("user", "show", ALMA)
        assert alma["name"] == "Alma Berg" and alma["quota"] == 12345678
        assert {ALMA, "alma@fjordline.example.com", "berg@fjordline.example.com"} == set(alma["addresses"])
        assert house.json("user", "show", BRUNO)["hidden"] and not alma["hidden"]
        assert ALMA in house.json("shared", "show", INFO)["send_as"] and BRUNO in alma["send_as"]
        assert {ALMA, BRUNO} == set(house.json("group", "show", SALES)["members"])
        assert [BRUNO] == house.json("group", "show", "keller@fjordline.example.com")["members"]
        # Rights are by the rows of the database, whatever the directory calls people.
        shown = {one["who"] for one in house.json("folder", "rights", "show", ALMA, "--folder", "Projects")}
        assert BRUNO in shown
        house.run("user", "set", ALMA, "--status", "active")
        client = house.imap(ALMA, "directory-alma.berg")
        assert client.select("INBOX")[0] == "OK"
        client.logout()
        again = move.run("run", "--create-users", "--live")
        assert all(row["copied"] == row["updated"] == 0 for account in again["accounts"] for row in account["folders"]), "a second run writes nothing"
        # Without the filter there are more than the server gives at once.
        everyone = kopano.configuration("all.toml", ldap='config = "ldap.cfg"\n')
        assert sum(name.startswith("principals/") for name in archive(everyone, "everyone")) > 1200
    finally:
        slapd.close()
