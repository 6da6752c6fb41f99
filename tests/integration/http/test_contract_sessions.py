"""Section 2 of the wire contract, first half: how a session goes on, and how it ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.database_shell import run_sql
from support.http.service import Account, Unique, outcome
from support.jwt.material import read_claims
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server

pytestmark = pytest.mark.storage_bound

MEMBERS = {
    *("id", "username", "email", "roles"),
    *("accessToken", "tokenType", "expiresIn", "refreshToken", "refreshExpiresIn"),
}
INVALID = (401, "invalid_refresh_token")
REUSED = (401, "refresh_token_reused")


def post(server: Server, path: str, account: Account, **body: Any) -> httpx2.Response:
    with server.client(headers=account.bearer) as client:
        return client.post(path, **body)


def is_out(server: Server, *accounts: Account) -> bool:
    """Neither of their tokens is of use."""
    return not any(server.lets_in(account) or server.refresh(account.refresh_token).is_success for account in accounts)


def refreshes(server: Server, outcome: str) -> float:
    """How many of them, by the figures, which are renewed every second."""
    with server.client() as client:
        lines = client.get("/metrics").text.splitlines()
    start = f'doorward_refreshes_total{{outcome="{outcome}"}} '
    return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


def test_a_refresh_answers_as_the_sign_in_did_with_tokens_of_its_own(server: Server, unique: Unique) -> None:
    """RF-01, SI-10, TK-16: and the access token before it goes on until it expires."""
    ada = server.create_user(unique("ada"))
    answer = server.refresh(ada.refresh_token)
    body = answer.json()
    assert (answer.status_code, set(body)) == (200, MEMBERS)
    assert (body["id"], body["username"], body["email"], body["roles"]) == (
        *(ada.id, ada.username, ada.email),
        ["ROLE_USER"],
    )
    assert (body["tokenType"], body["expiresIn"], body["refreshExpiresIn"]) == ("Bearer", 900, 14 * 24 * 3600)
    assert (len(body["refreshToken"]), body["refreshToken"] != ada.refresh_token) == (86, True)
    assert answer.headers["cache-control"] == "no-store"
    before, after = read_claims(ada.token), read_claims(body["accessToken"])
    assert before["jti"] != after["jti"]
    assert (before["sid"], before["sub"]) == (after["sid"], after["sub"])
    assert server.lets_in(ada)
    assert server.lets_in(Account.signed_in(body))


def test_only_a_hash_of_a_refresh_token_is_stored(server: Server, unique: Unique) -> None:
    """RF-01: what the database holds opens nothing."""
    ada = server.refreshed(server.create_user(unique("ada")))
    rows = run_sql(server, "SELECT * FROM sessions")
    stored = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
    assert stored
    assert ada.refresh_token.encode() not in stored


def test_a_refresh_tells_the_roles_of_today(server: Server, admin: httpx2.Client, unique: Unique) -> None:
    """RF-09."""
    ada = server.create_user(unique("ada"))
    assert admin.put(f"/api/admin/users/{ada.id}/roles/moderator").is_success
    body = server.refresh(ada.refresh_token).json()
    assert body["roles"] == ["ROLE_MODERATOR", "ROLE_USER"]
    assert read_claims(body["accessToken"])["roles"] == ["moderator", "user"]


def test_who_lost_the_answer_gets_the_same_successor_and_after_more_rotations_the_present_one(
    server: Server, unique: Unique
) -> None:
    """RF-04: however far back the token is, within the grace time nobody is signed out."""
    ada = server.create_user(unique("ada"))
    retried = refreshes(server, "retried")
    tokens = [ada.refresh_token]
    for _ in range(4):
        tokens.append(server.refresh(tokens[-1]).json()["refreshToken"])
    assert len(set(tokens)) == 5
    for spent in (*tokens[:4], *tokens[:4]):
        assert server.refresh(spent).json()["refreshToken"] == tokens[4]
    eventually(lambda: refreshes(server, "retried") == retried + 8)
    assert server.refresh(tokens[4]).json()["refreshToken"] not in tokens
    assert server.lets_in(ada)


def test_a_token_that_comes_back_too_late_ends_the_session_and_raises_the_alarm(serve: Serve) -> None:
    """RF-02, RF-10: the thief's tokens and the victim's, at once."""
    server = serve(refresh_grace="0")
    ada, other = server.create_user("ada"), server.sign_in("ada")
    newest = server.refreshed(server.refreshed(ada))
    refused = server.refresh(ada.refresh_token)
    assert outcome(refused) == REUSED
    assert refused.headers["www-authenticate"] == "Bearer"
    assert not server.lets_in(ada)
    assert not server.lets_in(newest)
    assert outcome(server.refresh(newest.refresh_token)) == INVALID
    assert outcome(server.refresh(ada.refresh_token)) == INVALID
    assert server.lets_in(server.refreshed(other)), "another session of the account is none of theirs"
    line = server.line(event="authn_token_reuse", request_id=refused.headers["x-request-id"])
    assert (line["level"], line["outcome"]) == ("critical", "failure")
    assert (line["user_id"], line["session_id"]) == (ada.id, read_claims(ada.token)["sid"])
    eventually(lambda: [refreshes(server, outcome) for outcome in ("granted", "reused", "refused")] == [3, 1, 2])


@pytest.mark.parametrize("kind", ["an access token", "a word", "nothing", "one letter more", "another last letter"])
def test_what_is_no_refresh_token_of_ours_is_refused(server: Server, unique: Unique, kind: str) -> None:
    """TK-24, RF-02: an access token is no refresh token, and nothing ends by a forgery."""
    ada = server.create_user(unique("ada"))
    token = ada.refresh_token
    presented = {
        "an access token": ada.token,
        "a word": "kettle",
        "nothing": "",
        "one letter more": f"{token}A",
        "another last letter": token[:-1] + {"A": "Q", "Q": "g", "g": "w", "w": "A"}[token[-1]],
    }[kind]
    assert outcome(server.refresh(presented)) == INVALID
    assert server.lets_in(server.refreshed(ada))


def test_a_refresh_token_opens_no_guarded_route(server: Server, client: httpx2.Client, unique: Unique) -> None:
    """TK-24."""
    ada = server.create_user(unique("ada"))
    for headers in ({"Authorization": f"Bearer {ada.refresh_token}"}, {"x-access-token": ada.refresh_token}):
        assert outcome(client.get("/api/account", headers=headers)) == (401, "invalid_token")


def test_a_refresh_token_travels_in_a_json_body_and_nowhere_else(
    server: Server, client: httpx2.Client, unique: Unique
) -> None:
    """SI-13."""
    token = server.create_user(unique("ada")).refresh_token
    path = "/api/auth/refresh"
    for name in ("refreshToken", "refresh_token"):
        assert outcome(client.post(path, params={name: token})) == (400, "credentials_in_query")
    assert outcome(client.post(path, data={"refreshToken": token})) == (415, "unsupported_media_type")
    assert outcome(client.get(path)) == (405, "method_not_allowed")
    assert outcome(client.post(path, json={})) == (401, "invalid_refresh_token")
    for body in ({"refreshToken": 7}, {"refreshToken": None}, {"refreshToken": token, "scope": "admin"}):
        assert outcome(client.post(path, json=body)) == (400, "validation_failed")
    assert server.refresh(token).is_success, "none of that spent it"


def test_a_refresh_token_is_of_use_for_its_own_session_and_for_no_more_than_that(
    server: Server, client: httpx2.Client, unique: Unique
) -> None:
    """RF-07: there is one client, so it is the session that a token is bound to."""
    ada, eve = server.create_user(unique("ada")), server.create_user(unique("eve"))
    for member in ("scope", "audience", "resource", "client_id", "roles"):
        body = {"refreshToken": eve.refresh_token, member: "admin"}
        assert outcome(client.post("/api/auth/refresh", json=body)) == (400, "validation_failed")
    first_of_ada, rest_of_eve = ada.refresh_token[:20], eve.refresh_token[20:]  # the session's id, and nearly all else
    assert outcome(server.refresh(first_of_ada + rest_of_eve)) == INVALID
    before = read_claims(eve.token)
    after = read_claims(server.refreshed(eve).token)
    assert all(after[name] == before[name] for name in ("iss", "aud", "sub", "client_id", "sid", "roles"))
    assert server.lets_in(ada)
    assert server.refresh(ada.refresh_token).is_success


@pytest.mark.parametrize("body", [{}, {"json": {}}], ids=["no body", "an empty object"])
def test_sign_out_ends_the_session_that_asks_and_no_other(server: Server, unique: Unique, body: dict[str, Any]) -> None:
    """RF-10, TK-16."""
    ada = server.create_user(unique("ada"))
    other, renewed = server.sign_in(ada.username), server.refreshed(ada)
    answer = post(server, "/api/auth/signout", renewed, **body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert is_out(server, ada, renewed)
    assert outcome(server.refresh(renewed.refresh_token)) == INVALID
    assert outcome(post(server, "/api/auth/signout", ada)) == (401, "invalid_token")
    assert server.lets_in(server.refreshed(other))


def test_sign_out_everywhere_ends_every_session_and_the_next_sign_in_is_as_ever(server: Server, unique: Unique) -> None:
    """RF-10, TK-16."""
    ada, grace = server.create_user(unique("ada")), server.create_user(unique("grace"))
    others = [server.sign_in(ada.username) for _ in range(2)]
    answer = post(server, "/api/auth/signout-all", others[0])
    assert (answer.status_code, answer.content) == (204, b"")
    assert is_out(server, ada, *others)
    assert server.lets_in(server.refreshed(server.sign_in(ada.username)))
    assert server.lets_in(server.refreshed(grace))


def test_one_sign_in_too_many_ends_the_oldest_session(serve: Serve) -> None:
    """RF-13."""
    server = serve(sessions_per_account="2")
    grace, first = server.create_user("grace"), server.create_user("ada")
    second = server.refreshed(server.sign_in("ada"))
    third = server.sign_in("ada")
    assert is_out(server, first)
    assert all(server.lets_in(server.refreshed(account)) for account in (second, third, grace))


@pytest.mark.parametrize("how", ["disabled", "deleted", "signed out"])
def test_what_an_admin_does_to_an_account_ends_its_sessions(
    server: Server, admin: httpx2.Client, unique: Unique, how: str
) -> None:
    """RF-09, AD-02, TK-16, ST-08: refresh and access tokens, for good."""
    ada, bob = server.create_user(unique("ada")), server.create_user(unique("bob"))
    path = f"/api/admin/users/{ada.id}"
    other = server.sign_in(ada.username)
    done = {
        "disabled": lambda: admin.patch(path, json={"disabled": True}),
        "deleted": lambda: admin.delete(path),
        "signed out": lambda: admin.delete(f"{path}/sessions"),
    }[how]()
    assert done.is_success
    assert is_out(server, ada, other)
    assert outcome(server.refresh(other.refresh_token)) == INVALID
    if how == "disabled":
        assert admin.patch(path, json={"disabled": False}).is_success
        assert is_out(server, ada, other)
    if how != "deleted":
        assert server.lets_in(server.sign_in(ada.username))
    assert server.lets_in(server.refreshed(bob))


def test_what_the_operator_does_ends_sessions_of_a_running_server(server: Server, unique: Unique) -> None:
    """AD-02, TK-16: one session, all sessions, a new password."""
    ada = server.create_user(unique("ada"))
    other = server.sign_in(ada.username)
    one = server.run("sessions", "end", ada.username, read_claims(ada.token)["sid"])
    assert one.returncode == 0, one.stderr
    eventually(lambda: is_out(server, ada))
    assert server.lets_in(server.refreshed(other))
    ada = server.sign_in(ada.username)
    assert server.run("sessions", "end", ada.username).returncode == 0
    eventually(lambda: is_out(server, ada, other))
    ada = server.sign_in(ada.username)
    server.secrets.add(OTHER_PASSWORD)
    changed = server.run("users", "set-password", ada.username, stdin=f"{OTHER_PASSWORD}\n")
    assert changed.returncode == 0, changed.stderr
    eventually(lambda: is_out(server, ada))


def test_sessions_survive_a_restart_and_ended_ones_stay_ended(serve: Serve) -> None:
    """RF-06."""
    server = serve()
    ada = server.create_user("ada")
    gone, grace = server.sign_in("ada"), server.create_user("grace")
    assert post(server, "/api/auth/signout", gone).status_code == 204
    assert post(server, "/api/auth/signout-all", grace).status_code == 204
    server.stop()
    server.start()
    assert is_out(server, gone, grace)
    assert server.lets_in(ada)
    assert server.lets_in(server.refreshed(ada))


@pytest.mark.parametrize(
    ("column", "days", "goes_on"),
    [("last_used_at", 13, True), ("last_used_at", 15, False), ("started_at", 89, True), ("started_at", 91, False)],
)
def test_a_session_ends_when_it_is_unused_for_long_and_in_any_case_some_day(
    server: Server, unique: Unique, column: str, days: int, goes_on: bool
) -> None:
    """RF-08: idle for 14 days, or signed in 90 days ago. Its last token says when it ends."""
    ada = server.create_user(unique("ada"))
    then = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")
    run_sql(server, f"UPDATE sessions SET {column} = '{then}' WHERE HEX(id) = '{session_hex(ada)}'")
    answer = server.refresh(ada.refresh_token)
    if not goes_on:
        assert outcome(answer) == INVALID
        return
    left = {"last_used_at": timedelta(days=14), "started_at": timedelta(days=1)}[column].total_seconds()
    assert left - 60 < answer.json()["refreshExpiresIn"] <= left


def session_hex(account: Account) -> str:
    return str(read_claims(account.token)["sid"]).replace("-", "").upper()


def test_an_access_token_lives_no_longer_than_its_session(serve: Serve) -> None:
    """RF-08: with an absolute life of a minute."""
    server = serve(session_absolute_seconds="60")
    server.create_user("ada")
    with server.client() as client:
        answer = client.post("/api/auth/signin", json={"username": "ada", "password": PASSWORD})
    server.hide(answer)
    body = answer.json()
    assert body["refreshExpiresIn"] <= 60
    assert body["expiresIn"] <= 60
    claims = read_claims(body["accessToken"])
    assert claims["exp"] - claims["iat"] <= 60
