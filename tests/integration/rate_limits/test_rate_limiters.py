"""The contract of RateLimiter on counts in memory, on those in a Redis or Valkey, and on the double."""

from collections.abc import AsyncIterator

import pytest

from doorward.application.ports.rate_limits import RateLimiter
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.rate_limits.shared_rate_limiter import SharedRateLimiter, SharedTimings
from doorward.infrastructure.rate_limits.window_rate_limiter import LocalRateLimiter
from doorward.testing.contracts.rate_limiter import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import ExactLimiter, ListLog
from support.programs.processes import PATIENCE
from support.programs.redis_server import RedisServer


@pytest.fixture(params=["memory", "redis", "double"])
async def rate_limiter(request: pytest.FixtureRequest) -> AsyncIterator[RateLimiter]:
    local = LocalRateLimiter()
    if request.param != "redis":
        yield local if request.param == "memory" else ExactLimiter(SystemClock())
        return
    if request.param == "double":
        yield ExactLimiter(SystemClock())
        return
    redis: RedisServer = request.getfixturevalue("redis")
    redis.start()
    log, timings = ListLog(), SharedTimings(wait_seconds=PATIENCE)
    shared = SharedRateLimiter.of(redis.url, "doorward:contract", local, log, timings)
    yield shared
    await shared.close()
    assert log.events == []  # nothing was counted elsewhere
