"""The promises of the port RateLimiter, kept by the counts in memory and by those in a Redis or Valkey."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from doorward.application.ports.rate_limits import RateLimiter
from doorward.domain.rate_limits.rate_limit import RateLimit, Scope
from doorward.infrastructure.rate_limits.shared_rate_limiter import SharedRateLimiter, SharedTimings
from doorward.infrastructure.rate_limits.window_rate_limiter import LocalRateLimiter
from doorward.testing.doubles import ListLog
from support.programs.processes import PATIENCE
from support.programs.redis_server import RedisServer

THREE_A_DAY = RateLimit(3, 86_400)


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[RateLimiter]:
    local = LocalRateLimiter()
    if request.param == "memory":
        yield local
        return
    redis: RedisServer = request.getfixturevalue("redis")
    redis.start()
    log, timings = ListLog(), SharedTimings(wait_seconds=PATIENCE)
    shared = SharedRateLimiter.of(redis.url, "doorward:contract", local, log, timings)
    yield shared
    await shared.close()
    assert log.events == []  # nothing was counted elsewhere


async def test_the_amount_is_admitted_and_one_more_has_to_wait(limiter: RateLimiter) -> None:
    waits = [await limiter.hit("one", THREE_A_DAY) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(1 <= wait <= 86_401 for wait in waits[3:])


async def test_requests_at_the_same_moment_are_counted_one_after_the_other(limiter: RateLimiter) -> None:
    """SI-06."""
    waits = await asyncio.gather(*(limiter.hit("one", THREE_A_DAY) for _ in range(50)))
    assert waits.count(0) == 3


async def test_keys_and_limits_are_counted_apart(limiter: RateLimiter) -> None:
    hourly, of_network = RateLimit(3, 3_600), RateLimit(3, 86_400, Scope.NETWORK)
    for key, limit in (("one", THREE_A_DAY), ("two", THREE_A_DAY), ("one", hourly), ("net", of_network)):
        assert [await limiter.hit(key, limit) > 0 for _ in range(4)] == [False, False, False, True]


async def test_a_window_ends(limiter: RateLimiter) -> None:
    """Each second admits one."""
    limit = RateLimit(1, 1)
    assert await limiter.hit("one", limit) == 0
    async with asyncio.timeout(PATIENCE):
        while wait := await limiter.hit("one", limit):
            assert wait <= 2
            await asyncio.sleep(0.05)
