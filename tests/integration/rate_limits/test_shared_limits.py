"""Limits whose counts are shared in a real Redis or Valkey, and what happens while it is away (OP-08)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from limits.aio.storage.redis import RedisStorage

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.rate_limits.rate_limit import RateLimit
from doorward.infrastructure.rate_limits.diagnosis import diagnose_shared_limits
from doorward.infrastructure.rate_limits.shared_rate_limiter import SharedRateLimiter, SharedTimings
from doorward.infrastructure.rate_limits.window_rate_limiter import LocalRateLimiter
from doorward.testing.doubles import FrozenClock, ListLog
from support.limits_time import counted_by
from support.programs.processes import PATIENCE
from support.programs.redis_server import RedisServer
from support.programs.server_process import running

HOURLY = RateLimit(3, 3_600)
PATIENT = SharedTimings(wait_seconds=PATIENCE, retry_seconds=0.01)
"""A busy machine is not taken for a server that is away."""

IMPATIENT = SharedTimings(wait_seconds=0.05, retry_seconds=0.01)


Node = tuple[SharedRateLimiter, ListLog]


@pytest.fixture(autouse=True)
def _in_one_hour() -> Iterator[None]:
    """Windows in memory begin with the hour of the clock, so that a test would see two when the hour changes."""
    with counted_by(FrozenClock()):
        yield


@asynccontextmanager
async def node(redis: RedisServer, timings: SharedTimings = PATIENT) -> AsyncIterator[Node]:
    log = ListLog()
    limiter = SharedRateLimiter.of(redis.url, "doorward:test", LocalRateLimiter(), log, timings)
    try:
        yield limiter, log
    finally:
        await limiter.close()


async def eventually(promise: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not promise():
            await asyncio.sleep(0.005)


def names(log: ListLog) -> list[SecurityEvent]:
    return [event for event, _ in log.events]


async def test_nodes_count_together_and_requests_at_the_same_moment_too(redis: RedisServer) -> None:
    """OP-08, SU-17."""
    redis.start()
    async with node(redis) as (first, log), node(redis) as (second, _):
        hits = [limiter.hit("sign_up/192.0.2.1/32", HOURLY) for limiter in (first, second) * 20]
        waits = await asyncio.gather(*hits)
        assert waits.count(0) == 3
        assert all(3_500 < wait <= 3_601 for wait in waits if wait)
        assert await second.hit("sign_up/192.0.2.2/32", HOURLY) == 0
    assert names(log) == []


async def test_without_the_server_a_node_counts_for_itself_until_it_comes(redis: RedisServer) -> None:
    """OP-08: it was away at the start, comes, dies in the middle, and comes back."""
    async with node(redis) as (limiter, log):
        for _ in range(2):
            assert [await limiter.hit("one", HOURLY) > 0 for _ in range(4)][-1]  # limited all the same
            assert names(log)[-1] is SecurityEvent.RATE_LIMITS_LOCAL
            redis.start()
            await eventually(lambda: names(log)[-1] is SecurityEvent.RATE_LIMITS_SHARED)
            assert [await limiter.hit("one", HOURLY) > 0 for _ in range(4)] == [False] * 3 + [True]
            redis.stop()
        assert await limiter.hit("another", HOURLY) == 0
    assert names(log) == [SecurityEvent.RATE_LIMITS_LOCAL, SecurityEvent.RATE_LIMITS_SHARED] * 2 + [
        SecurityEvent.RATE_LIMITS_LOCAL
    ]
    assert {fields["cause"] for event, fields in log.events if event is SecurityEvent.RATE_LIMITS_LOCAL} == {
        "ConnectionError"
    }


async def test_a_server_that_hangs_delays_the_requests_of_one_moment_and_no_later_one(redis: RedisServer) -> None:
    """OP-08."""
    redis.start()
    async with node(redis, IMPATIENT) as (limiter, log):
        await eventually_shared(limiter)
        log.events.clear()
        redis.pause()
        assert await asyncio.gather(*(limiter.hit(str(number), HOURLY) for number in range(50))) == [0] * 50
        assert names(log) == [SecurityEvent.RATE_LIMITS_LOCAL]  # one line, and not one for each request
        assert [await limiter.hit("1", HOURLY) > 0 for _ in range(3)] == [False, False, True]
        redis.resume()
        await eventually(lambda: names(log)[-1] is SecurityEvent.RATE_LIMITS_SHARED)


async def eventually_shared(limiter: SharedRateLimiter) -> None:
    """Wait for a hit that the server counted. On a busy machine the first ones may take too long."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await limiter.hit("warm", RateLimit(1_000_000, 1))
            if limiter._asking is None:  # noqa: SLF001 no public sign of it
                return
            await asyncio.sleep(0.01)


async def test_what_a_hanging_server_answers_late_is_not_taken_for_the_answer_to_another_request(
    redis: RedisServer,
) -> None:
    redis.start()
    async with node(redis, IMPATIENT) as (limiter, _):
        await eventually_shared(limiter)
        for _ in range(4):
            await limiter.hit("full", HOURLY)
        redis.pause()
        await asyncio.gather(*(limiter.hit("full", HOURLY) for _ in range(20)))
        redis.resume()
        await eventually_shared(limiter)
        assert await asyncio.gather(*(limiter.hit(f"free-{number}", HOURLY) for number in range(20))) == [0] * 20


async def test_a_client_library_that_does_not_end_when_it_is_cancelled_delays_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OP-08: redis-py 8.1 opens a connection for 10 seconds after it was cancelled while it waited for one."""
    released = asyncio.Event()

    async def stubborn(*_: object, **__: object) -> bool:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()
        return True

    monkeypatch.setattr(RedisStorage, "acquire_sliding_window_entry", stubborn)
    monkeypatch.setattr(RedisStorage, "get", stubborn)
    limiter = SharedRateLimiter.of("redis://127.0.0.1", "doorward:test", LocalRateLimiter(), ListLog(), IMPATIENT)
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*(limiter.hit("one", HOURLY) for _ in range(3))) == [0] * 3
        assert await limiter.hit("one", HOURLY) > 0
    released.set()
    await limiter.close()


async def test_a_server_that_refuses_commands_is_as_good_as_none(redis: RedisServer) -> None:
    """A replica, a missing right or a full memory: the answer to a request is never a 500."""
    redis.start()
    async with node(redis) as (limiter, log):
        assert await limiter.hit("one", HOURLY) == 0
        await limiter._storage.bridge.storage.config_set("maxmemory", "1")  # type: ignore[attr-defined]  # noqa: SLF001
        assert await limiter.hit("two", HOURLY) == 0
        assert names(log)[0] is SecurityEvent.RATE_LIMITS_LOCAL


async def test_the_doctor_finds_a_server_that_answers(redis: RedisServer) -> None:
    redis.start()
    finding = await diagnose_shared_limits(redis.url)
    assert (finding.state, finding.text) == ("ok", f"{redis.url} answers")


@pytest.mark.full
def test_two_services_share_their_limits_and_serve_without_the_server(redis: RedisServer, tmp_path: Path) -> None:
    """OP-08, SI-08: over the wire, by real processes."""
    redis.start()
    settings = {"redis_url": redis.url, "limit_sign_in": "6/hour", "public_url": "http://127.0.0.1:8080"}
    with running(tmp_path / "one", **settings) as one, running(tmp_path / "two", **settings) as two:

        def statuses(count: int) -> list[int]:
            body = {"username": "nobody", "password": "wrong"}
            return [server.request("POST", "/api/auth/signin", json=body).status_code for server in (one, two) * count]

        assert statuses(4) == [401] * 6 + [429] * 2
        redis.stop()
        assert statuses(7) == [401] * 12 + [429] * 2
        for server in (one, two):
            assert server.line(event="rate_limits_local")["cause"]
