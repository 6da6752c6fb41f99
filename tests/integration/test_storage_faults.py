"""A MySQL server that is down, hangs or comes back. No test measures time; a guard far beyond the promised bounds makes
a hang fail."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, found, put
from support.concurrent_load import GUARD, idle, refused_by, served_by
from support.made_tables import make_tables
from support.mysql.server import MySQLServer


async def test_a_server_that_hangs_is_unavailable_and_then_serves_again(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """F-05."""
    ada = a_user()
    await put(mysql, ada)
    await served_by(mysql, ada)
    own_mysql_server.pause()
    await refused_by(mysql, ada)
    await refused_by(mysql, ada)
    own_mysql_server.resume()
    await served_by(mysql, ada)


async def test_a_server_that_crashed_is_unavailable_and_then_serves_again(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """F-04."""
    ada = a_user()
    await put(mysql, ada)
    await served_by(mysql, ada)
    await asyncio.to_thread(own_mysql_server.kill)
    await refused_by(mysql, ada)
    await refused_by(mysql, ada)
    await asyncio.to_thread(own_mysql_server.start)
    await served_by(mysql, ada)


async def test_a_restart_between_two_requests_causes_no_error(mysql: SqlStorage, own_mysql_server: MySQLServer) -> None:
    """F-04: every connection of the pools is dead then, and no caller gets an error."""
    ada = a_user()
    await put(mysql, ada)
    await served_by(mysql, ada)
    await asyncio.to_thread(own_mysql_server.terminate)
    await asyncio.to_thread(own_mysql_server.start)
    await served_by(mysql, ada)


async def test_a_connection_that_is_killed_is_replaced(mysql: SqlStorage, own_mysql_server: MySQLServer) -> None:
    """A transaction raises TransactionConflict, which `retried` runs again. A read runs again by itself."""
    ada = a_user()
    await put(mysql, ada)

    async def kill_all() -> None:
        kills = [f"KILL {number}" for number in await connection_ids(own_mysql_server)]
        await asyncio.to_thread(own_mysql_server.sql, *kills)

    async def transact() -> None:
        async with mysql.transaction() as tx:
            await tx.users.get(ada.id)
            await kill_all()
            await tx.users.grant(ada.id, ADMIN, NOON)

    with pytest.raises(TransactionConflict):
        await transact()
    async with mysql.reading() as reading:
        assert await reading.users.get(ada.id) == ada
        await kill_all()
        assert await reading.users.get(ada.id) == ada


async def test_a_read_that_lost_its_connection_keeps_its_place(own_mysql_server: MySQLServer, mysql_url: str) -> None:
    """Whoever waits for the only connection for reading gets it when the block of the first reader ends."""
    make_tables(DatabaseUrl.parse(mysql_url))
    storage, ada, ended = SqlStorage.open(DatabaseUrl.parse(mysql_url), 2), a_user(), []

    async def wait_and_read() -> None:
        assert await found(storage, ada.id) == ada
        ended.append("second")

    try:
        await put(storage, ada)
        async with asyncio.timeout(GUARD):
            async with storage.reading() as reading:
                assert await reading.users.get(ada.id) == ada
                waiting = asyncio.create_task(wait_and_read())
                await asyncio.sleep(0)
                kills = [f"KILL {number}" for number in await connection_ids(own_mysql_server)]
                await asyncio.to_thread(own_mysql_server.sql, *kills)
                assert await reading.users.get(ada.id) == ada
                ended.append("first")
            await waiting
        assert ended == ["first", "second"]
        assert idle(storage)
    finally:
        await storage.close()


async def test_listeners_hear_of_a_commit_that_is_not_answered(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """It may have been committed, so whoever keeps a copy in memory has to read again."""
    ada = a_user()
    await put(mysql, ada)
    heard: list[Sequence[Change]] = []
    mysql.on_commit(heard.append)

    async def transact() -> None:
        async with mysql.transaction() as tx:
            await tx.users.grant(ada.id, ADMIN, NOON)
            own_mysql_server.pause()

    async with asyncio.timeout(GUARD):
        with pytest.raises(StorageUnavailable):
            await transact()
    assert heard == [[replace(Change.of_account(ada.id), certain=False)]]
    own_mysql_server.resume()
    assert (await found(mysql, ada.id)) in (ada, ada.granted(ADMIN))
    assert idle(mysql)


async def test_connections_to_a_demoted_server_are_closed(mysql: SqlStorage, own_mysql_server: MySQLServer) -> None:
    """OP-09: after a failover the pool must not keep the demoted server."""
    ada = a_user()
    await put(mysql, ada)
    before = await connection_ids(own_mysql_server)
    own_mysql_server.sql("SET GLOBAL read_only = ON")
    try:
        with pytest.raises(StorageUnavailable) as refused:
            await put(mysql, a_user("bob"))
        assert refused.value.cause == "OperationalError 1290 in users.ADD"
        assert await found(mysql, ada.id) == ada
    finally:
        own_mysql_server.sql("SET GLOBAL read_only = OFF")
    await put(mysql, a_user("bob"))
    assert before - await connection_ids(own_mysql_server)


async def connection_ids(server: MySQLServer) -> set[int]:
    rows = await asyncio.to_thread(server.sql, "SELECT id FROM information_schema.processlist WHERE user = 'doorward'")
    return {number for (number,) in rows}


async def test_a_deadlock_is_a_conflict_for_one_of_the_two(mysql: SqlStorage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    await put(mysql, ada, bob)
    barrier = asyncio.Barrier(2)

    async def transact(first: User, second: User) -> None:
        async with mysql.transaction() as tx:
            await tx.users.save(first.disabled_now())
            await barrier.wait()
            await tx.users.save(second.disabled_now())

    answers = await asyncio.gather(transact(ada, bob), transact(bob, ada), return_exceptions=True)
    assert [type(answer) for answer in answers if answer] == [TransactionConflict]
    assert len(await announced(mysql)) == 2
    assert idle(mysql)
