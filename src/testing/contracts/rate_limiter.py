"""The contract of RateLimiter, for a fixture `rate_limiter`."""

import asyncio

import pytest

from doorward.application.ports.rate_limits import RateLimiter
from doorward.domain.rate_limits.rate_limit import RateLimit, Scope
from doorward.testing.contracts.promises import proves

pytestmark = pytest.mark.asyncio(loop_scope="function")

THREE_A_DAY = RateLimit(3, 86_400)
PATIENCE_SECONDS = 120.0


@proves(RateLimiter.hit, "Count one request", "Otherwise count nothing")
async def test_the_amount_is_admitted_and_one_more_has_to_wait(rate_limiter: RateLimiter) -> None:
    waits = [await rate_limiter.hit("one", THREE_A_DAY) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(1 <= wait <= 86_401 for wait in waits[3:])
    assert all(type(wait) is int for wait in waits)


@proves(RateLimiter, "Requests at the same moment")
async def test_requests_at_the_same_moment_are_counted_one_after_the_other(rate_limiter: RateLimiter) -> None:
    """SI-06."""
    waits = await asyncio.gather(*(rate_limiter.hit("one", THREE_A_DAY) for _ in range(50)))
    assert waits.count(0) == 3


@proves(RateLimiter, "Each key and each limit")
async def test_keys_and_limits_are_counted_apart(rate_limiter: RateLimiter) -> None:
    hourly, of_network = RateLimit(3, 3_600), RateLimit(3, 86_400, Scope.NETWORK)
    for key, limit in (("one", THREE_A_DAY), ("two", THREE_A_DAY), ("one", hourly), ("net", of_network)):
        assert [await rate_limiter.hit(key, limit) > 0 for _ in range(4)] == [False, False, False, True]


@proves(RateLimiter.hit, "Otherwise count nothing")
async def test_a_window_ends(rate_limiter: RateLimiter) -> None:
    """Each second admits one, and what was refused meanwhile does not count."""
    limit = RateLimit(1, 1)
    assert await rate_limiter.hit("one", limit) == 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while wait := await rate_limiter.hit("one", limit):
            assert wait <= 2
            await asyncio.sleep(0.05)


@proves(RateLimiter.hit, "Nothing is raised")
async def test_no_key_raises_anything(rate_limiter: RateLimiter) -> None:
    for key in ("", "\0", "k" * 10_000, "a:b/c {d} \n", "\U0001f511"):
        assert await rate_limiter.hit(key, THREE_A_DAY) == 0
