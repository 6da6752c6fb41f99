"""A role change holds for the next request on the same node, and soon on other nodes and after a change by SQL."""

import pytest

from support.http.database_shell import run_sql
from support.http.service import Account, Unique
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server
from support.readme import hand_edit

pytestmark = pytest.mark.several_processes


def status(server: Server, account: Account, role: str = "mod") -> int:
    return server.request("GET", f"/api/test/{role}", headers=account.bearer).status_code


def test_a_role_counts_for_the_very_next_request_on_the_same_node(server: Server, unique: Unique) -> None:
    """TK-16."""
    ada = server.create_user(unique("ada"))
    path = f"/api/admin/users/{ada.id}/roles/moderator"
    with server.client(headers=server.admin.bearer) as admin:
        for _ in range(10):
            assert status(server, ada) == 403
            assert admin.put(path).is_success
            assert status(server, ada) == 200
            assert admin.delete(path).is_success


def test_a_role_holds_on_the_other_node_and_from_the_command_line(serve: Serve, shared: dict[str, str]) -> None:
    """TK-16."""
    here, there = serve(**shared), serve(**shared)
    ada = here.create_user("ada")
    assert status(there, ada) == 403
    with here.client(headers=here.admin.bearer) as admin:
        assert admin.put(f"/api/admin/users/{ada.id}/roles/moderator").is_success
        eventually(lambda: status(there, ada) == 200)
        assert admin.delete(f"/api/admin/users/{ada.id}/roles/moderator").is_success
        eventually(lambda: status(there, ada) == 403)
    assert here.run("users", "grant", "ada", "moderator").returncode == 0
    eventually(lambda: (status(here, ada), status(there, ada)) == (200, 200))
    assert here.run("users", "disable", "ada").returncode == 0
    eventually(lambda: (status(here, ada), status(there, ada)) == (401, 401))


def test_a_hand_edit_of_the_table_holds_without_a_new_sign_in(server: Server, unique: Unique) -> None:
    ada = server.create_user(unique("ada"))
    assert status(server, ada) == 403
    run_sql(server, hand_edit(ada.username, "moderator"))
    eventually(lambda: status(server, ada) == 200)


@pytest.mark.parametrize("database", ["mysql"], indirect=True, scope="session")
@pytest.mark.usefixtures("own_mysql_server")
def test_guarded_requests_do_not_query_the_database(serve: Serve) -> None:
    """The database server counts its queries, so it serves nobody else."""
    server = serve()
    ada = server.create_user("ada")

    def queries() -> int:
        return sum(int(str(value)) for name, value in run_sql(server, "SHOW GLOBAL STATUS LIKE 'Com_%select'"))

    with server.client(headers=ada.bearer) as client:
        client.get("/api/test/user")
        before = queries()
        for _ in range(2000):
            assert client.get("/api/test/user").status_code == 200
        asked = queries() - before
    assert asked < 200, "the feed is polled and the directory refreshed, but no request asks by itself"


def test_accounts_that_are_gone_disabled_or_renewed_lose_their_tokens(server: Server, unique: Unique) -> None:
    """TK-16, AD-02, ST-08."""
    with server.client(headers=server.admin.bearer) as admin:
        ada = server.create_user(unique("ada"))
        assert admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": True}).is_success
        assert status(server, ada, "user") == 401
        assert admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": False}).is_success
        assert status(server, ada, "user") == 401
        assert status(server, server.sign_in(ada.username), "user") == 200
        assert admin.delete(f"/api/admin/users/{ada.id}").is_success
        assert status(server, ada, "user") == 401
    grace = server.create_user(unique("grace"))
    server.secrets.add("a kettle full of violets")
    changed = server.run("users", "set-password", grace.username, stdin="a kettle full of violets\n")
    assert changed.returncode == 0, changed.stderr
    eventually(lambda: status(server, grace, "user") == 401)
    assert server.sign_in(grace.username, "a kettle full of violets").id == grace.id
