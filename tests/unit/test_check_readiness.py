"""Whether a node can serve requests, and how often it checks."""

import asyncio

from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.check_readiness import CACHE_SECONDS, CheckReadiness
from doorward.application.prove_writing import MAX_AGE_SECONDS, ProveWriting
from support.doubles import WatchedStorage
from support.house import House


async def checked(house: House, storage: WatchedStorage) -> CheckReadiness:
    """Return the check of a node that has written to the database."""
    prove_writing = ProveWriting(storage, house.clock, house.log)
    await prove_writing.once()
    return CheckReadiness(storage, house.ring, house.clock, prove_writing, Heartbeat(storage, house.clock, house.log))


async def test_any_number_of_requests_reads_the_database_once_a_second() -> None:
    """OP-04."""
    house = House()
    storage = WatchedStorage()
    check = await checked(house, storage)
    assert await asyncio.gather(*(check() for _ in range(100))) == [None] * 100
    assert (await check(), storage.readings) == (None, 1)
    house.clock.move(CACHE_SECONDS)
    assert (await check(), storage.readings) == (None, 2)


async def test_a_database_that_does_not_answer_is_noticed_after_a_second() -> None:
    """OP-04."""
    house = House()
    storage = WatchedStorage()
    check = await checked(house, storage)
    assert await check() is None
    storage.away = True
    house.clock.move(CACHE_SECONDS)
    assert [await check(), await check()] == ["away", "away"]
    storage.away = False
    house.clock.move(CACHE_SECONDS)
    assert await check() is None


async def test_a_node_without_a_signing_key_is_not_ready() -> None:
    """OP-04."""
    house = House()
    house.ring.signs = False
    assert await (await checked(house, WatchedStorage()))() == "no_signing_key"


async def test_a_node_that_has_not_written_for_long_is_not_ready() -> None:
    """OP-04."""
    house = House()
    check = await checked(house, WatchedStorage())
    house.clock.move(MAX_AGE_SECONDS)
    assert await check() is None
    house.clock.move(CACHE_SECONDS)
    assert await check() == "no_recent_write"
