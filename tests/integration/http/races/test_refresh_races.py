"""What ends a session while it is being refreshed also ends what the refresh issues; nothing else ends a session."""

import json
import os
import signal
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from time import monotonic

import httpx2
import pytest

from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.barrier import Crowd, calling, crowd, refreshing
from support.http.databases import shared_settings
from support.http.raw_http import Response, connected
from support.http.service import Account, Unique
from support.http.session_rows import open_sessions, refreshed
from support.length import RACE_ROUNDS
from support.programs.processes import children, ended, eventually
from support.programs.server_process import Serve, Server, running

pytestmark = pytest.mark.several_processes

AT_ONCE = 10
"""Rounds that run together, each with two clients."""

MAX_ROUNDS = 500
"""Rounds until both ways of meeting have occurred; usually few."""

EVERYWHERE = 12
"""Fresh connections, which reach every worker."""


def assert_is_refused(server: Server, account: Account) -> None:
    """On every worker, soon for the access token and at once for the refresh token."""
    with crowd(server, EVERYWHERE) as clients:
        eventually(lambda: refused(clients, account))
        answers = clients.at_once([refreshing(account.refresh_token)] * EVERYWHERE)
        assert Counter(map(outcome, answers)) == {"invalid_refresh_token": EVERYWHERE}


def refused(clients: Crowd, account: Account) -> bool:
    answers = clients.at_once([calling("GET", "/api/test/user", account)] * len(clients.connections))
    assert {outcome(answer) for answer in answers} <= {"done", "invalid_token"}
    return all(answer.status == 401 for answer in answers)


def outcome(answer: Response) -> str:
    return "done" if 200 <= answer.status < 300 else str(json.loads(answer.body)["code"])


@pytest.mark.storage_bound
@pytest.mark.parametrize("workers", ["1", "4"])
def test_a_sign_out_also_ends_what_a_refresh_at_the_same_time_issues(
    serve: Serve, shared: dict[str, str], workers: str
) -> None:
    """RF-05, RF-03: rounds of a refresh and the session's sign-out at once, until either has come first.

    What is sent first gets more and more time before the other, since a busy machine sees both at the same moment.
    """
    server = serve(**shared, workers=workers)
    ada = server.create_user("ada")
    issued: list[Account] = []
    outcomes: Counter[str] = Counter()
    with crowd(server, AT_ONCE) as single, crowd(server, 2 * AT_ONCE) as both, server.client() as another:

        def answered(requests: int) -> None:
            for _ in range(requests):
                another.get("/health/live")

        for number in range(MAX_ROUNDS // AT_ONCE):
            if outcomes.total() >= RACE_ROUNDS and len(outcomes) > 1:
                break
            order = 1 if number % 2 else -1
            sessions = open_sessions(server, ada, single)
            pairs = [
                (refreshing(session.refresh_token), calling("POST", "/api/auth/signout", session))
                for session in sessions
            ]
            requests = [request for pair in pairs for request in pair[::order]]
            answers = both.at_once(requests, partial(answered, number // 2))
            refreshes, ends = (answers[0::2], answers[1::2])[::order]
            assert Counter(answer.status for answer in ends) == {204: AT_ONCE}
            outcomes.update(map(outcome, refreshes))
            issued += [refreshed(ada, answer) for answer in refreshes if answer.status == 200]
    assert set(outcomes) == {"done", "invalid_refresh_token"}
    for account in issued:
        assert_is_refused(server, account)
    assert server.lets_in(server.refreshed(ada)), "another session of the account goes on"


@dataclass(slots=True)
class Refreshing:
    """Clients that refresh their sessions again and again until they are refused."""

    server: Server
    sessions: list[Account]
    rounds: int = 0
    last_success: float = 0.0
    """When the latest request was sent that was granted."""
    outcomes: set[str] = field(default_factory=set)

    def run(self) -> None:
        going_on = list(range(len(self.sessions)))
        while going_on:
            with crowd(self.server, len(going_on)) as clients:
                going_on = self._until_one_is_refused(clients, going_on)

    def _until_one_is_refused(self, clients: Crowd, going_on: list[int]) -> list[int]:
        while True:
            sent_at = monotonic()
            answers = clients.at_once([refreshing(self.sessions[each].refresh_token) for each in going_on])
            self.rounds += 1
            self.outcomes |= set(map(outcome, answers))
            granted = [(each, answer) for each, answer in zip(going_on, answers, strict=True) if answer.status == 200]
            for each, answer in granted:
                self.sessions[each] = refreshed(self.sessions[each], answer)
                self.last_success = sent_at
            if len(granted) < len(going_on):
                return [each for each, _ in granted]


def sign_out_everywhere(server: Server, ada: Account) -> httpx2.Response:
    return server.request("POST", "/api/auth/signout-all", headers=ada.bearer)


def disable(server: Server, ada: Account) -> httpx2.Response:
    with server.client(headers=server.admin.bearer) as admin:
        return admin.patch(f"/api/admin/users/{ada.id}", json={"disabled": True})


def change_password(server: Server, ada: Account) -> httpx2.Response:
    body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    with server.client(headers=ada.bearer) as client:
        return client.post("/api/account/password", json=body)


def delete(server: Server, ada: Account) -> httpx2.Response:
    with server.client(headers=ada.bearer) as client:
        return client.request("DELETE", "/api/account", json={"password": PASSWORD})


@pytest.fixture(scope="module")
def four_workers(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server of four workers, whose start takes longer than a test of it. Its tests use names of their own."""
    folder = tmp_path_factory.mktemp("four-workers")
    with running(folder, **shared_settings(database, request, folder), workers="4") as server:
        server.secrets.add(OTHER_PASSWORD)
        yield server


@pytest.mark.parametrize("end", [sign_out_everywhere, disable, change_password, delete], ids=lambda end: end.__name__)
def test_what_ends_all_sessions_ends_those_that_are_just_being_refreshed(
    four_workers: Server, unique: Unique, end: Callable[[Server, Account], httpx2.Response]
) -> None:
    """RF-05, RF-09, RF-10, TK-16, AD-02: on four workers."""
    server, keeper = four_workers, four_workers.admin
    for number in range(3):
        ada = server.create_user(unique("ada"))
        with crowd(server, AT_ONCE) as clients:
            storm = Refreshing(server, open_sessions(server, ada, clients))
        thread = Thread(target=storm.run)
        thread.start()
        eventually(lambda storm=storm, least=number: storm.rounds > least)  # type: ignore[misc]
        answer = end(server, ada)
        ended_at = monotonic()
        thread.join()
        assert answer.is_success, answer.text
        assert storm.last_success < ended_at
        assert storm.outcomes == {"done", "invalid_refresh_token"}
        for session in storm.sessions:
            assert_is_refused(server, session)
    assert server.lets_in(keeper)


def cut_off(server: Server, token: str, requests_meanwhile: int) -> None:
    """Send a refresh and reset the connection: at once, or while so many other requests were answered."""
    with connected(server) as connection, server.client() as client:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(refreshing(token))
        for _ in range(requests_meanwhile):
            client.get("/health/live")


def test_a_client_that_lost_the_answer_goes_on_with_the_same_token(serve: Serve) -> None:
    """RF-04: whenever its connection broke, until some lost requests have rotated the token and some have not."""
    server = serve()
    ada = server.create_user("ada")

    def both_ways() -> bool:
        return all(server.logged(event=event) for event in ("session_renewed", "session_renewal_repeated"))

    for number in range(MAX_ROUNDS):
        if number >= RACE_ROUNDS and both_ways():
            break
        cut_off(server, ada.refresh_token, number % 10)
        again = server.refreshed(ada)
        assert again.refresh_token != ada.refresh_token
        assert server.lets_in(again)
        ada = again
    assert both_ways()
    assert server.logged(event="authn_token_reuse") == []


def test_a_server_that_is_killed_during_a_refresh_leaves_the_token_good(serve: Serve, shared: dict[str, str]) -> None:
    """RF-04, RF-06, OP-01, F-01: before or after its commit; whoever asks again after the restart gets the one
    successor."""
    server = serve(**shared, refresh_grace="600")
    ada = server.create_user("ada")
    for number in range(2):
        with connected(server) as connection:
            connection.sendall(refreshing(ada.refresh_token))
            if number % 2:
                connection.recv(1)  # committed, and nothing of it arrived but this
            workers = children(server.pid)
            for process in (server.pid, *workers):
                os.kill(process, signal.SIGKILL)
            server.process.wait()
            eventually(lambda workers=workers: all(map(ended, workers)))  # type: ignore[misc]
        server.start()
        first, second = server.refreshed(ada), server.refreshed(ada)
        assert first.refresh_token == second.refresh_token
        assert server.lets_in(first)
        ada = first
