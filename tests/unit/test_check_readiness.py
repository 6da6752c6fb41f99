"""Whether a node can serve requests, and how often it checks."""

import asyncio

from doorward.application.check_readiness import CACHE_SECONDS, CheckReadiness
from support.builders import House
from support.doubles import WatchedStorage


async def test_any_number_of_requests_reads_the_database_once_a_second() -> None:
    """OP-04."""
    house = House()
    storage = WatchedStorage()
    check = CheckReadiness(storage, house.ring, house.clock)
    assert await asyncio.gather(*(check() for _ in range(100))) == [True] * 100
    assert (await check(), storage.readings) == (True, 1)
    house.clock.move(CACHE_SECONDS)
    assert (await check(), storage.readings) == (True, 2)


async def test_a_database_that_does_not_answer_is_noticed_after_a_second() -> None:
    """OP-04."""
    house = House()
    storage = WatchedStorage()
    check = CheckReadiness(storage, house.ring, house.clock)
    assert await check()
    storage.away = True
    house.clock.move(CACHE_SECONDS)
    assert [await check(), await check()] == [False, False]
    storage.away = False
    house.clock.move(CACHE_SECONDS)
    assert await check()


async def test_a_node_without_a_signing_key_is_not_ready() -> None:
    """OP-04."""
    house = House()
    house.ring.signs = False
    assert not await CheckReadiness(house.storage, house.ring, house.clock)()
