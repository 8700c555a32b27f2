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


def logins_seen(dovecot):
    return (dovecot.root / "dovecot.log").read_text().replace("user=<>", "").count("user=<")


def test_wrong_secrets_are_refused(target, make_dovecot, authority, certificate, tmp_path):
    dovecot = make_dovecot(tls=certificate, token_secret=SECRET)
    move = mover(target, tmp_path, dovecot, "imaps", authority)
    secure = move.source
    tokens = {"forged": access_token(ADA, b"guessed"), "expired": access_token(ADA, SECRET, -60),
              "of another": access_token("ben@example.org", SECRET)}
    for name in ("xoauth2", "oauthbearer"):
        for fault, token in tokens.items():
            move.source = secure + login_options(name, tmp_path, token)
            out = refused(move, f"login as {ADA}")
            assert token.split(".")[2] not in out, fault
    for name in ("password", "master-separator", "master-authzid"):
        move.source = secure + login_options(name, tmp_path)
        for file in ("password", "master"):
            (tmp_path / file).write_text("guessed-secret\n")
        assert "guessed-secret" not in refused(move, f"login as {ADA}")


@pytest.mark.parametrize("way", ["imaps", "starttls"])
def test_wrong_certificates_are_refused(target, make_dovecot, authority, certificate, tmp_path, way):
    another_name = authority.issue("elsewhere", "DNS:elsewhere.example.org")
    faults = {"of an unknown authority": (certificate, None), "of another authority": (certificate, Authority(tmp_path / "another")),
              "for another name": (another_name, authority), "expired": (authority.issue("expired", days=-1), authority)}
    dovecots = {shown: make_dovecot(tls=shown) for shown, _ in faults.values()}
    move = Move(target, tmp_path, [])
    for fault, (shown, trusted) in faults.items():
        move.source = ["--from", url(dovecots[shown], way), *login_options("password", tmp_path)]
        move.source += ["--from-ca-file", trusted.certificate] if trusted else []
        assert "certificate" in refused(move, "certificate"), fault
    assert not any(logins_seen(dovecot) for dovecot in dovecots.values()), "no password was sent"


def test_a_certificate_for_another_name_can_be_named(target, make_dovecot, authority, tmp_path):
    dovecot = filled(make_dovecot, authority.issue("named", "DNS:imap.old.example.org"), messages=3)
    move = mover(target, tmp_path, dovecot, "imaps", authority, *login_options("password", tmp_path),
                 "--from-server-name", "imap.old.example.org")
    assert move.run()["total"]["copied"] == 3


def test_nothing_secret_is_said_in_the_clear(target, make_dovecot, tmp_path):
    dovecot = make_dovecot()  # no TLS at all
    move = mover(target, tmp_path, dovecot, "starttls", None, *login_options("password", tmp_path))
    refused(move, "STARTTLS")
    assert logins_seen(dovecot) == 0
