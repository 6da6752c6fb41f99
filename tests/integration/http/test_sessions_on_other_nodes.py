"""What ends a session on one node ends it on every other: the refresh token at once, the access token soon."""

from collections.abc import Callable

import httpx2
import pytest

from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.service import Account, outcome
from support.jwt.material import read_claims
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server

pytestmark = pytest.mark.several_processes

End = Callable[[Server, Account, Account], httpx2.Response]


def signed_out(here: Server, ended: Account, _: Account) -> httpx2.Response:
    with here.client(headers=ended.bearer) as client:
        return client.post("/api/auth/signout")


def ended_from_the_list(here: Server, ended: Account, by: Account) -> httpx2.Response:
    with here.client(headers=by.bearer) as client:
        return client.delete(f"/api/account/sessions/{read_claims(ended.token)['sid']}")


def all_others_ended(here: Server, _: Account, by: Account) -> httpx2.Response:
    with here.client(headers=by.bearer) as client:
        return client.delete("/api/account/sessions")


def password_changed(here: Server, _: Account, by: Account) -> httpx2.Response:
    here.secrets.add(OTHER_PASSWORD)
    with here.client(headers=by.bearer) as client:
        body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
        return client.post("/api/account/password", json=body)


def one_sign_in_too_many(here: Server, _: Account, by: Account) -> httpx2.Response:
    with here.client() as client:
        answer = client.post("/api/auth/signin", json={"username": by.username, "password": PASSWORD})
    here.hide(answer)
    return answer


ENDS: list[End] = [signed_out, ended_from_the_list, all_others_ended, password_changed, one_sign_in_too_many]


def assert_soon_out(node: Server, account: Account) -> None:
    eventually(lambda: not node.lets_in(account))


@pytest.fixture
def nodes(serve: Serve, shared: dict[str, str]) -> tuple[Server, Server]:
    settings = {**shared, "sessions_per_account": "2"}
    return serve(**settings), serve(**settings)


def test_one_session_ends_everywhere_and_another_of_the_account_nowhere(nodes: tuple[Server, Server]) -> None:
    """TK-16, RF-10, RF-13."""
    here, there = nodes
    for end in ENDS:
        name = f"ada-{end.__name__.replace('_', '-')}"[:32]
        ended = here.create_user(name)
        by = there.refreshed(there.sign_in(name))
        assert there.lets_in(ended)
        assert end(here, ended, by).is_success, name
        assert outcome(there.refresh(ended.refresh_token)) == (401, "invalid_refresh_token"), name
        assert not here.lets_in(ended), name
        assert_soon_out(there, ended)
        assert here.lets_in(by), name
        assert there.lets_in(there.refreshed(by)), name


def test_all_sessions_end_everywhere(nodes: tuple[Server, Server]) -> None:
    """TK-16, RF-10, AD-02."""
    here, there = nodes
    for path, asks in (("/api/auth/signout-all", "POST"), ("/api/admin/users/{id}/sessions", "DELETE")):
        name = f"ada-{asks.lower()}"
        accounts = [here.create_user(name), there.sign_in(name)]
        by = accounts[0] if asks == "POST" else here.admin
        with here.client(headers=by.bearer) as client:
            assert client.request(asks, path.replace("{id}", accounts[0].id)).status_code == 204
        for account in accounts:
            assert outcome(there.refresh(account.refresh_token)) == (401, "invalid_refresh_token")
            assert not here.lets_in(account)
            assert_soon_out(there, account)
        assert there.lets_in(here.sign_in(name))


def test_a_node_that_starts_later_knows_what_ended_before(serve: Serve, shared: dict[str, str]) -> None:
    """RF-06: the access tokens of ended sessions are refused from its first request on."""
    here = serve(**shared)
    ada, grace = here.create_user("ada"), here.create_user("grace")
    kept = here.sign_in("ada")
    assert signed_out(here, ada, kept).status_code == 204
    with here.client(headers=grace.bearer) as client:
        assert client.post("/api/auth/signout-all").status_code == 204
    there = serve(**shared)
    assert not there.lets_in(ada)
    assert not there.lets_in(grace)
    assert there.lets_in(there.refreshed(kept))
