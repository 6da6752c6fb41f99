"""What registered services may ask over the wire: introspection (RFC 7662) and revocation (RFC 7009)."""

from typing import Any

import httpx2
import pytest

from doorward.domain.services.service import ID
from support.http.in_process import App, ServeApp
from support.http.service import INTROSPECT, REVOKE, Unique, outcome
from support.jwt.material import read_claims
from support.programs.processes import eventually

DAY = 86_400


def told(service: httpx2.Client, token: str, **more: str) -> dict[str, Any]:
    answer = service.post(INTROSPECT, data={"token": token, **more})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def revoked(service: httpx2.Client, token: str, **more: str) -> None:
    answer = service.post(REVOKE, data={"token": token, **more})
    assert (answer.status_code, answer.content) == (200, b""), answer.text


def test_an_access_token_is_told_whole(server: App, service: httpx2.Client, unique: Unique) -> None:
    """TK-23: and whose it is never is a client's id."""
    ada = server.create_user(unique("ada"))
    claims = read_claims(ada.token)
    same = {name: claims[name] for name in ("exp", "iat", "sub", "aud", "iss", "jti", "sid", "client_id")}
    expected = {
        **same,
        "active": True,
        "scope": "user",
        "roles": ["user"],
        "username": ada.username,
        "token_type": "Bearer",
    }
    for hint in (
        {},
        {"token_type_hint": "access_token"},
        {"token_type_hint": "refresh_token"},
        {"token_type_hint": "?"},
    ):
        assert told(service, ada.token, **hint) == expected
    assert claims["sub"] == ada.id != claims["client_id"]
    assert not ID.fullmatch(ada.id)


def test_the_roles_are_those_of_now_and_not_the_tokens(server: App, service: httpx2.Client, unique: Unique) -> None:
    """TK-16."""
    ada = server.create_user(unique("ada"), "moderator")
    assert read_claims(ada.token)["roles"] == ["user"]
    assert told(service, ada.token)["roles"] == ["moderator", "user"]
    assert told(service, ada.token)["scope"] == "moderator user"


def test_a_refresh_token_is_told_with_the_end_of_its_session(
    server: App, service: httpx2.Client, unique: Unique
) -> None:
    ada = server.create_user(unique("ada"))
    claims = read_claims(ada.token)
    for hint in ({}, {"token_type_hint": "access_token"}):
        found = told(service, ada.refresh_token, **hint)
        assert abs(found.pop("iat") - claims["iat"]) <= 1
        assert abs(found.pop("exp") - claims["iat"] - 14 * DAY) <= 1
        assert found == {
            "active": True,
            "client_id": claims["client_id"],
            "username": ada.username,
            "sub": ada.id,
            "sid": claims["sid"],
            "token_type": "refresh_token",
        }


def test_only_the_present_refresh_token_is_active_and_asking_changes_nothing(serve: ServeApp) -> None:
    server = serve(refresh_grace="0")
    ada = server.create_user("ada")
    with server.client(auth=server.add_service("asking")) as service:
        for _ in range(3):
            assert told(service, ada.refresh_token)["active"]
        renewed = server.refresh(ada.refresh_token).json()["refreshToken"]
        for _ in range(3):
            assert told(service, ada.refresh_token) == {"active": False}
        assert told(service, renewed)["active"]
        assert outcome(server.refresh(ada.refresh_token)) == (401, "refresh_token_reused")
        assert told(service, renewed) == {"active": False}


def test_form_and_json_are_one_and_members_of_later_rfcs_break_nothing(
    server: App, service: httpx2.Client, unique: Unique
) -> None:
    ada = server.create_user(unique("ada"))
    members = {"token": ada.token, "token_type_hint": "", "resource": "https://api.example.org", "client_id": "x"}
    expected = told(service, ada.token)
    for answer in (
        service.post(INTROSPECT, data=members),
        service.post(INTROSPECT, json={**members, "more": [{"nested": None}]}),
        service.post(
            INTROSPECT,
            content=f"token={ada.token}&flag=".encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        ),
    ):
        assert (answer.status_code, answer.json()) == (200, expected)


def test_of_a_token_that_is_not_good_nothing_else_is_told(server: App, service: httpx2.Client, unique: Unique) -> None:
    """TK-01: whatever it is, it is no error."""
    ada = server.create_user(unique("ada"))
    head, payload, signature = ada.token.split(".")
    other = "A" if signature[9] != "A" else "B"
    for token in (
        " ",
        "nonsense",
        ".",
        "..",
        "null",
        "\N{SNOWMAN}" * 100,
        "x" * 15_000,
        f" {ada.token}",
        f"Bearer {ada.token}",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:9]}{other}{signature[10:]}",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        ada.refresh_token[:-1],
        f"{ada.refresh_token}==",
        ada.refresh_token.swapcase(),
    ):
        assert told(service, token) == {"active": False}
        assert service.post(INTROSPECT, json={"token": token}).json() == {"active": False}
    assert told(service, ada.token)["active"]


def test_what_ended_or_is_disabled_is_not_active(
    server: App, service: httpx2.Client, admin: httpx2.Client, unique: Unique
) -> None:
    """TK-16: exactly what the guard would say."""
    out, disabled = server.create_user(unique("out")), server.create_user(unique("disabled"))
    assert server.request("POST", "/api/auth/signout", headers=out.bearer).status_code == 204
    assert admin.patch(f"/api/admin/users/{disabled.id}", json={"disabled": True}).is_success
    for account in (out, disabled):
        assert not server.lets_in(account)
        for token in (account.token, account.refresh_token):
            assert told(service, token) == {"active": False}


@pytest.mark.parametrize("kind", ["access", "refresh", "spent"])
def test_any_token_of_a_session_ends_it_at_once(
    server: App, service: httpx2.Client, registered: tuple[str, str], unique: Unique, kind: str
) -> None:
    """TK-16."""
    ada = server.create_user(unique("ada"))
    other = server.sign_in(ada.username)
    latest = ada.refresh_token
    if kind == "spent":
        latest = server.refresh(latest).json()["refreshToken"]
    revoked(service, ada.token if kind == "access" else ada.refresh_token, token_type_hint="nonsense")
    assert not server.lets_in(ada)
    assert outcome(server.refresh(latest)) == (401, "invalid_refresh_token")
    assert server.lets_in(other)
    assert server.refresh(other.refresh_token).is_success
    sid = read_claims(ada.token)["sid"]
    assert server.line(event="session_ended", session_id=sid)["by"] == registered[0]


def test_a_revoked_session_is_refused_on_the_other_node_too(serve: ServeApp, shared: dict[str, str]) -> None:
    """TK-16."""
    here, there = serve(**shared), serve(**shared)
    ada = here.create_user("ada")
    assert there.lets_in(ada)
    pair = here.add_service("both")
    with here.client(auth=pair) as service, there.client(auth=pair) as another:
        assert told(another, ada.token)["active"]
        revoked(service, ada.refresh_token)
        assert not here.lets_in(ada)
        eventually(lambda: not there.lets_in(ada))
        assert told(another, ada.token) == told(another, ada.refresh_token) == {"active": False}


def test_revoking_what_is_no_good_token_is_no_error_and_ends_nothing(
    server: App, service: httpx2.Client, unique: Unique
) -> None:
    """RFC 7009, section 2.2: so that nobody learns what was good."""
    ada = server.create_user(unique("ada"))
    head, payload, _ = ada.token.split(".")
    for token in ("nonsense", "\N{SNOWMAN}", "A" * 86, ada.refresh_token.swapcase(), f"{head}.{payload}."):
        revoked(service, token)
        assert service.post(REVOKE, json={"token": token, "token_type_hint": "refresh_token"}).status_code == 200
        assert server.lets_in(ada), token
    revoked(service, ada.token)
    revoked(service, ada.token)


def test_no_account_may_be_asked_whether_a_service_may(
    server: App, admin: httpx2.Client, registered: tuple[str, str]
) -> None:
    """AZ-01: the explanation knows of routes that are not for accounts."""
    question = {"user": server.admin.username, "method": "POST", "path": INTROSPECT}
    answer = admin.post("/api/admin/explain", json=question).json()
    assert (answer["allowed"], answer["reason"], answer["missing"]) == (False, "service", [])
