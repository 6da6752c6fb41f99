"""What the pool of connections promises, on connections of SQLite."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.engine import open_pools
from doorward.infrastructure.sql.pool import RECYCLED, Lent, Pool
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.served import GUARD

MOST = 4


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Of MOST connections."""
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    await migrate(url)
    pools = open_pools(url, 2)
    yield pools.reading
    assert pools.reading.out == 0
    await pools.close()
    await let_go()


async def let_go() -> None:
    """The driver has a thread for each connection, and the thread of one that was dropped takes leave of the loop."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join)


async def answers(lent: Lent) -> bool:
    async with lent.driver.cursor() as cursor:
        await cursor.execute("SELECT 1")
        return bool(await cursor.fetchall() == [(1,)])


async def taken(pool: Pool) -> list[Lent]:
    """All that there are."""
    return [await pool.take() for _ in range(MOST)]


def give_back(pool: Pool, *all_lent: Lent) -> None:
    for lent in all_lent:
        pool.give_back(lent)


async def test_a_server_that_fails_when_it_is_met_first_is_unavailable_and_met_anew(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy asks it some things then, and wraps what comes of that."""

    def refused(_: object) -> None:
        raise OperationalError("SELECT 1", None, sqlite3.OperationalError("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(pool.engine.dialect, "initialize", refused)
        with pytest.raises(StorageUnavailable):
            await pool.take()
    assert pool.out == 0
    lent = await pool.take()
    assert await answers(lent)
    pool.give_back(lent)


@pytest.mark.parametrize("fault", [sqlite3.InternalError, sqlite3.InterfaceError])
async def test_a_connection_that_may_be_out_of_step_is_not_lent_again(pool: Pool, fault: type[Exception]) -> None:
    """The next answer on it may be somebody else's (F-24)."""

    async def garbled(_: object) -> None:
        raise fault("Packet sequence number wrong")

    async with connected(pool, alone=True) as connection:
        odd = connection.lent
        with pytest.raises(StorageUnavailable):
            await connection._asked(garbled)
    assert not odd.usable
    another = await pool.take()
    assert another is not odd
    pool.give_back(another)


async def test_the_connection_that_was_in_use_last_is_lent_again(pool: Pool) -> None:
    first, second = await pool.take(), await pool.take()
    give_back(pool, first, second)
    again = await pool.take()
    assert again is second
    assert await answers(again)
    give_back(pool, again)


async def test_who_finds_none_free_waits_for_one(pool: Pool) -> None:
    lent = await taken(pool)
    waiting = [asyncio.ensure_future(pool.take()) for _ in range(2)]
    await asyncio.sleep(0)
    assert (pool.out, [task.done() for task in waiting]) == (MOST, [False, False])
    give_back(pool, lent[0], lent[1])
    async with asyncio.timeout(GUARD):
        assert {await task for task in waiting} == {lent[0], lent[1]}
    give_back(pool, *lent)


async def test_who_waits_in_vain_is_told_so_and_leaves_nothing_behind(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-02."""
    monkeypatch.setattr("doorward.infrastructure.sql.pool.PATIENCE", 0)
    lent = await taken(pool)
    with pytest.raises(StorageUnavailable):
        await pool.take()
    give_back(pool, *lent)
    give_back(pool, *await taken(pool))


async def test_who_is_cancelled_while_waiting_leaves_nothing_behind(pool: Pool) -> None:
    lent = await taken(pool)
    waiting = asyncio.ensure_future(pool.take())
    await asyncio.sleep(0)
    waiting.cancel()
    give_back(pool, lent[0])  # to one that was cancelled and has not heard of it yet
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    give_back(pool, await pool.take(), *lent[1:])


async def test_an_old_connection_is_replaced_by_a_fresh_one(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    lent = await pool.take()
    give_back(pool, lent)
    monkeypatch.setattr("doorward.infrastructure.sql.pool.monotonic", lambda: lent.made + RECYCLED)
    fresh = await pool.take()
    assert fresh is not lent
    assert (lent.usable, await answers(fresh)) == (False, True)
    give_back(pool, fresh)


async def test_a_connection_that_was_dropped_is_not_lent_again(pool: Pool) -> None:
    lent = await pool.take()
    lent.drop()
    lent.drop()
    give_back(pool, lent)
    fresh = await pool.take()
    assert fresh is not lent
    assert await answers(fresh)
    give_back(pool, fresh)


async def test_when_one_was_found_dead_no_older_one_is_lent_again(pool: Pool) -> None:
    dead, idle, busy = await pool.take(), await pool.take(), await pool.take()
    give_back(pool, idle)
    dead.drop()
    pool.distrust()
    another = await pool.another(dead)
    assert not idle.usable
    assert await answers(busy), "whoever works with one may come to the end"
    give_back(pool, busy, another)
    assert not busy.usable
    again = await pool.take()
    assert again is another
    give_back(pool, again)


async def test_a_database_that_takes_no_connection_costs_no_place(tmp_path: Path) -> None:
    pool = open_pools(DatabaseUrl.parse(f"sqlite:///{tmp_path / 'nothing.db'}"), 2).reading
    for _ in range(MOST + 1):
        with pytest.raises(StorageUnavailable):
            await pool.take()
    assert pool.out == 0
    await pool.close()


async def test_a_closed_pool_keeps_nothing_that_comes_back(pool: Pool) -> None:
    lent, idle = await pool.take(), await pool.take()
    give_back(pool, idle)
    await pool.close()
    assert (idle.usable, lent.usable) == (False, True)
    pool.distrust()  # as by a use case that finds its own connection dead meanwhile
    give_back(pool, lent)
    assert not lent.usable
