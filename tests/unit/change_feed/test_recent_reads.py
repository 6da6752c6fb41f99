"""Values that were read a short time ago are used again, unless a change concerns them."""

import asyncio

import pytest

from doorward.application.change_feed.recent_reads import MAX_AGE_SECONDS, RecentReads
from doorward.domain.errors import StorageUnavailable
from doorward.testing.doubles import FrozenClock


class Shelf:
    """Values by name. A read of them waits while `closed`, and fails while `broken`."""

    def __init__(self) -> None:
        self.values = {"a": 1, "b": 2, "c": 3}
        self.reads = 0
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False

    async def until(self, reads: int) -> None:
        """Return when so many reads have begun."""
        while self.reads < reads:
            await asyncio.sleep(0)

    async def read(self, name: str) -> int | None:
        self.reads += 1
        value = self.values.get(name)
        await self.open.wait()
        if self.broken:
            raise StorageUnavailable(cause="broken")
        return value


def reads_of(shelf: Shelf, clock: FrozenClock | None = None, max_values: int = 100) -> RecentReads[str, int]:
    return RecentReads(shelf.read, clock or FrozenClock(), max_values)


async def test_a_value_is_read_once_until_it_is_too_old() -> None:
    shelf, clock = Shelf(), FrozenClock()
    reads = reads_of(shelf, clock)
    for _ in range(3):
        assert await reads.get("a") == 1
    assert shelf.reads == 1
    shelf.values["a"] = 9
    clock.move(MAX_AGE_SECONDS - 0.1)
    assert await reads.get("a") == 1
    clock.move(0.1)
    assert await reads.get("a") == 9
    assert shelf.reads == 2


async def test_requests_at_the_same_time_share_one_read() -> None:
    shelf = Shelf()
    reads = reads_of(shelf)
    assert await asyncio.gather(*(reads.get("a") for _ in range(50))) == [1] * 50
    assert shelf.reads == 1


async def test_a_request_that_is_cancelled_does_not_end_the_read_of_the_others() -> None:
    shelf = Shelf()
    reads = reads_of(shelf)
    shelf.open.clear()
    first, second = asyncio.create_task(reads.get("a")), asyncio.create_task(reads.get("a"))
    await shelf.until(1)
    first.cancel()
    await asyncio.sleep(0)
    shelf.open.set()
    assert await second == 1
    assert shelf.reads == 1


async def test_a_dropped_value_is_read_again() -> None:
    shelf = Shelf()
    reads = reads_of(shelf)
    assert (await reads.get("a"), await reads.get("b")) == (1, 2)
    shelf.values |= {"a": 9, "b": 8}
    reads.drop("a")
    assert (await reads.get("a"), await reads.get("b")) == (9, 2)


@pytest.mark.parametrize("everything", [False, True])
async def test_a_read_that_began_before_the_change_is_not_kept(everything: bool) -> None:
    shelf = Shelf()
    reads = reads_of(shelf)
    shelf.open.clear()
    before = asyncio.create_task(reads.get("a"))
    await shelf.until(1)
    shelf.values["a"] = 9
    if everything:
        reads.clear()
    else:
        reads.drop("a")
    after = asyncio.create_task(reads.get("a"))
    await shelf.until(2)
    shelf.open.set()
    assert (await before, await after) == (1, 9)
    assert await reads.get("a") == 9


async def test_what_does_not_exist_is_not_kept() -> None:
    shelf = Shelf()
    reads = reads_of(shelf)
    for name in ("x", "y", "x"):
        assert await reads.get(name) is None
    assert (len(reads), shelf.reads) == (0, 3)
    shelf.values["x"] = 7
    assert await reads.get("x") == 7


async def test_a_value_that_vanished_is_dropped() -> None:
    shelf, clock = Shelf(), FrozenClock()
    reads = reads_of(shelf, clock)
    assert await reads.get("a") == 1
    del shelf.values["a"]
    clock.move(MAX_AGE_SECONDS)
    assert await reads.get("a") is None
    assert len(reads) == 0


async def test_a_failed_read_is_told_to_everybody_who_waits_and_tried_again() -> None:
    shelf = Shelf()
    reads = reads_of(shelf)
    shelf.broken = True
    answers = await asyncio.gather(reads.get("a"), reads.get("a"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StorageUnavailable] * 2
    assert (len(reads), shelf.reads) == (0, 1)
    shelf.broken = False
    assert await reads.get("a") == 1


async def test_the_oldest_values_make_room() -> None:
    shelf = Shelf()
    reads = reads_of(shelf, max_values=2)
    for name in ("a", "b", "a", "c", "b"):
        await reads.get(name)
    assert (len(reads), shelf.reads) == (2, 3)
    await reads.get("a")
    assert (len(reads), shelf.reads) == (2, 4)
