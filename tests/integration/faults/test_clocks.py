"""Nodes whose clock is wrong, beside one whose clock is right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.faults.answers import DOCUMENTED
from support.faults.judged import judged
from support.faults.on_mysql import USUAL
from support.faults.wrong_clock import ClockFile, start_unready
from support.http.databases import shared_settings
from support.http.service import Account, outcome
from support.programs.processes import eventually
from support.programs.server_process import Server, running, serving

pytestmark = pytest.mark.full

HOUR, TEN_YEARS = 3_600, 315_360_000
WITHIN_LEEWAY, BEYOND_LEEWAY = 3, 30
"""Seconds. A token may come from five seconds in the future."""


@pytest.fixture
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return {**USUAL, **shared_settings("mysql", request, tmp_path), "workers": "1"}


@pytest.fixture
def right(shared: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "right", **shared) as server:
        yield server


@pytest.fixture
def clock(tmp_path: Path) -> ClockFile:
    return ClockFile(tmp_path)


def status(server: Server, account: Account) -> int:
    return server.request("GET", "/api/test/user", headers=account.bearer).status_code


def test_nodes_whose_clocks_differ_a_little_take_each_other_s_tokens(
    right: Server, shared: dict[str, str], clock: ClockFile, tmp_path: Path
) -> None:
    """F-18: within the leeway every token is good everywhere. Beyond it, nodes that are behind refuse new tokens, and a
    refresh there helps. No session is taken for stolen."""
    ada = right.create_user("ada")
    with serving(clock.for_server(tmp_path / "other", **shared), "serve") as other:
        for seconds in (WITHIN_LEEWAY, -WITHIN_LEEWAY):
            clock.set(seconds)
            for here, there in ((right, other), (other, right)):
                ada = here.refreshed(ada)
                assert (status(here, ada), status(there, ada)) == (200, 200), seconds
        clock.set(BEYOND_LEEWAY)
        ahead = other.refreshed(ada)
        assert (status(other, ahead), status(right, ahead)) == (200, 401)
        again = right.refreshed(ahead)
        assert (status(right, again), status(other, again)) == (200, 200)
        assert other.request("GET", "/health/ready").status_code == 200
        for node in (right, other):
            assert node.logged(event="authn_token_reuse") == []


@pytest.mark.parametrize("seconds", [TEN_YEARS, -TEN_YEARS], ids=["ahead", "behind"])
def test_a_node_that_starts_with_a_clock_that_is_years_wrong_signs_nobody_out(
    right: Server, shared: dict[str, str], clock: ClockFile, tmp_path: Path, seconds: int
) -> None:
    """F-17: others are served as before. The node does no recurring work, and is not ready until its clock is right."""
    clock.set(seconds)
    wrong = clock.for_server(tmp_path / "wrong", **shared)
    with judged([right]) as load:
        start_unready(wrong)
        try:
            wrong.line(event="maintenance_failed", reason="clock_wrong")
            answer = wrong.request("GET", "/health/ready")
            assert outcome(answer) == (503, "not_ready")
            load.until_requests(200)
            clock.set(0)
            wrong.wait_until_ready()
        finally:
            wrong.stop()
    wrong.assert_nothing_secret_was_written()


def test_a_clock_that_jumps_ends_access_tokens_and_nothing_else(clock: ClockFile, tmp_path: Path) -> None:
    """F-17: on SQLite, where there is no other clock. Every answer is documented, and sessions go on."""
    with serving(clock.for_server(tmp_path / "server", **USUAL)) as server:
        ada = server.create_user("ada")
        for seconds in (HOUR, -HOUR, 0):
            clock.set(seconds)
            eventually(lambda: server.request("GET", "/health/ready").status_code == 200)
            assert status(server, ada) in {200, 401}
            assert server.request("GET", "/api/account", headers=ada.bearer).status_code in DOCUMENTED
            ada = server.refreshed(ada)
            assert status(server, ada) == 200
            wrong = {"username": "ada", "password": "not the password of ada"}
            for _ in range(3):
                refused = server.request("POST", "/api/auth/signin", json=wrong)
                assert refused.status_code in {401, 429}
                assert int(refused.headers.get("retry-after", "1")) >= 1
            server.sign_in("ada")
        assert server.logged(event="unhandled_exception") == []
