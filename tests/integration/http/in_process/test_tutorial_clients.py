"""What clients of the tutorial's family send: the dialect `tutorial` takes it, and `standard` refuses each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.testing.builders import PASSWORD
from support.http.databases import settings_for
from support.http.in_process import App, ServeApp, in_process
from support.http.service import Account, Unique, outcome, somebody

Send = Callable[[httpx2.Client, Account, str], httpx2.Response]
"""Sends one request: with a client, as an account, for a name that nobody has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    send: Send
    tutorial: tuple[int, str]
    """The status, and a part of the body."""
    standard: tuple[int, str]

    def __str__(self) -> str:
        return self.name


def getting(path: str = "/api/test/user", **headers: str) -> Send:
    """`{token}` in a header stands for the access token."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}

    def send(client: httpx2.Client, ada: Account, _: str) -> httpx2.Response:
        return client.get(path, headers={name: value.format(token=ada.token) for name, value in given.items()})

    return send


def signing_up(path: str = "/api/auth/signup", **more: Any) -> Send:
    return lambda client, _, name: client.post(path, json={**somebody(name), **more})


def signing_up_by_form(**more: Any) -> Send:
    return lambda client, _, name: client.post("/api/auth/signup", data={**somebody(name), **more})


def signing_in(path: str = "/api/auth/signin", **more: Any) -> Send:
    return lambda client, ada, _: client.post(path, json={"username": ada.username, "password": PASSWORD, **more})


def refreshing(path: str = "/api/auth/refreshtoken", **body: Any) -> Send:
    """`{token}` in the body stands for the refresh token."""
    return lambda client, ada, _: client.post(
        path, json={name: value and value.format(token=ada.refresh_token) for name, value in body.items()}
    )


CREATED, CONTENT = (201, "User registered successfully!"), (200, "User Content.")
SIGNED_IN, REFUSED = (200, '"accessToken":"'), (400, "validation_failed")
NO_TOKEN, UNAUTHORIZED = (401, "token_required"), (401, "invalid_token")
NO_PATH = (404, "not_found")

ROWS = [
    Row(name="Authorization: token", send=getting(authorization="{token}"), tutorial=CONTENT, standard=NO_TOKEN),
    Row(
        name="x-access-token: Bearer token",
        send=getting(x_access_token="Bearer {token}"),
        tutorial=CONTENT,
        standard=UNAUTHORIZED,
    ),
    Row(
        name="both headers, one with Bearer",
        send=getting(authorization="{token}", x_access_token="Bearer {token}"),
        tutorial=CONTENT,
        standard=UNAUTHORIZED,
    ),
    Row(
        name="Authorization: garbage",
        send=getting(authorization="undefined"),
        tutorial=UNAUTHORIZED,
        standard=NO_TOKEN,
    ),
    Row(name="a slash behind", send=getting("/api/test/all/"), tutorial=(200, "Public Content."), standard=NO_PATH),
    Row(name="sign-up with roles null", send=signing_up(roles=None), tutorial=CREATED, standard=REFUSED),
    Row(name="sign-up with more", send=signing_up(confirmPassword=PASSWORD), tutorial=CREATED, standard=REFUSED),
    Row(
        name="sign-up by form with roles[]",
        send=signing_up_by_form(**{"roles[]": ["user", "moderator"]}),
        tutorial=CREATED,
        standard=(400, "invalid_form"),
    ),
    Row(
        name="sign-up by form with an unknown role",
        send=signing_up_by_form(**{"roles[]": "boss"}),
        tutorial=(400, "Role boss does not exist!"),
        standard=REFUSED,
    ),
    Row(name="sign-up by form with more", send=signing_up_by_form(terms="on"), tutorial=CREATED, standard=REFUSED),
    Row(name="sign-up in other case", send=signing_up("/API/Auth/SignUp/"), tutorial=CREATED, standard=NO_PATH),
    Row(name="sign-in with more", send=signing_in(rememberMe=True), tutorial=SIGNED_IN, standard=REFUSED),
    Row(name="sign-in with null", send=signing_in(cookies=None), tutorial=SIGNED_IN, standard=REFUSED),
    Row(name="sign-in in other case", send=signing_in("/api/auth/signIn"), tutorial=SIGNED_IN, standard=NO_PATH),
    Row(name="refreshtoken", send=refreshing(refreshToken="{token}"), tutorial=SIGNED_IN, standard=NO_PATH),
    Row(
        name="refreshtoken with more",
        send=refreshing("/api/auth/refreshToken/", refreshToken="{token}", username="ada"),
        tutorial=SIGNED_IN,
        standard=NO_PATH,
    ),
    Row(
        name="refreshtoken by form",
        send=lambda client, ada, _: client.post("/api/auth/refreshtoken", data={"refreshToken": ada.refresh_token}),
        tutorial=SIGNED_IN,
        standard=NO_PATH,
    ),
    Row(
        name="refreshtoken without one",
        send=refreshing(refreshToken=None),
        tutorial=(403, "Refresh Token is required!"),
        standard=NO_PATH,
    ),
    Row(
        name="refreshtoken with an empty body",
        send=lambda client, _, __: client.post("/api/auth/refreshtoken"),
        tutorial=(403, "Refresh Token is required!"),
        standard=NO_PATH,
    ),
    Row(
        name="refreshtoken with a wrong one",
        send=refreshing(refreshToken="0b8a7b30-1d6e-4a40-9a2f-7b4f5f3a6f10"),
        tutorial=(403, "Refresh token is not in database!"),
        standard=NO_PATH,
    ),
    Row(name="refreshtoken that is no text", send=refreshing(refreshToken={}), tutorial=REFUSED, standard=NO_PATH),
]

STILL_REFUSED: Mapping[str, tuple[Send, tuple[int, str]]] = {
    "two tokens that differ": (getting(authorization="{token}", x_access_token="x"), (400, "invalid_request")),
    "another scheme": (getting(authorization="Basic {token}"), (403, "token_required")),
    "an empty Bearer": (getting(authorization="Bearer", x_access_token=""), (403, "token_required")),
    "two slashes behind": (getting("/api/test/user//", authorization="{token}"), NO_PATH),
    "a percent escape": (getting("/api/test/use%72", authorization="{token}"), NO_PATH),
    "a path of no tutorial": (getting("/api/account/", authorization="{token}"), NO_PATH),
    "null for a member that is required": (signing_up(email=None), REFUSED),
    "a number for a text": (signing_up(password=123456789012345), REFUSED),
    "a name twice": (
        lambda client, _, __: client.post(
            "/api/auth/signin",
            content=b'{"username":"a","username":"b","password":"c"}',
            headers={"Content-Type": "application/json"},
        ),
        (400, "invalid_json"),
    ),
    "more at a route of no tutorial": (
        lambda client, ada, _: client.post(
            "/api/account/password",
            json={"currentPassword": PASSWORD, "newPassword": PASSWORD, "confirm": PASSWORD},
            headers=ada.bearer,
        ),
        REFUSED,
    ),
}
"""What the dialect does not take either."""


@pytest.fixture(scope="module")
def tutorial(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    settings = settings_for(database, request) | {"dialect": "tutorial"}
    with in_process(tmp_path_factory.mktemp("tutorial"), **settings) as service:
        yield service


@pytest.fixture(scope="module")
def ada(tutorial: App) -> Account:
    return tutorial.create_user("ada")


def answered(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_tutorial_dialect_takes_it(tutorial: App, row: Row, unique: Unique) -> None:
    somebody_new = tutorial.create_user(unique("client"))
    with tutorial.client() as client:
        answer = row.send(client, somebody_new, unique("new"))
    status, text = answered(answer)
    assert (status, row.tutorial[1] in text) == (row.tutorial[0], True), text
    if status == 403:
        assert answer.json()["message"] == row.tutorial[1]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_standard_dialect_refuses_it(server: App, row: Row, unique: Unique) -> None:
    somebody_new = server.create_user(unique("client"))
    with server.client() as client:
        status, text = answered(row.send(client, somebody_new, unique("new")))
    assert (status, row.standard[1] in text) == (row.standard[0], True), text


@pytest.mark.parametrize("name", STILL_REFUSED)
def test_the_tutorial_dialect_still_refuses_it(tutorial: App, ada: Account, name: str) -> None:
    send, (status, code) = STILL_REFUSED[name]
    with tutorial.client() as client:
        answer = send(client, ada, "nobody-else")
    assert outcome(answer) == (status, code)


def test_a_form_grants_no_role_either(tutorial: App) -> None:
    with tutorial.client() as client:
        body = {**somebody("climber"), "roles[]": ["admin", "user"]}
        assert client.post("/api/auth/signup", data=body).status_code == 201
        signed_in = client.post("/api/auth/signin", data={"username": "climber", "password": PASSWORD}).json()
    assert signed_in["roles"] == ["ROLE_USER"]


def test_the_refresh_token_of_the_sign_in_is_good_for_the_whole_session(tutorial: App) -> None:
    """The front ends read `accessToken` only, and never store another refresh token."""
    ada = tutorial.create_user("persistent")
    with tutorial.client() as client:
        for _ in range(3):
            answer = client.post("/api/auth/refreshtoken", json={"refreshToken": ada.refresh_token})
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"
            continued = answer.json()
            assert continued.keys() == {"accessToken", "refreshToken"}
            assert continued["refreshToken"] == ada.refresh_token
            content = client.get("/api/test/user", headers={"x-access-token": continued["accessToken"]})
            assert content.text == "User Content."
        assert client.post("/api/auth/signout", json={}, headers=ada.bearer).status_code == 204
        gone = client.post("/api/auth/refreshtoken", json={"refreshToken": ada.refresh_token})
    assert (gone.status_code, gone.json()["message"]) == (403, "Refresh token is not in database!")


def test_a_session_that_rotates_detects_a_thief_also_there(tutorial: App) -> None:
    """RF-02."""
    bob = tutorial.create_user("bob")
    with tutorial.client() as client:
        rotated = client.post("/api/auth/refresh", json={"refreshToken": bob.refresh_token}).json()
        thief = client.post("/api/auth/refreshtoken", json={"refreshToken": bob.refresh_token})
        assert outcome(thief) == (403, "refresh_token_reused")
        owner = client.post("/api/auth/refresh", json={"refreshToken": rotated["refreshToken"]})
        assert outcome(owner) == (401, "invalid_refresh_token")
    tutorial.line(event=SecurityEvent.AUTHN_TOKEN_REUSE, user_id=bob.id)


def test_owners_and_admins_see_which_sessions_keep_their_token(tutorial: App) -> None:
    """RF-19: until the first rotation."""
    eve = tutorial.create_user("eve-keeps")
    own, admins = "/api/account/sessions", f"/api/admin/users/{eve.id}/sessions"

    def seen() -> list[bool]:
        answers = [tutorial.request("GET", own, headers=eve.bearer)]
        answers.append(tutorial.request("GET", admins, headers=tutorial.admin.bearer))
        return [session["keepsToken"] for answer in answers for session in answer.json()["sessions"]]

    assert seen() == [False, False]
    tutorial.request("POST", "/api/auth/refreshtoken", json={"refreshToken": eve.refresh_token})
    assert seen() == [True, True]
    tutorial.refreshed(eve)
    assert seen() == [False, False]


def test_the_document_has_the_route_of_the_dialect(tutorial: App) -> None:
    with tutorial.client() as client:
        operation = client.get("/openapi.json").json()["paths"]["/api/auth/refreshtoken"]["post"]
    assert {"200", "403"} <= operation["responses"].keys()
    assert "401" not in operation["responses"]


def test_a_token_of_a_day_is_refused_at_once_when_its_session_ends(serve: ServeApp) -> None:
    """RF-06: for clients that cannot refresh."""
    service = serve(dialect="tutorial", access_token_seconds="86400")
    ada, admin = service.create_user("ada"), service.admin
    with service.client() as client:
        body = {"username": "ada", "password": PASSWORD}
        assert client.post("/api/auth/signin", json=body).json()["expiresIn"] == 86_400
        assert service.lets_in(ada)
        assert client.delete(f"/api/admin/users/{ada.id}/sessions", headers=admin.bearer).is_success
        assert not service.lets_in(ada)
