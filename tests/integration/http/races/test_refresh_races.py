"""Whatever ends a session while it is being refreshed ends what the refresh makes, too; and nothing else ends one."""

import json
import os
import signal
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

import httpx2
import pytest

from support.builders import OTHER_PASSWORD, PASSWORD
from support.http.barrier import Crowd, calling, crowd, refreshing
from support.http.raw_http import Response, connected
from support.many_sessions import begun, refreshed
from support.programs.processes import children, ended, eventually
from support.programs.server_process import Account, Serve, Server
from support.stalls import BOUND, Stalls

ROUNDS = 500
AT_ONCE = 25
"""Rounds that are run together, each with two clients."""

EVERYWHERE = 12
"""Fresh connections, which reach every worker."""


@dataclass(frozen=True, slots=True)
class Minted:
    """By a refresh that raced with an end."""

    account: Account
    ended_at: float
    stalled: float
    """How long the machine had kept us waiting by then."""

    def assert_it_is_of_no_use(self, server: Server, machine: Stalls) -> None:
        """On every worker. Later than promised it is looked at once, and no second time."""
        with crowd(server, EVERYWHERE) as clients:
            is_late = monotonic() - self.ended_at > BOUND + machine.seconds - self.stalled
            assert not is_late or refused(clients, self.account)
            eventually(lambda: refused(clients, self.account), patience=5 * BOUND)
            answers = clients.at_once([refreshing(self.account.refresh_token)] * EVERYWHERE)
            assert Counter(map(outcome, answers)) == {"invalid_refresh_token": EVERYWHERE}


def refused(clients: Crowd, account: Account) -> bool:
    answers = clients.at_once([calling("GET", "/api/test/user", account)] * len(clients.connections))
    assert {outcome(answer) for answer in answers} <= {"done", "invalid_token"}
    return all(answer.status == 401 for answer in answers)


def outcome(answer: Response) -> str:
    return "done" if 200 <= answer.status < 300 else str(json.loads(answer.body)["code"])


@pytest.mark.parametrize("workers", ["1", "4"])
def test_nothing_that_is_minted_during_a_sign_out_outlives_it(
    serve: Serve, shared: dict[str, str], machine: Stalls, workers: str
) -> None:
    """RF-05, RF-03: 500 rounds of a refresh and the session's sign-out at once, either first."""
    server = serve(**shared, workers=workers)
    ada = server.create_user("ada")
    minted: list[Minted] = []
    met: Counter[str] = Counter()
    with crowd(server, AT_ONCE) as single, crowd(server, 2 * AT_ONCE) as both:
        for number in range(ROUNDS // AT_ONCE):
            sessions = begun(server, ada, single)
            requests = [
                request
                for session in sessions
                for request in (refreshing(session.refresh_token), calling("POST", "/api/auth/signout", session))[
                    :: 1 if number % 2 else -1
                ]
            ]
            answers = both.at_once(requests)
            refreshes, ends = (answers[0::2], answers[1::2]) if number % 2 else (answers[1::2], answers[0::2])
            assert Counter(answer.status for answer in ends) == {204: AT_ONCE}
            met.update(map(outcome, refreshes))
            minted += [
                Minted(refreshed(ada, answer), monotonic(), machine.seconds)
                for answer in refreshes
                if answer.status == 200
            ]
    assert set(met) == {"done", "invalid_refresh_token"}, "both ways of meeting were met"
    for each in minted:
        each.assert_it_is_of_no_use(server, machine)
    assert server.lets_in(server.refreshed(ada)), "another session of the account is none of theirs"


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
    return httpx2.post(f"{server.url}/api/auth/signout-all", headers=ada.bearer, timeout=30)


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


@pytest.mark.parametrize("end", [sign_out_everywhere, disable, change_password, delete], ids=lambda end: end.__name__)
def test_what_ends_all_sessions_ends_those_that_are_just_being_refreshed(
    serve: Serve, shared: dict[str, str], machine: Stalls, end: Callable[[Server, Account], httpx2.Response]
) -> None:
    """RF-05, RF-09, RF-10, TK-16, AD-02: on four workers."""
    server = serve(**shared, workers="4")
    server.secrets.add(OTHER_PASSWORD)
    keeper = server.admin
    for number in range(3):
        ada = server.create_user(f"ada{number}")
        with crowd(server, AT_ONCE) as clients:
            storm = Refreshing(server, begun(server, ada, clients))
        thread = Thread(target=storm.run)
        thread.start()
        eventually(lambda storm=storm, least=number: storm.rounds > least)  # type: ignore[misc]
        answer = end(server, ada)
        ended_at, stalled = monotonic(), machine.seconds
        thread.join()
        assert answer.is_success, answer.text
        assert storm.last_success < ended_at
        assert storm.outcomes == {"done", "invalid_refresh_token"}
        for session in storm.sessions:
            Minted(session, ended_at, stalled).assert_it_is_of_no_use(server, machine)
    assert server.lets_in(keeper)


def cut_off(server: Server, token: str, requests_meanwhile: int) -> None:
    """Send a refresh and reset the connection: at once, or while so many other requests were answered."""
    with connected(server) as connection, server.client() as client:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(refreshing(token))
        for _ in range(requests_meanwhile):
            client.get("/health/live")


def test_a_client_that_lost_the_answer_goes_on_with_the_same_token(serve: Serve) -> None:
    """RF-04: whenever its connection broke."""
    server = serve()
    ada = server.create_user("ada")
    for number in range(60):
        cut_off(server, ada.refresh_token, number % 10)
        again = server.refreshed(ada)
        assert again.refresh_token != ada.refresh_token
        assert server.lets_in(again)
        ada = again
    renewed = server.logged(event="session_renewed")
    assert {line.get("retried", False) for line in renewed} == {True, False}, "some were rotated by the lost request"
    assert server.logged(event="authn_token_reuse") == []


def test_a_server_that_is_killed_during_a_refresh_leaves_the_token_good(serve: Serve, shared: dict[str, str]) -> None:
    """RF-04, RF-06, OP-01: before or after its commit; whoever asks again after the restart gets the one
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
