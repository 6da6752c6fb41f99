"""Section 2 of the wire contract, second half: the own account, and sessions as people and admins see them."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from doorward.application.sessions.repeated_refreshes import MAX_REPETITIONS
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.in_process import App, ServeApp
from support.http.service import Account, Unique, outcome, somebody
from support.jwt.material import read_claims

pytestmark = pytest.mark.storage_bound

Json = dict[str, Any]

SESSION_MEMBERS = {"id", "createdAt", "lastUsedAt", "expiresAt", "address", "userAgent", "keepsToken", "current"}
WRONG = (403, "password_wrong")


def session_id(account: Account) -> str:
    return str(read_claims(account.token)["sid"])


def sessions(server: App, account: Account, path: str = "/api/account/sessions") -> list[Json]:
    with server.client(headers=account.bearer) as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["sessions"]
    return found


def change(client: httpx2.Client, current: str, new: str, **more: str) -> httpx2.Response:
    return client.post("/api/account/password", json={"currentPassword": current, "newPassword": new, **more})


def test_who_asks_learns_who_they_are_and_in_which_session(server: App, unique: Unique) -> None:
    """AZ-04: nothing that is not meant for its owner."""
    ada = server.create_user(unique("Ada"), "moderator")
    with server.client(headers=ada.bearer) as client:
        answer = client.get("/api/account")
    told = answer.json()
    assert set(told) == {"id", "username", "email", "emailVerified", "roles", "session", "locale", "profile"}
    assert (told["id"], told["username"], told["email"]) == (ada.id, ada.username, ada.email)
    assert told["roles"] == ["moderator", "user"]
    assert (told["session"]["id"], told["session"]["current"]) == (session_id(ada), True)
    assert set(told["session"]) == SESSION_MEMBERS
    assert answer.headers["cache-control"] == "no-store"


def test_a_used_refresh_token_that_comes_again_and_again_is_refused_for_a_while(serve: ServeApp) -> None:
    """RF-04: and the session continues with the token of the latest answer."""
    server = serve(refresh_grace="600")
    ada = server.create_user("ada")
    renewed = server.refreshed(ada)
    for _ in range(MAX_REPETITIONS):
        assert server.refresh(ada.refresh_token).json()["refreshToken"] == renewed.refresh_token
    refused = server.refresh(ada.refresh_token)
    assert outcome(refused) == (429, "refresh_repeated_too_often")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json"
    assert server.lets_in(server.refreshed(renewed))


def test_a_session_tells_when_and_where_it_began_and_when_it_ends(server: App, unique: Unique) -> None:
    """RF-08, RF-10: the latest sign-in first; the last use moves with a refresh, and with it the end."""
    ada = server.create_user(unique("ada"))
    with server.client(headers={"User-Agent": "Kettle/1.0 (violet)"}) as client:
        signed_in = client.post("/api/auth/signin", json={"username": ada.username, "password": PASSWORD})
    server.hide(signed_in)
    kettle = Account.signed_in(signed_in.json())
    latest, first = sessions(server, ada)
    assert set(latest) == SESSION_MEMBERS
    assert [latest["id"], first["id"]] == [session_id(kettle), session_id(ada)]
    assert [latest["current"], first["current"]] == [False, True]
    assert [latest["keepsToken"], first["keepsToken"]] == [False, False]
    assert (latest["userAgent"], latest["address"]) == ("Kettle/1.0 (violet)", "127.0.0.1")
    assert all(latest[name].endswith("Z") for name in ("createdAt", "lastUsedAt", "expiresAt"))
    assert latest["createdAt"] == latest["lastUsedAt"]
    assert life(latest) == 14 * 24 * 3600
    server.refreshed(kettle)
    renewed = sessions(server, ada)[0]
    assert renewed["createdAt"] == latest["createdAt"] < renewed["lastUsedAt"]
    assert latest["expiresAt"] < renewed["expiresAt"]


def life(session: Json) -> float:
    """Seconds from its last use to its end."""
    last_used, expires = (datetime.fromisoformat(session[name]) for name in ("lastUsedAt", "expiresAt"))
    return (expires - last_used).total_seconds()


@pytest.mark.parametrize(("trusted", "address"), [("127.0.0.1", "192.0.2.7"), ("192.0.2.0/24", "127.0.0.1")])
def test_the_address_of_a_session_is_the_clients_as_far_as_proxies_of_ours_say(
    serve: ServeApp, trusted: str, address: str
) -> None:
    """SI-09. And what a client calls itself is cut."""
    server = serve(trusted_proxies=trusted)
    server.create_user("ada")
    claimed = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "User-Agent": "x" * 1000}
    with server.client(headers=claimed) as client:
        answer = client.post("/api/auth/signin", json={"username": "ada", "password": PASSWORD})
    server.hide(answer)
    session = sessions(server, Account.signed_in(answer.json()))[0]
    assert (session["address"], session["userAgent"]) == (address, "x" * 256)


def test_one_session_is_ended_and_the_others_go_on(server: App, unique: Unique) -> None:
    """RF-10, TK-16: also the one that asks."""
    ada = server.create_user(unique("ada"))
    lost, kept = server.sign_in(ada.username), server.sign_in(ada.username)
    for ended, by in ((lost, ada), (ada, ada)):
        with server.client(headers=by.bearer) as client:
            answer = client.delete(f"/api/account/sessions/{session_id(ended)}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert not server.lets_in(ended)
        assert outcome(server.refresh(ended.refresh_token)) == (401, "invalid_refresh_token")
    assert [session["id"] for session in sessions(server, kept)] == [session_id(kept)]
    assert server.lets_in(server.refreshed(kept))


def test_all_other_sessions_are_ended_at_once(server: App, unique: Unique) -> None:
    """RF-10, TK-16."""
    ada, grace = server.create_user(unique("ada")), server.create_user(unique("grace"))
    others = [server.sign_in(ada.username) for _ in range(3)]
    for _ in range(2):
        with server.client(headers=ada.bearer) as client:
            assert client.delete("/api/account/sessions").status_code == 204
    assert not any(server.lets_in(other) for other in others)
    assert {outcome(server.refresh(other.refresh_token)) for other in others} == {(401, "invalid_refresh_token")}
    assert [session["id"] for session in sessions(server, ada)] == [session_id(ada)]
    assert server.lets_in(server.refreshed(ada))
    assert server.lets_in(server.refreshed(grace))


def test_the_sessions_of_others_are_not_found_whoever_asks(server: App, unique: Unique) -> None:
    """AZ-03: one answer for another's session and for none at all; an admin has no other either, by this way."""
    ada, mallory = server.create_user(unique("ada")), server.create_user(unique("mallory"), "admin")
    with server.client(headers=mallory.bearer) as client:
        answers = [client.delete(f"/api/account/sessions/{each}") for each in (session_id(ada), uuid4(), mallory.id)]
    assert [outcome(answer) for answer in answers] == [(404, "session_not_found")] * 3
    assert len({answer.text.replace(answer.headers["x-request-id"], "") for answer in answers}) == 1
    assert server.lets_in(server.refreshed(ada))
    with server.client(headers=mallory.bearer) as client:
        assert outcome(client.delete("/api/account/sessions/not-an-id")) == (404, "not_found")


def test_an_admin_sees_the_sessions_of_an_account_and_ends_them(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    """AD-02, AZ-03."""
    ada = server.create_user(unique("ada"))
    path = f"/api/admin/users/{ada.id}/sessions"
    (session,) = sessions(server, server.admin, path)
    (own,) = sessions(server, ada)
    assert session == {**own, "current": False}
    with server.client(headers=ada.bearer) as client:
        assert outcome(client.get(path)) == outcome(client.delete(path)) == (403, "insufficient_scope")
    answer = admin.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert sessions(server, server.admin, path) == []
    assert not server.lets_in(ada)
    nobody = f"/api/admin/users/{uuid4()}/sessions"
    assert outcome(admin.get(nobody)) == outcome(admin.delete(nobody)) == (404, "account_not_found")


def test_a_new_password_ends_every_session_but_the_one_at_hand(server: App, unique: Unique) -> None:
    """PW-01, RF-10, TK-16: its very access token goes on, all others are refused at once."""
    ada = server.create_user(unique("ada"))
    others = [server.sign_in(ada.username) for _ in range(2)]
    server.secrets.add(OTHER_PASSWORD)
    with server.client(headers=ada.bearer) as client:
        answer = change(client, PASSWORD, OTHER_PASSWORD)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not any(server.lets_in(other) for other in others)
    assert {outcome(server.refresh(other.refresh_token)) for other in others} == {(401, "invalid_refresh_token")}
    assert server.lets_in(ada)
    assert server.lets_in(server.refreshed(ada))
    with server.client() as client:
        old = client.post("/api/auth/signin", json={"username": ada.username, "password": PASSWORD})
    assert outcome(old) == (401, "invalid_credentials")
    assert server.lets_in(server.sign_in(ada.username, OTHER_PASSWORD))


def test_a_new_password_needs_the_present_one_and_meets_the_rules_of_sign_up(server: App, unique: Unique) -> None:
    """PW-01: and nothing changes by a refusal."""
    ada = server.create_user(unique("adalovelace"))
    other = server.sign_in(ada.username)
    with server.client(headers=ada.bearer) as client:
        for wrong in ("", "violet harbour kettles", "x" * 300):
            assert outcome(change(client, wrong, OTHER_PASSWORD)) == WRONG
        for refused, code in (
            ("violet kettle", "password_too_short"),
            ("violet kettle " * 40, "password_too_long"),
            ("passwordpassword", "password_blocked"),
            (f"{ada.username} {ada.username}", "password_blocked"),
        ):
            answer = change(client, PASSWORD, refused)
            assert outcome(answer) == (400, code)
            assert [error["field"] for error in answer.json()["errors"]] == ["newPassword"]
        assert outcome(client.post("/api/account/password", json={"newPassword": OTHER_PASSWORD})) == (
            400,
            "validation_failed",
        )
    assert server.lets_in(server.refreshed(other))
    assert server.lets_in(server.sign_in(ada.username))


@pytest.mark.parametrize("member", ["hint", "passwordHint", "question", "answer", "expiresAt", "changeEvery"])
def test_there_are_no_hints_questions_or_expiry_dates(
    server: App, client: httpx2.Client, unique: Unique, member: str
) -> None:
    """PW-02: neither at sign-up nor later, and no answer tells of one."""
    body = somebody(unique("ada"), **{member: "kettle"})
    assert outcome(client.post("/api/auth/signup", json=body)) == (400, "validation_failed")
    ada = server.create_user(unique("ada"))
    with server.client(headers=ada.bearer) as hers:
        assert outcome(change(hers, PASSWORD, OTHER_PASSWORD, **{member: "kettle"})) == (400, "validation_failed")
        assert member not in hers.get("/api/account").json()


def test_an_account_is_deleted_by_its_owner_with_the_password(
    server: App, admin: httpx2.Client, unique: Unique
) -> None:
    """ST-08, TK-16, RF-09: sessions and tokens are gone, and an admin can restore the account."""
    ada = server.create_user(unique("ada"))
    other = server.sign_in(ada.username)
    with server.client(headers=ada.bearer) as client:
        for wrong in ("", "violet harbour kettles"):
            assert outcome(client.request("DELETE", "/api/account", json={"password": wrong})) == WRONG
        assert outcome(client.delete("/api/account")) == (400, "validation_failed")
        assert client.get("/api/account").is_success
        answer = client.request("DELETE", "/api/account", json={"password": PASSWORD})
        assert (answer.status_code, answer.content) == (204, b"")
        assert outcome(client.get("/api/account")) == (401, "invalid_token")
    for account in (ada, other):
        assert not server.lets_in(account)
        assert outcome(server.refresh(account.refresh_token)) == (401, "invalid_refresh_token")
    assert outcome(server.request("POST", "/api/auth/signup", json=somebody(ada.username))) == (409, "username_taken")
    assert admin.post(f"/api/admin/users/{ada.id}/restore").json()["deletedAt"] is None
    assert server.lets_in(server.sign_in(ada.username))
    assert not server.lets_in(other)


def test_the_last_admin_cannot_delete_the_own_account(serve: ServeApp) -> None:
    """AZ-05."""
    server = serve()
    with server.client(headers=server.admin.bearer) as admin:
        refused = admin.request("DELETE", "/api/account", json={"password": PASSWORD})
    assert outcome(refused) == (409, "last_admin")
    assert server.lets_in(server.refreshed(server.admin))
