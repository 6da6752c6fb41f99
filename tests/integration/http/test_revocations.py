"""The revocation list for other services: who may read it, how clients ask for it, and what it contains."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from time import monotonic

import httpx2
import jwt
import pytest
from jwt import PyJWK

from doorward.application.change_feed.revocation_publisher import LIFETIME, MAX_WAITING_PER_ADDRESS
from support.http.database_shell import run_sql
from support.http.list_periods import within_one_period
from support.http.raw_http import connected, request
from support.http.service import Account, Unique, outcome
from support.jwt.material import read_claims, read_header
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server

FEED = "/.well-known/revocations"
WAIT_SECONDS = 30
"""How long clients offer to wait for a change: the longest that the server accepts."""


def known(client: httpx2.Client) -> dict[str, str]:
    """What to send to be told of something new only."""
    return {"If-None-Match": client.get(FEED).headers["etag"]}


def listed_in(answer: httpx2.Response) -> set[str]:
    return {entry["sid"] for entry in read_claims(answer.text)["sessions"]}


def session_of(account: Account) -> str:
    sid = read_claims(account.token)["sid"]
    assert isinstance(sid, str)
    return sid


def sign_out(server: Server, account: Account) -> None:
    with server.client(headers=account.bearer) as client:
        assert client.post("/api/auth/signout").status_code == 204


def test_anybody_can_check_what_it_says_and_learns_no_more_than_ids(
    server: Server, client: httpx2.Client, unique: Unique
) -> None:
    """TK-16, TK-22."""
    ada = server.create_user(unique("ada"))
    sign_out(server, ada)
    answer = client.get(FEED)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jwt")
    assert answer.headers["cache-control"] == "no-cache"
    kid = read_header(answer.text)["kid"]
    keys = client.get("/.well-known/jwks.json").json()["keys"]
    key = PyJWK(next(key for key in keys if key["kid"] == kid))
    issuer = read_claims(ada.token)["iss"]
    claims = jwt.decode(answer.text, key, algorithms=["ES256"], audience="doorward", issuer=issuer)
    assert claims.keys() == {"iss", "aud", "iat", "exp", "cursor", "sessions", "accounts"}
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds()
    (entry,) = (entry for entry in claims["sessions"] if entry["sid"] == session_of(ada))
    assert entry.keys() == {"sid", "exp"}
    assert entry["exp"] > read_claims(ada.token)["exp"]


def test_an_account_that_was_signed_out_everywhere_is_listed_by_the_epoch_that_is_good_again(
    server: Server, client: httpx2.Client, unique: Unique
) -> None:
    """TK-16."""
    ada = server.create_user(unique("ada"))
    with server.client(headers=ada.bearer) as own:
        assert own.post("/api/auth/signout-all").status_code == 204
    again = server.sign_in(ada.username)
    (entry,) = (entry for entry in read_claims(client.get(FEED).text)["accounts"] if entry["sub"] == ada.id)
    assert read_claims(ada.token)["epoch"] < entry["epoch"] <= read_claims(again.token)["epoch"]


def test_accounts_that_are_disabled_deleted_or_renewed_are_listed(
    server: Server, client: httpx2.Client, unique: Unique
) -> None:
    """TK-16, AD-02, ST-08."""
    disabled, deleted, renewed = (server.create_user(unique("ada")) for _ in range(3))
    with server.client(headers=server.admin.bearer) as admin:
        assert admin.patch(f"/api/admin/users/{disabled.id}", json={"disabled": True}).is_success
        assert admin.delete(f"/api/admin/users/{deleted.id}").is_success
    server.secrets.add("a kettle full of violets")
    assert server.run("users", "set-password", renewed.username, stdin="a kettle full of violets\n").returncode == 0

    def refused(account: Account) -> bool:
        says, listed = read_claims(account.token), read_claims(client.get(FEED).text)
        by_account = any(each["sub"] == says["sub"] and says["epoch"] < each["epoch"] for each in listed["accounts"])
        return by_account or any(each["sid"] == says["sid"] for each in listed["sessions"])

    assert refused(disabled)
    assert refused(deleted)
    eventually(lambda: refused(renewed))


def test_who_sends_its_cursor_gets_what_is_new_and_who_sends_none_or_another_gets_all(
    server: Server, client: httpx2.Client, unique: Unique
) -> None:
    """RF-17."""
    cursor = read_claims(client.get(FEED).text)["cursor"]
    ada = server.create_user(unique("ada"))
    sign_out(server, ada)
    answer = client.get(FEED, params={"since": cursor})
    assert read_claims(answer.text)["since"] == cursor
    assert session_of(ada) in listed_in(answer)
    for params in ({}, {"since": "9" * 18}, {"since": "nobody's"}, {"since": f"{cursor}0"}):
        whole = client.get(FEED, params=params)
        assert "since" not in read_claims(whole.text)
        assert session_of(ada) in listed_in(whole)


def test_the_list_opens_no_guarded_route(client: httpx2.Client) -> None:
    """TK-05, TK-24."""
    answer = client.get("/api/test/user", headers={"Authorization": f"Bearer {client.get(FEED).text}"})
    assert outcome(answer) == (401, "invalid_token")


def test_who_has_it_already_is_told_so(serve: Serve) -> None:
    server = serve()
    with server.client() as client:

        def story() -> None:
            first = client.get(FEED)
            assert client.get(FEED).content == first.content
            has = {"If-None-Match": first.headers["etag"]}
            answer = client.get(FEED, headers=has)
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", first.headers["etag"])
            assert client.head(FEED, headers=has).status_code == 304

        within_one_period(story)
        has = known(client)
        ada = server.create_user("ada")
        sign_out(server, ada)
        assert client.get(FEED, headers=has).status_code == 200
        assert listed_in(client.get(FEED)) == {session_of(ada)}


def test_who_prefers_to_wait_waits(client: httpx2.Client) -> None:
    def story() -> None:
        answer = client.get(FEED, headers={**known(client), "Prefer": "respond-async, wait=1"})
        assert answer.status_code in {200, 304}, "others end sessions at the same time"
        assert answer.headers.get("preference-applied") == "wait=1"

    within_one_period(story)


def test_who_knows_nothing_yet_does_not_wait(client: httpx2.Client) -> None:
    for has in ({}, {"If-None-Match": '"of another list"'}):
        answer = client.get(FEED, headers={**has, "Prefer": "wait=30"})
        assert answer.status_code == 200
        assert "preference-applied" not in answer.headers


@pytest.mark.storage_bound
def test_an_end_on_one_node_reaches_a_client_that_waits_at_another(serve: Serve, shared: dict[str, str]) -> None:
    """TK-16."""
    here, there = serve(**shared), serve(**shared)
    with there.client() as client, ThreadPoolExecutor(1) as pool:
        ada = here.create_user("ada")
        eventually(lambda: client.get(FEED, headers=known(client)).status_code == 304)
        waiting = pool.submit(wait_for, client, session_of(ada))
        sign_out(here, ada)
        waiting.result()


def wait_for(client: httpx2.Client, session_id: str) -> None:
    """Return when the list contains the session, as a client that always waits for the next list."""
    answer = client.get(FEED)
    while session_id not in listed_in(answer):
        following = client.get(FEED, headers={"If-None-Match": answer.headers["etag"], "Prefer": "wait=20"})
        answer = following if following.status_code == 200 else answer


def test_a_node_that_cannot_read_the_feed_gives_no_list(serve: Serve) -> None:
    """TK-16: a short one would be believed."""
    server = serve()
    with server.client() as client:
        assert client.get(FEED).status_code == 200
        run_sql(server, "ALTER TABLE changes RENAME TO misplaced")
        eventually(lambda: client.get(FEED).status_code == 503)
        answer = client.get(FEED)
        assert outcome(answer) == (503, "revocations_incomplete")
        assert int(answer.headers["retry-after"]) >= 1
        run_sql(server, "ALTER TABLE misplaced RENAME TO changes")
        eventually(lambda: client.get(FEED).status_code == 200)


def test_nobody_who_waits_holds_up_a_stop(serve: Serve) -> None:
    server = serve()
    with server.client() as client, ThreadPoolExecutor(2) as pool:
        began = monotonic()
        waiting = two_that_wait(server, client, pool)
        assert server.stop() == 0
        assert monotonic() - began < WAIT_SECONDS, "the server stopped before the clients had waited to the end"
        statuses = {answer.result().status_code for answer in waiting}
        assert statuses <= {200, 304}, "200 when the list was signed anew just then"


def two_that_wait(server: Server, client: httpx2.Client, pool: ThreadPoolExecutor) -> list[Future[httpx2.Response]]:
    """Should the list be signed anew just now, they have their answer, and two others wait."""
    while True:
        has = {**known(client), "Prefer": f"wait={WAIT_SECONDS}"}
        waiting = [pool.submit(asked, server, has) for _ in range(2)]
        eventually(lambda: in_flight(client) > len(waiting) or any(answer.done() for answer in waiting))  # noqa: B023
        if not any(answer.done() for answer in waiting):
            return waiting


def asked(server: Server, headers: dict[str, str]) -> httpx2.Response:
    with server.client() as client:
        return client.get(FEED, headers=headers)


def in_flight(client: httpx2.Client) -> float:
    """Requests that the server is at, this one among them."""
    lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith("doorward_http_requests_in_flight")).split()[1])


@contextmanager
def crowded(server: Server, client: httpx2.Client) -> Iterator[None]:
    """As many wait as may from one address."""
    with ExitStack() as crowd:
        has = [f"{name}: {value}" for name, value in known(client).items()]
        asking = request(f"GET {FEED} HTTP/1.1", *has, "Prefer: wait=30")
        for _ in range(MAX_WAITING_PER_ADDRESS):
            crowd.enter_context(connected(server)).sendall(asking)
        yield


def test_when_too_many_wait_others_are_answered_at_once_and_who_leaves_frees_a_place(serve: Serve) -> None:
    """RF-18: a registered service waits all the same."""
    server = serve()
    service = server.add_service("following")
    with server.client() as client:

        def waits(auth: tuple[str, str] | None = None) -> bool:
            answer = client.get(FEED, headers={**known(client), "Prefer": "wait=1"}, auth=auth)
            return "preference-applied" in answer.headers

        def story() -> None:
            with crowded(server, client):
                eventually(lambda: not waits())
                assert waits(service)
            eventually(waits)
            has = {**known(client), "Prefer": "wait=1"}
            assert outcome(client.get(FEED, headers=has, auth=(service[0], "wrong"))) == (401, "invalid_client")
            other_scheme = client.get(FEED, headers={**has, "Authorization": "Bearer of-another-service"})
            assert "preference-applied" in other_scheme.headers, "credentials that a public route does not read"
            eventually(lambda: "invalid_client" in server.output)

        within_one_period(story)
