"""The mixed load: people who work, go on, sign in and up and out, and admins who change roles; each answer is looked
at, and each person heeds what it says."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from bench.connections import Connection, Reply, raw
from bench.doorward import bearer, role_guarded, sign_in, sign_up
from doorward.application.sessions.issue_tokens import SignedIn
from peers.calls import Call

STEPS = ("guarded", "refresh", "sign-in", "sign-up", "sign-out", "role")
WEIGHTS = (60, 20, 10, 5, 3, 2)
PEOPLE = 64
UNAVAILABLE = 503
RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)\r\n", re.IGNORECASE)


@dataclass(slots=True)
class Crowd:
    """What is done, and how often."""

    url: str
    left: int
    """Requests that are still to be made."""
    whom: str
    """The id of the account whose roles are changed."""
    accounts: int
    """So many there are to sign in to."""
    fresh: "count[int]"
    """Numbers of accounts that sign up."""
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})


@dataclass(slots=True)
class Person:
    """Whoever sits there: after a sign-in it is somebody else."""

    crowd: Crowd
    access: str
    refresh: str
    random: random.Random
    moderator: bool = True

    async def live(self) -> None:
        connection = await Connection.open(self.crowd.url)
        try:
            while self.crowd.left > 0:
                self.crowd.left -= 1
                (step,) = self.random.choices(STEPS, WEIGHTS)
                await self._take(step if self.access else "sign-in", connection)
        finally:
            connection.close()

    async def _take(self, step: str, connection: Connection) -> None:
        call, began = self._call(step), perf_counter()
        reply = await connection.ask(raw(self.crowd.url, call))
        self.crowd.milliseconds[step].append((perf_counter() - began) * 1000)
        self.crowd.done[step] += 1
        if wait := told_to_wait(reply):
            self.crowd.done["told to come again"] += 1
            await asyncio.sleep(wait)
        elif not call.is_met_by(reply.answer):
            self.crowd.errors.append(f"{step}: {reply.status} {reply.body[:200]!r}")
        elif step in {"refresh", "sign-in"}:
            body = json.loads(reply.body)
            self.access, self.refresh = body["accessToken"], body["refreshToken"]
        elif step == "sign-out":
            self.access = ""
        elif step == "role":
            self.moderator = not self.moderator

    def _call(self, step: str) -> Call:
        match step:
            case "guarded":
                return role_guarded(self.access)
            case "refresh":
                return Call.posting("/api/auth/refresh", {"refreshToken": self.refresh}, body_contains="accessToken")
            case "sign-in":
                return sign_in(self.random.randrange(self.crowd.accounts))
            case "sign-up":
                return sign_up(next(self.crowd.fresh))
            case "sign-out":
                return Call(method="POST", path="/api/auth/signout", headers=bearer(self.access), status=204)
            case _:
                return self._change_of_role()

    def _change_of_role(self) -> Call:
        """Of somebody whom everybody changes at once: there or not there, as each believes, is both right."""
        path = f"/api/admin/users/{self.crowd.whom}/roles/moderator"
        return Call(method="DELETE" if self.moderator else "PUT", path=path, headers=bearer(self.access), status=204)


def told_to_wait(reply: Reply) -> int:
    """Seconds; 0 for any other answer than 503."""
    found = RETRY_AFTER.search(reply.head) if reply.status == UNAVAILABLE else None
    return int(found[1]) if found else 0


async def working(
    url: str, people: Sequence[SignedIn], requests: int, accounts: int, whom: str, first_fresh: int
) -> Crowd:
    """So many requests of all people together, each over a connection of their own."""
    crowd = Crowd(url, requests, whom, accounts, count(first_fresh))
    persons = [
        Person(crowd, each.access_token.value, each.refresh_token.value, random.Random(index))
        for index, each in enumerate(people)
    ]
    await asyncio.gather(*(person.live() for person in persons))
    return crowd
