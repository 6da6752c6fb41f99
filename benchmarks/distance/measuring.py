"""Measures single requests to one node whose database is at a distance."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import httpx2

from doorward.testing.builders import PASSWORD
from support.http.service import Account
from support.mysql.distant import DistantServer, far_away
from support.mysql.server import MySQLServer
from support.programs.server_process import Server, at_full_cost

SETTLING_SECONDS = 0.05
REQUESTS = ("sign-up", "sign-in", "refresh", "guarded GET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    round_trips_ms: Sequence[int]
    requests: int
    """How many single requests of each kind are sent at each distance."""


FULL = Plan(round_trips_ms=(0, 20, 60, 120), requests=15)
QUICK = Plan(round_trips_ms=(0, 20), requests=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a kind of request costs."""

    request: str
    round_trips: int
    """The fewest at no distance: the background work of the node is not among them."""
    median_ms: Sequence[float]
    """At each distance of the plan."""


@dataclass(slots=True)
class Visitor:
    """Sends single requests over one connection that stays open."""

    server: Server
    client: httpx2.Client
    far: DistantServer
    numbers: Iterator[int]

    def measured(self, request: Callable[[], object]) -> tuple[float, int]:
        """Milliseconds of one request, and the round trips meanwhile."""
        sleep(SETTLING_SECONDS)
        before, began = self.far.round_trips, perf_counter()
        request()
        return (perf_counter() - began) * 1000, self.far.round_trips - before

    def post(self, path: str, body: dict[str, object], status: int = 200) -> httpx2.Response:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer

    def round(self) -> list[tuple[float, int]]:
        """One request of each kind, by somebody new."""
        name = f"ada{next(self.numbers)}"
        credentials: dict[str, object] = {"username": name, "password": PASSWORD}
        accounts: list[Account] = []

        def sign_in() -> None:
            answer = self.post("/api/auth/signin", credentials)
            self.server.hide(answer)
            accounts.append(Account.signed_in(answer.json()))

        def refresh() -> None:
            self.server.hide(self.post("/api/auth/refresh", {"refreshToken": accounts[-1].refresh_token}))

        def guarded() -> None:
            assert self.client.get("/api/test/user", headers=accounts[-1].bearer).is_success

        email = f"{name}@example.org"
        sign_up = self.measured(lambda: self.post("/api/auth/signup", {**credentials, "email": email}, 201))
        signed_in = self.measured(sign_in)
        guarded()  # reads the account once
        return [sign_up, signed_in, self.measured(refresh), self.measured(guarded)]


@contextmanager
def visiting(mysql: MySQLServer, folder: Path) -> Iterator[Visitor]:
    """A visitor of a node that has sent each kind of request on each of its connections."""
    with (
        far_away(mysql.fresh_database(), 0) as (far, url),
        at_full_cost(folder, database_url=url) as server,
        server.client() as client,
    ):
        visitor = Visitor(server, client, far, count())
        for _ in range(10):
            visitor.round()
        yield visitor


def rows(plan: Plan, mysql: MySQLServer, folder: Path) -> list[Row]:
    """What each kind of request costs at each distance of the plan. The first one is 0."""
    found: list[list[list[tuple[float, int]]]] = []
    with visiting(mysql, folder) as visitor:
        for milliseconds in plan.round_trips_ms:
            visitor.far.round_trip_seconds = milliseconds / 1000
            found.append([visitor.round() for _ in range(plan.requests)])
    return [
        Row(
            request=request,
            round_trips=min(each[kind][1] for each in found[0]),
            median_ms=[median(each[kind][0] for each in at) for at in found],
        )
        for kind, request in enumerate(REQUESTS)
    ]
