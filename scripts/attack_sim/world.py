"""A service in this process, with a clock that the simulation moves: the real limits and the real use case of sign-in
on the memory adapter. The hash is a double."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from random import Random
from typing import Protocol

from doorward.application.ports.rate_limits import RequestLimits
from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidCredentials, TooManyAttempts, TooManyRequests
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.sessions.origin import Origin
from doorward.infrastructure.rate_limits.window_rate_limiter import LocalRateLimiter
from doorward.infrastructure.settings.limits import LimitSettings
from doorward.testing.builders import DEVICE_TOKENS
from support.house import House
from support.limits_time import counted_by


class Outcome(Enum):
    IN = auto()
    WRONG = auto()
    """The password was hashed, and was not right."""
    NAME_WAITS = auto()
    """429 because of the attempts at that login name."""
    ADDRESS_WAITS = auto()
    """429 because of the requests from that address or network."""


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    wait_seconds: int = 0
    """What `Retry-After` says."""
    device_token: str | None = None
    """The mark of the browser, which the answer sets."""


class Actor(Protocol):
    async def act(self, world: "World") -> float:
        """Do one thing, and return the seconds until the next one."""
        ...


class World:
    """A service with the default limits, and accounts `user-0`, `user-1` and so on."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 nothing here is a secret
        self.house = House()
        limits = LimitSettings()
        self._limit = LimitRequests(
            LocalRateLimiter(), RequestLimits({name: limits.limits_of(name) for name in LimitName}), self.house.log
        )
        self.seconds = 0.0
        """Since the simulation began."""

    async def with_accounts(self, number: int) -> Sequence[User]:
        return [await self.house.with_user(f"user-{each}") for each in range(number)]

    async def sign_in(self, address: str, login: str, password: str, device_token: str | None = None) -> Answer:
        """Do what the route of sign-in does."""
        now = self.house.clock.now()
        self.house.log.events.clear()
        try:
            await self._limit(LimitName.SIGN_IN, address)
            signed_in = await self.house.authenticate(login, password, now, Origin(device_token=device_token))
        except TooManyRequests as refused:
            return Answer(Outcome.ADDRESS_WAITS, refused.retry_after)
        except TooManyAttempts as refused:
            return Answer(Outcome.NAME_WAITS, refused.retry_after)
        except InvalidCredentials:
            return Answer(Outcome.WRONG)
        return Answer(Outcome.IN, device_token=DEVICE_TOKENS.issue(signed_in.user.id, device_token))

    async def run(self, actors: Sequence[Actor], hours: float) -> None:
        """Let the actors act, each when its time has come."""
        order = count()
        due = [(0.0, next(order), actor) for actor in actors]
        with counted_by(self.house.clock):
            while due[0][0] < hours * 3_600:
                at, _, actor = heapq.heappop(due)
                self.house.clock.move(at - self.seconds)
                self.seconds = at
                heapq.heappush(due, (at + await actor.act(self), next(order), actor))
