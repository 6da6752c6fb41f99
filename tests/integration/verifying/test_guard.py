"""The guard against a real server, over sockets."""

from collections.abc import Iterator
from typing import Any

import pytest

from doorward.guard import Guard, InvalidToken, RoleRequired, Unavailable
from doorward.testing import DoorwardServer
from support.http.service import Account
from support.programs.processes import eventually, free_port
from support.programs.server_process import Server
from support.programs.verifiers import FOR_TESTS


@pytest.fixture
def guard(server: Server) -> Iterator[Guard]:
    guard = Guard(server.url, audience="doorward")
    guard.start()
    yield guard
    guard.close()


def is_refused(guard: Guard, account: Account) -> bool:
    try:
        guard.authorize(account.bearer["Authorization"])
    except InvalidToken:
        return True
    return False


def test_an_ended_session_is_refused_and_no_other(server: Server, guard: Guard) -> None:
    """TK-16."""
    this, other = server.create_user("leaving"), server.sign_in("leaving")
    assert str(guard.verify(this.token).subject) == this.id
    assert server.request("POST", "/api/auth/signout", headers=this.bearer).status_code == 204
    eventually(lambda: is_refused(guard, this))
    assert not is_refused(guard, other)
    assert server.request("POST", "/api/auth/signout-all", headers=other.bearer).status_code == 204
    eventually(lambda: is_refused(guard, other))
    assert not is_refused(guard, server.sign_in("leaving"))


def test_a_role_that_was_removed_is_gone_from_the_next_token(server: Server, guard: Guard) -> None:
    server.create_user("grace", "moderator")
    grace = server.sign_in("grace")
    assert guard.authorize(grace.bearer["Authorization"], "moderator").roles == {"moderator", "user"}
    path = f"/api/admin/users/{grace.id}/roles/moderator"
    assert server.request("DELETE", path, headers=server.admin.bearer).is_success
    with pytest.raises(RoleRequired):
        guard.authorize(server.refreshed(grace).bearer["Authorization"], "moderator")


def test_a_registered_service_may_say_who_it_is(server: Server) -> None:
    guard = Guard(server.url, credentials=server.add_service("shop"))
    ada = server.create_user("ada-of-the-shop")
    assert str(guard.verify(ada.token).subject) == ada.id
    ended = server.request("POST", "/api/auth/signout", headers=ada.bearer)
    assert ended.status_code == 204
    eventually(lambda: is_refused(guard, ada))
    guard.close()


@pytest.mark.full
def test_the_test_that_the_document_shows_passes(doorward_server: DoorwardServer) -> None:
    program: dict[str, Any] = {}
    exec(FOR_TESTS, program)
    program["test_a_moderator_is_admitted"](doorward_server)


def test_where_nobody_listens_the_answer_is_503(server: Server) -> None:
    guard = Guard(server.url, url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable) as refused:
        guard.verify(server.create_user("ada-of-nowhere").token)
    assert int(refused.value.headers["Retry-After"]) <= 10
    guard.close()
