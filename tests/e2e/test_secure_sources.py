# SPDX-License-Identifier: AGPL-3.0-or-later
"""IMAP sources as they are outside: behind TLS, and behind an identity provider's tokens."""
import pytest

from peers.authority import Authority, access_token
from peers.mailbox import fill, own_messages, snapshot
from peers.move import ADA, Move, activate, same

SECRET = b"the identity provider's own secret"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue("imap")


def filled(make_dovecot, certificate, messages=12, **options):
    dovecot = make_dovecot(tls=certificate, token_secret=SECRET, **options)
    with dovecot.imap(ADA) as client:
        fill(client, [m for m in own_messages() if m[1]][:messages])
    return dovecot


def url(dovecot, way, host="127.0.0.1"):
    if way == "imaps":
        return f"imaps://{host}:{dovecot.imaps_port}"
    return f"imap://{host}:{dovecot.imap_port}"


def mover(target, folder, dovecot, way, authority, *options, host="127.0.0.1"):
    move = Move(target, folder, ["--from", url(dovecot, way, host), *options])
    if authority:
        move.source += ["--from-ca-file", authority.certificate]
    return move


# Ways to say who one is: the options, and the secret files that they name.
LOGINS = {
    "password": (["--user", ADA, "--password-file", "{folder}/password"], {"password": "secret"}),
    "login-command": (["--user", ADA, "--password-file", "{folder}/password", "--mechanism", "login"], {"password": "secret"}),
    "master-separator": (["--user", ADA, "--master-user", "master", "--master-password-file", "{folder}/master"],
                         {"master": "master-secret"}),
    "master-authzid": (["--user", ADA, "--master-user", "master", "--master-password-file", "{folder}/master", "--authzid"],
                       {"master": "master-secret"}),
    "xoauth2": (["--user", ADA, "--oauth-token-file", "{folder}/access"], {"access": "token"}),
    "oauthbearer": (["--user", ADA, "--oauth-token-file", "{folder}/access", "--mechanism", "OAUTHBEARER"], {"access": "token"}),
}


def login_options(name, folder, token=None):
    options, secrets = LOGINS[name]
    for file, text in secrets.items():
        (folder / file).write_text((token or access_token(ADA, SECRET) if text == "token" else text) + "\n")
    return [option.format(folder=folder) for option in options]


@pytest.mark.parametrize("way", ["imaps", "starttls"])
def test_every_login_behind_tls(target, make_dovecot, authority, certificate, tmp_path, way):
    dovecot = filled(make_dovecot, certificate)
    reports = {}
    move = mover(target, tmp_path, dovecot, way, authority)
    secure = move.source
    for name in LOGINS:
        move.source = secure + login_options(name, tmp_path)
        reports[name] = move.run()["total"]
        assert move.run("verify")["total"]["differences"] == 0, name
    assert reports.pop("password")["copied"] == 12
    assert {total["present"] for total in reports.values()} == {12}, "the same mailbox by whatever way it was opened"
    activate(target)
    with dovecot.imap(ADA) as source, target.imap(ADA) as copy:
        same(snapshot(source), snapshot(copy))
    logins = (dovecot.root / "dovecot.log").read_text()
    assert logins.count("TLS") >= 2 * len(LOGINS)
    for method in ("PLAIN", "XOAUTH2", "OAUTHBEARER"):
        assert f"method={method}" in logins


def test_tokens_by_user_and_the_one_mechanism_that_is_offered(target, make_dovecot, authority, certificate, tmp_path):
    dovecot = make_dovecot(tls=certificate, token_secret=SECRET, mechanisms="plain oauthbearer")
    for user in (ADA, "ben@example.org"):
        with dovecot.imap(user) as client:
            client.append("INBOX", None, None, f"Subject: {user}\r\n\r\nx\r\n".encode())
    (tmp_path / "users.csv").write_text("login,token\n" + "".join(f"{u},{access_token(u, SECRET)}\n" for u in (ADA, "ben@example.org")))
    move = mover(target, tmp_path, dovecot, "imaps", authority, "--users", tmp_path / "users.csv")
    assert move.run()["total"]["copied"] == 2
    assert "method=OAUTHBEARER" in (dovecot.root / "dovecot.log").read_text()


def refused(move, says):
    process = move.start("run")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 1, out
    assert says in out, out
    return out


@pytest.mark.parametrize("name", ["xoauth2", "oauthbearer"])
@pytest.mark.parametrize("fault", ["forged", "expired", "of-another"])
def test_a_wrong_token_is_refused(target, make_dovecot, authority, certificate, tmp_path, name, fault):
    dovecot = make_dovecot(tls=certificate, token_secret=SECRET)
    token = {"forged": access_token(ADA, b"guessed"), "expired": access_token(ADA, SECRET, -60),
             "of-another": access_token("ben@example.org", SECRET)}[fault]
    move = mover(target, tmp_path, dovecot, "imaps", authority, *login_options(name, tmp_path, token))
    out = refused(move, f"login as {ADA}")
    assert token not in out and token.split(".")[2] not in out


def test_a_wrong_password_is_refused_behind_tls(target, make_dovecot, authority, certificate, tmp_path):
    dovecot = make_dovecot(tls=certificate)
    move = mover(target, tmp_path, dovecot, "starttls", authority, *login_options("master-authzid", tmp_path))
    (tmp_path / "master").write_text("guessed-secret\n")
    assert "guessed-secret" not in refused(move, f"login as {ADA}")


@pytest.mark.parametrize("way", ["imaps", "starttls"])
@pytest.mark.parametrize("fault", ["unknown-authority", "another-authority", "another-name", "expired"])
def test_a_wrong_certificate_is_refused(target, make_dovecot, authority, certificate, tmp_path, way, fault):
    shown = {"another-name": lambda: authority.issue("elsewhere", "DNS:elsewhere.example.org"),
             "expired": lambda: authority.issue("expired", days=-1)}.get(fault, lambda: certificate)()
    trusted = {"unknown-authority": None, "another-authority": Authority(tmp_path / "another")}.get(fault, authority)
    dovecot = make_dovecot(tls=shown)
    move = mover(target, tmp_path, dovecot, way, trusted, *login_options("password", tmp_path))
    refused(move, "certificate")
    assert "user=<" not in (dovecot.root / "dovecot.log").read_text().replace("user=<>", ""), "no password was sent"


def test_a_certificate_for_another_name_can_be_named(target, make_dovecot, authority, tmp_path):
    dovecot = filled(make_dovecot, authority.issue("named", "DNS:imap.old.example.org"), messages=3)
    move = mover(target, tmp_path, dovecot, "imaps", authority, *login_options("password", tmp_path),
                 "--from-server-name", "imap.old.example.org")
    assert move.run()["total"]["copied"] == 3


def test_nothing_secret_is_said_in_the_clear(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()  # no TLS at all
    move = mover(target, tmp_path, dovecot, "starttls", None, *login_options("password", tmp_path))
    refused(move, "STARTTLS")
    assert "user=<" not in (dovecot.root / "dovecot.log").read_text().replace("user=<>", "")
