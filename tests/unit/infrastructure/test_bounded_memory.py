"""What strangers with many addresses make the limiter keep."""

import asyncio
import threading

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from doorward.infrastructure.rate_limits.bounded_memory import BoundedMemoryStorage
from doorward.testing.doubles import FrozenClock
from support.limits_time import counted_by

HOURLY = RateLimitItemPerSecond(2, 3_600)


async def hit(storage: MemoryStorage, key: str) -> bool:
    return await SlidingWindowCounterRateLimiter(storage).hit(HOURLY, key)


async def test_the_number_of_windows_has_a_limit_and_the_oldest_are_forgotten() -> None:
    storage = BoundedMemoryStorage(max_windows=10)
    with counted_by(FrozenClock()):
        for number in range(1_000):
            assert await hit(storage, str(number))
            assert len(storage) <= 10
        assert await hit(storage, "999")
        assert not await hit(storage, "999")  # among the newest, and therefore still counted
    assert len(storage.storage) == len(storage.expirations) <= 10
    assert not storage.locks
    assert not storage.events


async def test_windows_that_are_over_are_forgotten_while_others_come() -> None:
    storage, clock = BoundedMemoryStorage(max_windows=1_000), FrozenClock()
    with counted_by(clock):
        for number in range(100):
            await hit(storage, f"old-{number}")
        clock.move(2 * 3_600 + 1)
        for number in range(60):
            await hit(storage, f"new-{number}")
    assert len(storage) == 60


async def test_requests_at_the_same_moment_are_all_counted() -> None:
    """SI-06."""
    storage = BoundedMemoryStorage()
    with counted_by(FrozenClock()):
        admitted = await asyncio.gather(*(hit(storage, "one") for _ in range(50)))
    assert sum(admitted) == 2


async def test_counting_starts_no_thread_and_no_task() -> None:
    """So that it does not matter whether a worker is forked before or after."""
    threads, tasks = threading.active_count(), len(asyncio.all_tasks())
    storage = BoundedMemoryStorage()
    await hit(storage, "one")
    assert (threading.active_count(), len(asyncio.all_tasks())) == (threads, tasks)


async def test_the_library_still_looks_at_all_its_windows_for_each_request() -> None:
    """When this fails, `limits` may have a bound of its own, and BoundedMemoryStorage can go."""
    storage, clock = MemoryStorage(), FrozenClock()
    with counted_by(clock):
        for number in range(100):
            await hit(storage, str(number))
        assert len(storage.expirations) == 100
        clock.move(2 * 3_600 + 1)
        await hit(storage, "one more")
        assert storage.timer is not None
        await storage.timer
        assert len(storage.expirations) == 1
