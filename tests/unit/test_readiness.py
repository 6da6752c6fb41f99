"""Whether a node can work, and how often it asks itself."""

import asyncio

from doorward.application.readiness import REMEMBERED, Readiness
from support.builders import House
from support.doubles import WatchedStorage


async def test_however_many_ask_the_database_is_asked_once_a_second() -> None:
    """OP-04."""
    house = House()
    storage = WatchedStorage()
    readiness = Readiness(storage, house.ring, house.clock)
    assert await asyncio.gather(*(readiness() for _ in range(100))) == [True] * 100
    assert (await readiness(), storage.readings) == (True, 1)
    house.clock.move(REMEMBERED)
    assert (await readiness(), storage.readings) == (True, 2)


async def test_a_database_that_went_away_is_noticed_after_a_second() -> None:
    """OP-04."""
    house = House()
    storage = WatchedStorage()
    readiness = Readiness(storage, house.ring, house.clock)
    assert await readiness()
    storage.away = True
    house.clock.move(REMEMBERED)
    assert [await readiness(), await readiness()] == [False, False]
    storage.away = False
    house.clock.move(REMEMBERED)
    assert await readiness()


async def test_a_node_that_cannot_sign_is_not_ready() -> None:
    """OP-04."""
    house = House()
    house.ring.signs = False
    assert not await Readiness(house.storage, house.ring, house.clock)()
