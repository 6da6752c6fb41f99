"""The bound for waiting. Only the clock of the event loop is changed; nothing waits for real time."""

import asyncio
from collections.abc import Callable

import pytest

from doorward.infrastructure.sql.waiting import TICK_SECONDS, WaitLimit

Advance = Callable[[float], None]


@pytest.fixture
async def advance(monkeypatch: pytest.MonkeyPatch) -> Advance:
    """Moves the clock of the event loop forward, as if the process had got no processor meanwhile."""
    loop, clock, skipped = asyncio.get_running_loop(), asyncio.get_running_loop().time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: clock() + sum(skipped))
    return skipped.append


async def iterate(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def wait_late(limit: WaitLimit, advance: Advance) -> None:
    async with limit:
        advance(7200)
        await asyncio.Event().wait()


async def test_a_wait_beyond_the_limit_ends() -> None:
    with pytest.raises(TimeoutError):
        await wait_late(WaitLimit(0), lambda _: None)


async def test_time_without_a_processor_does_not_count(advance: Advance) -> None:
    async with WaitLimit(3600):
        advance(7200)
        await iterate()


async def test_the_waits_of_a_block_count_together(advance: Advance) -> None:
    limit = WaitLimit(2 * TICK_SECONDS)
    async with limit:
        advance(7200)
        await iterate()
    with pytest.raises(TimeoutError):
        await wait_late(limit, advance)


async def test_a_limit_may_be_extended() -> None:
    limit = WaitLimit(0)
    limit.extend(3600)
    async with limit:
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
