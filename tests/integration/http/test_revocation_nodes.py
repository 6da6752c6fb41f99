"""What ended on one node is refused on every other within a second, at the cost of no query; a node that hears nothing
any more asks the database."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from uuid import UUID

import httpx2
import pytest

from support.builders import OTHER_PASSWORD
from support.by_hand import by_hand
from support.http.barrier import Crowd, calling, crowd
from support.jwt.material import read_claims
from support.many_sessions import begun
from support.mysql.server import MySQLServer
from support.programs.processes import eventually
from support.programs.server_process import Account, Serve, Server, outcome, running
from support.stalls import BOUND, Stalls

DEAF_AFTER = 5.0
"""Seconds after which a node that hears nothing asks the database: what is promised."""

A_LOOK = 1.0
"""Seconds that this test's own requests may take, one after the other."""

End = Callable[[Server, Account], None]


def post(server: Server, path: str, account: Account) -> None:
    assert httpx2.post(f"{server.url}{path}", headers=account.bearer, timeout=30).status_code == 204


def sign_out(here: Server, ada: Account) -> None:
    post(here, "/api/auth/signout", ada)


def sign_out_everywhere(here: Server, ada: Account) -> None:
    post(here, "/api/auth/signout-all", ada)


def disable(here: Server, ada: Account) -> None:
    with here.client(headers=here.admin.bearer) as admin:
        assert admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": True}).is_success


def end_by_the_operator(here: Server, ada: Account) -> None:
    done = here.run("sessions", "end", ada.username, read_claims(ada.token)["sid"])
    assert done.returncode == 0, done.stderr


def set_password(here: Server, ada: Account) -> None:
    here.secrets.add(OTHER_PASSWORD)
    done = here.run("users", "set-password", ada.username, stdin=f"{OTHER_PASSWORD}\n")
    assert done.returncode == 0, done.stderr


def reuse(here: Server, ada: Account) -> None:
    here.refreshed(ada)
    assert outcome(here.refresh(ada.refresh_token)) == (401, "refresh_token_reused")


ENDS = (sign_out, sign_out_everywhere, disable, end_by_the_operator, set_password, reuse)


def test_what_ended_on_one_node_is_refused_on_the_other_within_a_second(
    serve: Serve, shared: dict[str, str], machine: Stalls
) -> None:
    """TK-16, RF-02, RF-05, RF-10, AD-02: while others never notice. A token is refused there that was good a moment
    before; the second begins with the answer here, and is longer by what the machine kept everybody waiting. RF-06: and
    on a node that starts later."""
    settings = {**shared, "refresh_grace": "0"}
    here, there = serve(**settings), serve(**settings)
    grace = here.create_user("grace")
    accounts = {end: here.create_user(end.__name__.replace("_", "-")) for end in ENDS}
    with there.client() as client:

        def lets_in(account: Account) -> bool:
            answer = client.get("/api/test/user", headers=account.bearer)
            assert answer.is_success or outcome(answer) == (401, "invalid_token")
            return answer.is_success

        for end, ada in accounts.items():
            other = there.sign_in(ada.username)
            assert lets_in(ada)
            assert lets_in(other)
            end(here, ada)
            ended_at, stalled = monotonic(), machine.seconds
            asked_at = ended_at
            while lets_in(ada):
                assert asked_at - ended_at <= BOUND + machine.seconds - stalled, end.__name__
                asked_at = monotonic()
                assert lets_in(grace)
            assert outcome(there.refresh(ada.refresh_token))[0] == 401
            assert lets_in(other) is (end in {sign_out, end_by_the_operator, reuse})
    later = serve(**settings)
    for ada in accounts.values():
        assert not later.lets_in(ada)
        assert not later.refresh(ada.refresh_token).is_success
    assert later.lets_in(grace)


def renamed(server: Server, old: str, new: str) -> None:
    by_hand(server, f"ALTER TABLE {old} RENAME TO {new}")


def test_a_node_that_cannot_read_the_feed_asks_the_database(
    serve: Serve, shared: dict[str, str], machine: Stalls
) -> None:
    """TK-16, RF-06: after five seconds, by the row of the session; and nobody else is refused, neither before nor
    after nor when the feed is back."""
    server = serve(**shared)
    ada, grace = server.create_user("ada"), server.create_user("grace")
    session_id = UUID(read_claims(grace.token)["sid"])
    renamed(server, "changes", "changes_away")
    deaf_at, stalled = monotonic(), machine.seconds
    eventually(lambda: server.logged(event="change_feed_unreadable") or server.logged(event="change_feed_failed"))
    by_hand(server, f"DELETE FROM sessions WHERE id = X'{session_id.hex}'")
    assert server.lets_in(grace), "nobody told this node"
    asked_at = deaf_at
    while server.lets_in(grace):
        assert asked_at - deaf_at <= DEAF_AFTER + A_LOOK + machine.seconds - stalled
        asked_at = monotonic()
        assert server.lets_in(ada)
    assert server.lets_in(server.refreshed(ada))
    renamed(server, "changes_away", "changes")
    other = server.create_user("other")
    post(server, "/api/auth/signout", other)
    assert not server.lets_in(other)
    assert server.lets_in(ada)


def test_a_node_without_its_database_refuses_nobody_and_admits_nobody(
    own_mysql_server: MySQLServer, tmp_path: Path, machine: Stalls
) -> None:
    """TK-16, OP-04: 503 with Retry-After as soon as what it knows is too old; what ended meanwhile is refused when
    the database is back, and all others are let in."""
    with running(tmp_path, database_url=own_mysql_server.fresh_database()) as server:
        ada, grace = server.create_user("ada"), server.create_user("grace")
        post(server, "/api/auth/signout", grace)
        with server.client(headers=ada.bearer) as client:
            own_mysql_server.kill()
            away_at, stalled = monotonic(), machine.seconds
            asked_at = away_at
            while (answer := client.get("/api/test/user")).is_success:
                assert asked_at - away_at <= DEAF_AFTER + A_LOOK + machine.seconds - stalled
                asked_at = monotonic()
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
            assert client.get("/api/test/user").status_code == 503
            own_mysql_server.restore()
            eventually(lambda: client.get("/api/test/user").status_code == 200)
        assert not server.lets_in(grace)
        assert server.lets_in(server.refreshed(ada))


def test_requests_of_many_sessions_do_not_query_the_database(
    serve: Serve, shared: dict[str, str], database: str
) -> None:
    """TK-16: 2,000 of 50 sessions, some of whose like have just ended."""
    if database != "mysql":
        pytest.skip("only a server counts its queries; the unit tests count the readings")
    server = serve(**shared)
    ada = server.create_user("ada")

    def queries() -> int:
        return sum(int(str(value)) for name, value in by_hand(server, "SHOW GLOBAL STATUS LIKE 'Com_%select'"))

    def round_of(clients: Crowd, sessions: list[Account], expected: int) -> None:
        answers = clients.at_once([calling("GET", "/api/test/user", session) for session in sessions])
        assert [answer.status for answer in answers] == [expected] * len(answers)

    with crowd(server, 50) as clients:
        over, going_on = begun(server, ada, clients), begun(server, ada, clients)
        ends = clients.at_once([calling("POST", "/api/auth/signout", session) for session in over])
        assert {answer.status for answer in ends} == {204}
        round_of(clients, going_on, 200)
        before = queries()
        for _ in range(20):
            round_of(clients, going_on, 200)
            round_of(clients, over, 401)
        asked = queries() - before
    assert asked < 200, "the feed is polled and the directory refreshed, but no request asks by itself"
