"""Section 1 of the wire contract in the dialect `standard`, row by row, against the real program."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.in_process import App
from support.http.service import Account, Unique, somebody

Json = dict[str, Any]

CONTENT = {
    "/api/test/user": "User Content.",
    "/api/test/mod": "Moderator Content.",
    "/api/test/admin": "Admin Content.",
    "/api/test/staff": "Staff Content.",
}
REQUIRED = {
    "/api/test/mod": "Require Moderator Role!",
    "/api/test/admin": "Require Admin Role!",
    "/api/test/staff": "Require Moderator or Admin Role!",
}


def post(client: httpx2.Client, path: str, body: Json, *, form: bool) -> httpx2.Response:
    return client.post(path, data=body) if form else client.post(path, json=body)


def sign_up(client: httpx2.Client, name: str, **members: object) -> httpx2.Response:
    return client.post("/api/auth/signup", json=somebody(name, **members))


def assert_problem(answer: httpx2.Response, status: int, code: str, message: str) -> None:
    """RFC 9457 with the members that the contract promises."""
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (status, code, message)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["detail"] == message
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["requestId"] == answer.headers["x-request-id"]


def test_the_front_door_answers(client: httpx2.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.json()) == (200, {"message": "Welcome to the Doorward authentication API."})


@pytest.mark.parametrize("form", [False, True], ids=["JSON", "form"])
def test_whoever_signs_up_has_the_role_user_and_no_other(client: httpx2.Client, unique: Unique, *, form: bool) -> None:
    """AZ-04: `roles` is accepted and grants nothing."""
    name = unique("ada")
    body = somebody(name, roles=["user", "admin"])
    answer = post(client, "/api/auth/signup", body, form=form)
    assert (answer.status_code, answer.json()) == (201, {"message": "User registered successfully!"})
    credentials = {"username": name, "password": PASSWORD}
    signed_in = post(client, "/api/auth/signin", credentials, form=form)
    assert signed_in.json()["roles"] == ["ROLE_USER"]


def test_a_username_in_use_is_a_conflict(client: httpx2.Client, unique: Unique) -> None:
    name = unique("ada")
    assert sign_up(client, name).status_code == 201
    answer = sign_up(client, name.upper(), email=f"other-{name}@example.org")
    assert_problem(answer, 409, "username_taken", "Username is already in use!")


def test_an_email_in_use_is_a_conflict(client: httpx2.Client, unique: Unique) -> None:
    name = unique("ada")
    assert sign_up(client, name).status_code == 201
    answer = sign_up(client, unique("bob"), email=f"{name.upper()}@Example.ORG")
    assert_problem(answer, 409, "email_taken", "Email is already in use!")


def test_an_unknown_role_is_named(client: httpx2.Client, unique: Unique) -> None:
    answer = sign_up(client, unique("ada"), roles=["user", "boss"])
    assert_problem(answer, 400, "role_unknown", "Role boss does not exist!")


@pytest.mark.parametrize("member", ["is_admin", "isAdmin", "id", "email_verified", "status", "disabled", "__proto__"])
def test_a_member_that_sign_up_does_not_know_is_refused_and_nothing_stored(
    client: httpx2.Client, unique: Unique, member: str
) -> None:
    """SU-13, AZ-04."""
    name = unique("mallory")
    answer = sign_up(client, name, **{member: True})
    assert_problem(answer, 400, "validation_failed", "The request does not have the expected form.")
    assert answer.json()["errors"] == [{"field": member, "message": "There is no such member."}]
    assert client.post("/api/auth/signin", json={"username": name, "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"username": "ab"}, "invalid_username", "username"),
        ({"username": "a d a"}, "invalid_username", "username"),
        ({"username": "ada\u200b"}, "invalid_username", "username"),
        ({"username": "\u0430dmin"}, "invalid_username", "username"),
        ({"username": "Admin"}, "username_reserved", "username"),
        ({"email": "ada"}, "invalid_email", "email"),
        ({"email": "ada@example.org\r\nBcc: x@example.org"}, "invalid_email", "email"),
        ({"password": "violet kettle"}, "password_too_short", "password"),
        ({"password": "violet kettle " * 40}, "password_too_long", "password"),
        ({"password": "passwordpassword"}, "password_blocked", "password"),
        ({"username": 7777777}, "validation_failed", "username"),
        ({"password": {"$ne": 1}}, "validation_failed", "password"),
        ({"roles": "admin"}, "validation_failed", "roles"),
        ({"roles": [1]}, "validation_failed", "roles[0]"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else None,
)
def test_bad_input_gets_a_clear_answer_that_repeats_none_of_it(
    client: httpx2.Client, unique: Unique, changed: Json, code: str, field: str
) -> None:
    """SU-01, SU-05, SU-06, SU-10, SU-11, SU-16, SI-04, HT-13."""
    answer = sign_up(client, unique("ada"), **changed)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, code)
    assert [error["field"] for error in body["errors"]] == [field]
    assert json.dumps(next(iter(changed.values()))) not in answer.text


def test_a_member_that_is_missing_is_named(client: httpx2.Client) -> None:
    answer = client.post("/api/auth/signup", json={"username": "ada", "email": "ada@example.org"})
    assert answer.json()["errors"] == [{"field": "password", "message": "This member is required."}]
    empty = client.post("/api/auth/signup")
    assert_problem(empty, 400, "validation_failed", "The request does not have the expected form.")


@pytest.mark.parametrize("by", ["username", "email"])
def test_sign_in_answers_with_what_the_tutorials_clients_read(client: httpx2.Client, unique: Unique, by: str) -> None:
    """AZ-04, TK-22: nothing in the answer that is not meant for its owner."""
    person = somebody(unique("ada"))
    assert client.post("/api/auth/signup", json=person).status_code == 201
    answer = client.post("/api/auth/signin", json={"username": person[by].upper(), "password": PASSWORD})
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {
        *("id", "username", "email", "roles"),
        *("accessToken", "tokenType", "expiresIn", "refreshToken", "refreshExpiresIn"),
    }
    assert (body["username"], body["email"], body["roles"]) == (person["username"], person["email"], ["ROLE_USER"])
    assert (body["tokenType"], body["expiresIn"]) == ("Bearer", 900)
    assert body["accessToken"].count(".") == 2
    assert (len(body["refreshToken"]), body["refreshExpiresIn"]) == (86, 14 * 24 * 3600)


def test_roles_are_written_as_constants_and_in_order(server: App, client: httpx2.Client, unique: Unique) -> None:
    account = server.create_user(unique("ada"), "moderator", "admin")
    answer = client.post("/api/auth/signin", json={"username": account.username, "password": PASSWORD})
    assert answer.json()["roles"] == ["ROLE_ADMIN", "ROLE_MODERATOR", "ROLE_USER"]


def test_every_failed_sign_in_gets_the_same_answer(server: App, client: httpx2.Client, unique: Unique) -> None:
    """SI-01, SI-03: unknown, wrong, empty, over-long, disabled: the same bytes but for the request id."""
    ada, eve = server.create_user(unique("ada")), server.create_user(unique("eve"))
    disabled = client.patch(f"/api/admin/users/{eve.id}", json={"disabled": True}, headers=server.admin.bearer)
    assert disabled.json()["disabled"] is True
    attempts = [
        (unique("nobody"), PASSWORD),
        (unique("nobody"), ""),
        ("", ""),
        (ada.username, "violet harbour kettles"),
        (ada.username, ""),
        (ada.username, "x" * 300),
        (ada.email, "violet harbour kettles"),
        (eve.username, PASSWORD),
        (eve.username, "violet harbour kettles"),
    ]
    answers = [client.post("/api/auth/signin", json={"username": u, "password": p}) for u, p in attempts]
    assert_problem(answers[0], 401, "invalid_credentials", "Invalid username or password!")
    assert answers[0].json()["accessToken"] is None
    assert len({without_id(answer) for answer in answers}) == 1
    assert len({headers_of(answer) for answer in answers}) == 1


def without_id(answer: httpx2.Response) -> str:
    return answer.text.replace(answer.headers["x-request-id"], "")


def headers_of(answer: httpx2.Response) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in answer.headers.items() if name not in {"x-request-id", "date"})


def test_public_content_needs_no_token(client: httpx2.Client) -> None:
    assert_content(client.get("/api/test/all"), "Public Content.")


@pytest.fixture(scope="module")
def people(server: App) -> Mapping[str, Account]:
    return {
        "user": server.create_user("row-user"),
        "moderator": server.create_user("row-moderator", "moderator"),
        "admin": server.create_user("row-admin", "admin"),
        "both": server.create_user("row-both", "moderator", "admin"),
    }


@pytest.mark.parametrize(
    ("who", "opens"),
    [
        ("user", {"/api/test/user"}),
        ("moderator", {"/api/test/user", "/api/test/mod", "/api/test/staff"}),
        ("admin", {"/api/test/user", "/api/test/admin", "/api/test/staff"}),
        ("both", set(CONTENT)),
    ],
)
@pytest.mark.parametrize("header", ["Authorization", "x-access-token"])
def test_a_role_opens_what_it_should_and_nothing_else(
    client: httpx2.Client, people: Mapping[str, Account], who: str, opens: set[str], header: str
) -> None:
    """TK-17, AZ-01."""
    token = people[who].token
    headers = {header: f"Bearer {token}" if header == "Authorization" else token}
    for path, content in CONTENT.items():
        answer = client.get(path, headers=headers)
        if path in opens:
            assert_content(answer, content)
        else:
            assert_problem(answer, 403, "insufficient_scope", REQUIRED[path])
            assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


def assert_content(answer: httpx2.Response, content: str) -> None:
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", CONTENT)
def test_no_token_is_asked_for_without_an_error_code(client: httpx2.Client, path: str) -> None:
    """TK-17."""
    for headers in ({}, {"Authorization": "Basic YWRhOmFkYQ=="}, {"Authorization": "Bearer"}, {"x-access-token": ""}):
        answer = client.get(path, headers=headers)
        assert_problem(answer, 401, "token_required", "No token provided!")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", CONTENT)
def test_a_bad_token_is_unauthorized(client: httpx2.Client, people: Mapping[str, Account], path: str) -> None:
    """TK-17."""
    for token in ("x", "null", "undefined", f"{people['both'].token}x", people["both"].token[:-1]):
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert_problem(answer, 401, "invalid_token", "Unauthorized!")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_the_token_of_an_account_that_is_gone_is_unauthorized(server: App, unique: Unique) -> None:
    """ST-08, TK-16."""
    ada = server.create_user(unique("ada"))
    with server.client() as client:
        assert client.delete(f"/api/admin/users/{ada.id}", headers=server.admin.bearer).status_code == 204
        assert_problem(client.get("/api/test/user", headers=ada.bearer), 401, "invalid_token", "Unauthorized!")


def test_the_scheme_is_read_without_regard_to_case(client: httpx2.Client, people: Mapping[str, Account]) -> None:
    """TK-17; RFC 9110, section 11.1."""
    for scheme in ("bearer", "BEARER", "BeArEr"):
        assert client.get("/api/test/user", headers={"Authorization": f"{scheme} {people['user'].token}"}).is_success


def test_two_tokens_at_once_are_refused_unless_they_are_the_same(
    client: httpx2.Client, people: Mapping[str, Account]
) -> None:
    """TK-17."""
    mine, other = people["user"].token, people["admin"].token
    same = client.get("/api/test/user", headers={"Authorization": f"Bearer {mine}", "x-access-token": mine})
    assert same.status_code == 200
    differing = client.get("/api/test/user", headers={"Authorization": f"Bearer {mine}", "x-access-token": other})
    assert_problem(differing, 400, "invalid_request", "Send one token, once.")
    doubled = client.get(
        "/api/test/user", headers=[("Authorization", f"Bearer {mine}"), ("Authorization", f"Bearer {other}")]
    )
    assert doubled.status_code == 400


def test_there_are_no_cross_origin_headers_by_default(client: httpx2.Client) -> None:
    """CO-02."""
    answer = client.get("/api/test/all", headers={"Origin": "https://app.example.org"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
