"""Passwords over the wire: which are taken, which open the account again, and what a sign-in gives."""

import string

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.database_shell import run_sql
from support.http.service import Unique, somebody
from support.jwt.material import read_claims
from support.programs.server_process import Server

EMOJI = "\U0001f419\U0001f6b2\U0001f30b\U0001f3ba\U0001f9ca\U0001f989\U0001f34b\U0001f6f6" + (
    "\U0001fa81\U0001f3b2\U0001f994\U0001f335\U0001f941\U0001f40c\U0001f52d"
)
LONG = "".join(chr(0x4E00 + 37 * number % 131) for number in range(128))
PRINTABLE = string.punctuation + string.ascii_letters + " " + string.digits


def sign_in(server: Server, login: str, password: str) -> httpx2.Response:
    with server.client() as client:
        answer = client.post("/api/auth/signin", json={"username": login, "password": password})
    server.secrets.add(password)
    if answer.is_success:
        server.hide(answer)
    return answer


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        pytest.param(EMOJI, EMOJI, id="15 emoji, 60 bytes"),
        pytest.param(PRINTABLE, PRINTABLE, id="every printable ASCII character"),
        pytest.param(LONG, LONG, id="128 code points"),
        pytest.param(LONG * 2, LONG * 2, id="256 code points"),
        pytest.param(f" {PASSWORD} ", f" {PASSWORD} ", id="blanks around"),
        pytest.param("cr\u00e8me br\u00fbl\u00e9e kettle", "cre\u0300me bru\u0302le\u0301e kettle", id="NFC, then NFD"),
        pytest.param("cre\u0300me bru\u0302le\u0301e kettle", "cr\u00e8me br\u00fbl\u00e9e kettle", id="NFD, then NFC"),
    ],
)
def test_whoever_signed_up_with_a_password_signs_in_with_it(
    server: Server, client: httpx2.Client, unique: Unique, chosen: str, typed: str
) -> None:
    """SU-02, SU-03, SU-04, SU-08; SU-05: and with nothing that differs in its last character alone."""
    name = unique("ada")
    answer = client.post("/api/auth/signup", json=somebody(name, password=chosen))
    assert answer.status_code == 201, answer.text
    assert sign_in(server, name, typed).status_code == 200
    assert sign_in(server, name, f"{typed[:-1]}!").status_code == 401
    assert sign_in(server, name, typed[:-1]).status_code == 401


@pytest.mark.parametrize(
    ("password", "code"),
    [
        pytest.param(EMOJI[:14], "password_too_short", id="14 emoji, 56 bytes"),
        pytest.param(LONG * 2 + "!", "password_too_long", id="257 code points"),
        pytest.param("passwordpassword", "password_blocked", id="a common word twice"),
        pytest.param("1234567890123456", "password_blocked", id="a run of digits"),
        pytest.param("NAME NAME NAME", "password_blocked", id="the username"),
    ],
)
def test_a_password_that_is_refused_makes_no_account(
    server: Server, client: httpx2.Client, unique: Unique, password: str, code: str
) -> None:
    """SU-01, SU-04, SU-05, SU-06, SU-07."""
    name = unique("adalovelace")
    password = password.replace("NAME", name)
    answer = client.post("/api/auth/signup", json=somebody(name, password=password))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["errors"][0]["field"] == "password"
    assert sign_in(server, name, password).status_code == 401


def test_a_sign_in_gives_a_token_of_its_own_whatever_was_presented(server: Server, unique: Unique) -> None:
    """SI-10: a token that comes along is neither taken over nor looked at; each sign-in begins a session."""
    ada = server.create_user(unique("ada"))
    credentials = {"username": ada.username, "password": PASSWORD}
    given = [ada.token]
    for headers in (ada.bearer, {"x-access-token": ada.token}, {"Authorization": "Bearer nonsense"}):
        with server.client(headers=headers) as client:
            answer = client.post("/api/auth/signin", json=credentials)
        assert answer.status_code == 200
        given.append(answer.json()["accessToken"])
        server.hide(answer)
    assert len(set(given)) == len({read_claims(token)["jti"] for token in given}) == 4
    assert len({read_claims(token)["sid"] for token in given}) == 4
    assert {read_claims(token)["sub"] for token in given} == {ada.id}


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ("", "malformed, or of a kind that is not supported"),
        (PASSWORD, "malformed, or of a kind that is not supported"),
        (f"$argon2id$v=19$m=4294967295,t=2,p=1${'A' * 22}${'A' * 43}", "malformed, or of a kind that is not supported"),
        (f"$argon2id$v=19$m=9999999,t=2,p=1${'A' * 22}${'A' * 43}", "absurd parameters"),
        (f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 41}", "undecodable"),
    ],
    ids=["empty", "no hash", "4 TiB of memory", "10 GiB of memory", "cut off"],
)
def test_a_stored_hash_that_is_damaged_is_a_wrong_password_and_a_line_in_the_log(
    server: Server, unique: Unique, stored: str, reason: str
) -> None:
    """SI-12: the same answer as to a wrong password, and no memory taken by what a row says."""
    ada, bob = server.create_user(unique("ada")), server.create_user(unique("bob"))
    run_sql(server, f"UPDATE users SET password_hash = '{stored}' WHERE username_key = '{ada.username}'")
    damaged, wrong = sign_in(server, ada.username, PASSWORD), sign_in(server, bob.username, "violet harbour kettles")
    assert damaged.status_code == wrong.status_code == 401
    assert without_id(damaged) == without_id(wrong)
    line = server.line(event="password_hash_unusable", request_id=damaged.headers["x-request-id"])
    assert (line["reason"], line["outcome"], line["level"]) == (reason, "failure", "error")


def without_id(answer: httpx2.Response) -> str:
    return answer.text.replace(answer.headers["x-request-id"], "")
