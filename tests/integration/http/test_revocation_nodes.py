"""What ended on one node is soon refused on every other, without a query per request. A node that cannot read the
change feed asks the database.

How soon is decided by the follower and by `EndedSessions`, whose unit tests move a clock. These tests wait for it,
since a busy machine may take longer.
"""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from doorward.testing.builders import OTHER_PASSWORD
from support.http.barrier import Crowd, calling, crowd
from support.http.database_shell import run_sql
from support.http.service import Account, outcome
from support.http.session_rows import open_sessions
from support.jwt.material import read_claims
from support.mysql.server import MySQLServer
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server, running

pytestmark = pytest.mark.several_processes

End = Callable[[Server, Account], None]


def post(server: Server, path: str, account: Account) -> None:
    assert server.request("POST", path, headers=account.bearer).status_code == 204


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


def test_what_ended_on_one_node_is_refused_on_the_other_and_on_nodes_that_start_later(
    serve: Serve, shared: dict[str, str]
) -> None:
    """TK-16, RF-02, RF-05, RF-06, RF-10, AD-02: while the tokens of others are accepted all the time."""
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

            def is_refused(account: Account = ada) -> bool:
                assert lets_in(grace)
                return not lets_in(account)

            eventually(is_refused)
            assert outcome(there.refresh(ada.refresh_token))[0] == 401
            assert lets_in(other) is (end in {sign_out, end_by_the_operator, reuse})
    later = serve(**settings)
    for ada in accounts.values():
        assert not later.lets_in(ada)
        assert not later.refresh(ada.refresh_token).is_success
    assert later.lets_in(grace)


def renamed(server: Server, old: str, new: str) -> None:
    run_sql(server, f"ALTER TABLE {old} RENAME TO {new}")


def test_a_node_that_cannot_read_the_feed_asks_the_database(serve: Serve, shared: dict[str, str]) -> None:
    """TK-16, RF-06: by the row of the session. Nobody else is refused, neither before nor after nor when the feed is
    readable again."""
    server = serve(**shared)
    ada, grace = server.create_user("ada"), server.create_user("grace")
    session_id = UUID(read_claims(grace.token)["sid"])
    renamed(server, "changes", "changes_away")
    eventually(lambda: server.logged(event="change_feed_unreadable") or server.logged(event="change_feed_failed"))
    run_sql(server, f"DELETE FROM sessions WHERE id = X'{session_id.hex}'")

    def grace_is_refused() -> bool:
        assert server.lets_in(ada)
        return not server.lets_in(grace)

    eventually(grace_is_refused)
    assert server.lets_in(server.refreshed(ada))
    renamed(server, "changes_away", "changes")
    other = server.create_user("other")
    post(server, "/api/auth/signout", other)
    assert not server.lets_in(other)
    assert server.lets_in(ada)


def test_a_node_without_its_database_refuses_nobody_and_admits_nobody(
    own_mysql_server: MySQLServer, tmp_path: Path
) -> None:
    """TK-16, OP-04: 503 with Retry-After as soon as what it knows is too old; what ended meanwhile is refused when
    the database is back, and all others are let in."""
    with running(tmp_path, database_url=own_mysql_server.fresh_database()) as server:
        ada, grace = server.create_user("ada"), server.create_user("grace")
        post(server, "/api/auth/signout", grace)
        with server.client(headers=ada.bearer) as client:
            own_mysql_server.kill()
            eventually(lambda: not client.get("/api/test/user").is_success)
            answer = client.get("/api/test/user")
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
            own_mysql_server.restore()
            eventually(lambda: client.get("/api/test/user").status_code == 200)
        assert not server.lets_in(grace)
        assert server.lets_in(server.refreshed(ada))


@pytest.mark.parametrize("database", ["mysql"], indirect=True, scope="session")
@pytest.mark.usefixtures("own_mysql_server")
def test_requests_of_many_sessions_do_not_query_the_database(serve: Serve, shared: dict[str, str]) -> None:
    """TK-16: 2,000 of 50 sessions, some of whose like have just ended. The server counts its queries, so it serves
    nobody else."""
    server = serve(**shared)
    ada = server.create_user("ada")

    def queries() -> int:
        return sum(int(str(value)) for name, value in run_sql(server, "SHOW GLOBAL STATUS LIKE 'Com_%select'"))

    def round_of(clients: Crowd, sessions: list[Account], expected: int) -> None:
        answers = clients.at_once([calling("GET", "/api/test/user", session) for session in sessions])
        assert [answer.status for answer in answers] == [expected] * len(answers)

    with crowd(server, 50) as clients:
        over, going_on = open_sessions(server, ada, clients), open_sessions(server, ada, clients)
        for session in over:
            post(server, "/api/auth/signout", session)
        round_of(clients, going_on, 200)
        before = queries()
        for _ in range(20):
            round_of(clients, going_on, 200)
            round_of(clients, over, 401)
        asked = queries() - before
    assert asked < 200, "the feed is polled and the directory refreshed, but no request asks by itself"
