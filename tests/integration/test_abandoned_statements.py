"""What nobody waits for any more ends on the server, too."""

import asyncio

import pytest
from sqlalchemy import text

from doorward.application.ports.storage import LockName
from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.asynchronous import AsyncConnections
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.engine import open_engines
from doorward.infrastructure.sql.mysql.session_variables import variable
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.concurrent_load import GUARD, idle
from support.length import FULL
from support.made_tables import make_tables
from support.mysql.server import MySQLServer

ABANDONED = 50 if FULL else 8
IMPATIENT = Limits(wait_seconds=1.5, pool_wait_seconds=60, lock_wait_seconds=600)


def connections(server: MySQLServer, url: DatabaseUrl) -> tuple[int, int]:
    """How many connections to this database run a statement, and how many there are."""
    commands = [
        command for _, _, _, database, command, *_ in server.sql("SHOW PROCESSLIST") if database == url.database
    ]
    return len([command for command in commands if command in {"Query", "Execute"}]), len(commands)


async def wait_in_vain(storage: SqlStorage) -> None:
    with pytest.raises(StorageUnavailable):
        async with storage.transaction() as tx:
            await tx.locks.take(LockName.ADMINS)


async def ended(storage: SqlStorage) -> None:
    """Wait until all that was abandoned is killed."""
    assert isinstance(storage.engines.writing, AsyncConnections)
    while storage.engines.writing.abandoned.task is not None:
        await asyncio.sleep(0.01)


async def test_abandoned_statements_leave_nothing_running_on_the_server(
    mysql_server: MySQLServer, mysql_url: str
) -> None:
    """OP-02. Each waits for a lock, for ten minutes if the server had its way."""
    url = DatabaseUrl.parse(mysql_url)
    make_tables(url)
    holding, storage = SqlStorage.open(url), SqlStorage.open(url, 2 * ABANDONED, IMPATIENT)
    async with asyncio.timeout(GUARD):
        async with holding.transaction() as tx:
            await tx.locks.take(LockName.ADMINS)
            await asyncio.gather(*(wait_in_vain(storage) for _ in range(ABANDONED)))
            await ended(storage)
            running, all_of_them = await asyncio.to_thread(connections, mysql_server, url)
        assert running == 0
        assert all_of_them <= ABANDONED
    assert idle(storage)
    await storage.close()
    await holding.close()


async def test_others_on_the_same_pool_keep_their_connection(mysql_url: str) -> None:
    """OP-02."""
    url = DatabaseUrl.parse(mysql_url)
    make_tables(url)
    storage = SqlStorage.open(url, 4, IMPATIENT)
    async with asyncio.timeout(GUARD), connected(storage.engines.reading, in_transaction=True) as other:
        await other.begin()
        before = await other.rows(text("SELECT CONNECTION_ID()"))
        with pytest.raises(StorageUnavailable):
            async with connected(storage.engines.reading, in_transaction=False) as connection:
                await connection.rows(text("SELECT SLEEP(600)"))
        assert await other.rows(text("SELECT CONNECTION_ID()")) == before
    await storage.close()


async def test_the_server_has_limits_of_its_own_for_what_could_not_be_killed(mysql_url: str) -> None:
    """OP-02. Without them it waits for a year for a table that is being changed, and a SELECT has no end."""
    engines = open_engines(DatabaseUrl.parse(mysql_url), 2, Limits(wait_seconds=1, lock_wait_seconds=2))
    async with asyncio.timeout(GUARD), connected(engines.writing, in_transaction=False) as connection:
        ((version,),) = await connection.rows(text("SELECT VERSION()"))
        names = ("innodb_lock_wait_timeout", "lock_wait_timeout", "max_execution_time")
        listed = ", ".join(f"@@SESSION.{variable(name, version)}" for name in names)
        ((rows, tables, select),) = await connection.rows(text(f"SELECT {listed}"))
    assert (rows, tables) == (2, 2)
    assert float(select) == (10 if "MariaDB" in version else 10_000)
    await engines.close()
