"""The mixed load: clients use, refresh, open and end sessions, sign up, and change roles. Every answer is checked."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from bench.connections import Connection, RawAnswer, request_bytes
from bench.doorward import bearer, role_guarded, sign_in, sign_up
from doorward.application.sessions.issue_tokens import SignedIn
from peers.calls import Call

STEPS = ("guarded", "refresh", "sign-in", "sign-up", "sign-out", "role")
WEIGHTS = (60, 20, 10, 5, 3, 2)
CLIENTS = 64
SERVICE_UNAVAILABLE = 503
RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)\r\n", re.IGNORECASE)


@dataclass(slots=True)
class MixedLoad:
    """What all clients share: the requests that remain, and the results."""

    url: str
    remaining: int
    """Requests that are still to be sent."""
    target_user_id: str
    """The account whose roles are changed."""
    accounts: int
    """Number of accounts that clients sign in to."""
    new_accounts: "count[int]"
    """Numbers of accounts that sign up."""
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})


@dataclass(slots=True)
class Client:
    """One client with one connection and at most one session. After a sign-in it uses another account."""

    load: MixedLoad
    access: str
    refresh: str
    random: random.Random
    target_is_moderator: bool = True

    async def run(self) -> None:
        connection = await Connection.open(self.load.url)
        try:
            while self.load.remaining > 0:
                self.load.remaining -= 1
                (step,) = self.random.choices(STEPS, WEIGHTS)
                await self._take(step if self.access else "sign-in", connection)
        finally:
            connection.close()

    async def _take(self, step: str, connection: Connection) -> None:
        call, start = self._call(step), perf_counter()
        answer = await connection.ask(request_bytes(self.load.url, call))
        self.load.milliseconds[step].append((perf_counter() - start) * 1000)
        self.load.done[step] += 1
        if seconds := retry_after_seconds(answer):
            self.load.done["rejected with 503"] += 1
            await asyncio.sleep(seconds)
        elif not call.accepts(answer.parsed):
            self.load.errors.append(f"{step}: {answer.status} {answer.body[:200]!r}")
        elif step in {"refresh", "sign-in"}:
            body = json.loads(answer.body)
            self.access, self.refresh = body["accessToken"], body["refreshToken"]
        elif step == "sign-out":
            self.access = ""
        elif step == "role":
            self.target_is_moderator = not self.target_is_moderator

    def _call(self, step: str) -> Call:
        match step:
            case "guarded":
                return role_guarded(self.access)
            case "refresh":
                return Call.posting("/api/auth/refresh", {"refreshToken": self.refresh}, body_contains="accessToken")
            case "sign-in":
                return sign_in(self.random.randrange(self.load.accounts))
            case "sign-up":
                return sign_up(next(self.load.new_accounts))
            case "sign-out":
                return Call(method="POST", path="/api/auth/signout", headers=bearer(self.access), status=204)
            case _:
                return self._change_of_role()

    def _change_of_role(self) -> Call:
        """Grant or revoke a role of the account that all clients change at once.

        The answer is 204 even if another client was first, because both requests are idempotent.
        """
        path = f"/api/admin/users/{self.load.target_user_id}/roles/moderator"
        method = "DELETE" if self.target_is_moderator else "PUT"
        return Call(method=method, path=path, headers=bearer(self.access), status=204)


def retry_after_seconds(answer: RawAnswer) -> int:
    """The value of `Retry-After` of a 503; 0 for any other answer."""
    found = RETRY_AFTER.search(answer.head) if answer.status == SERVICE_UNAVAILABLE else None
    return int(found[1]) if found else 0


async def run_mixed_load(sessions: Sequence[SignedIn], load: MixedLoad) -> None:
    """Send all requests of `load`, by one client for each session."""
    clients = [
        Client(load, each.access_token.value, each.refresh_token.value, random.Random(index))
        for index, each in enumerate(sessions)
    ]
    await asyncio.gather(*(client.run() for client in clients))
