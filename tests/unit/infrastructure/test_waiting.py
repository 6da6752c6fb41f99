"""The bound for waiting. Only the clock of the event loop is changed; nothing waits for real time."""

import asyncio
import math
from collections.abc import Callable

import pytest

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.waiting import TICK_SECONDS, WALL_CLOCK_FACTOR, Places, WaitLimit

Advance = Callable[[float], None]


@pytest.fixture
async def advance(monkeypatch: pytest.MonkeyPatch) -> Advance:
    """Moves the clock of the event loop forward, as if the process had got no processor meanwhile. Otherwise the clock
    stands still."""
    loop, passed = asyncio.get_running_loop(), [asyncio.get_running_loop().time()]
    monkeypatch.setattr(loop, "time", lambda: sum(passed))
    return passed.append


async def iterate(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def wait_late(limit: WaitLimit, advance: Advance, seconds: float = 7200) -> None:
    async with limit:
        advance(seconds)
        await asyncio.Event().wait()


async def test_a_wait_beyond_the_limit_ends() -> None:
    with pytest.raises(TimeoutError):
        await wait_late(WaitLimit(0), lambda _: None)


async def test_time_without_a_processor_does_not_count(advance: Advance) -> None:
    async with WaitLimit(3600):
        advance(7200)
        await iterate()


async def test_the_waits_of_a_block_count_together(advance: Advance) -> None:
    limit = WaitLimit(2 * TICK_SECONDS, wall_clock_factor=math.inf)
    async with limit:
        advance(7200)
        await iterate()
    with pytest.raises(TimeoutError):
        await wait_late(limit, advance)


async def test_a_wait_ends_by_the_wall_clock_however_busy_the_processor_is(advance: Advance) -> None:
    """OP-02. On a saturated event loop every tick is late."""
    async with WaitLimit(3600):
        advance(3600 * WALL_CLOCK_FACTOR - 60)
        await iterate()
    with pytest.raises(TimeoutError):
        await wait_late(WaitLimit(3600), advance, 3600 * WALL_CLOCK_FACTOR)


async def test_a_limit_may_be_extended() -> None:
    limit = WaitLimit(0)
    limit.extend(3600)
    async with limit:
        await iterate()


async def test_what_is_allowed_for_the_distance_counts_once_on_a_busy_processor(advance: Advance) -> None:
    limit = WaitLimit(1)
    limit.allow(3600)
    async with limit:
        advance(3600)
        await iterate()
    with pytest.raises(TimeoutError):
        await wait_late(limit, advance, WALL_CLOCK_FACTOR)


async def test_waits_apart_have_a_limit_of_their_own_and_do_not_count_in_the_other() -> None:
    limit = WaitLimit(3600)
    async with limit:
        limit.begin_apart(0)
        limit.end_apart()
        await iterate()
    limit.begin_apart(0)
    with pytest.raises(TimeoutError):
        await wait_late(limit, lambda _: None)


async def test_time_that_passes_apart_does_not_bring_the_end_nearer(advance: Advance) -> None:
    limit = WaitLimit(3600)
    limit.begin_apart(7200)
    advance(7200)
    limit.end_apart()
    async with limit:
        advance(3600 * WALL_CLOCK_FACTOR - 60)
        await iterate()


async def test_an_error_within_a_wait_is_passed_on() -> None:
    with pytest.raises(LookupError):
        async with WaitLimit(3600):
            raise LookupError


async def test_a_cancelled_wait_is_cancelled_and_no_timeout() -> None:
    async def wait() -> None:
        async with WaitLimit(3600):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(wait())
    await iterate()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_places_are_given_in_the_order_of_asking() -> None:
    places, served = Places(1, 9), []

    async def use(name: str, times: int) -> None:
        for _ in range(times):
            await places.take(WaitLimit(3600))
            served.append(name)
            await asyncio.sleep(0)
            places.give_back()

    await asyncio.gather(use("first", 3), use("second", 1), use("third", 1))
    assert served == ["first", "second", "third", "first", "first"]


async def test_whoever_finds_too_many_waiting_is_refused_and_a_place_that_becomes_free_serves_the_next() -> None:
    places = Places(1, 1)
    await places.take(WaitLimit(3600))
    waiting = asyncio.ensure_future(places.take(WaitLimit(3600)))
    await iterate()
    with pytest.raises(StorageUnavailable):
        await places.take(WaitLimit(3600))
    waiting.cancel()
    await asyncio.wait({waiting})
    next_one = asyncio.ensure_future(places.take(WaitLimit(3600)))
    await iterate()
    places.give_back()
    await next_one
    assert places.taken == 1
