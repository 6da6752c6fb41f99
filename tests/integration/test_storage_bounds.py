"""Bounds for waiting and for repeated attempts."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncmy
import pytest
from sqlalchemy import Connection, Engine, event, text

from doorward.application.ports.storage import LockName
from doorward.application.transactions import MAX_ATTEMPTS, retried
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.attempts import UNKNOWN_DEVICES, AttemptCount, AttemptKey, LoginHash
from doorward.domain.errors import StorageUnavailable, TransactionConflict, UsernameTaken
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, put
from support.concurrent_load import GUARD, idle
from support.made_tables import make_tables
from support.mysql.server import MySQLServer


async def hold_row(server: MySQLServer, url: str, held: asyncio.Event, over: asyncio.Event) -> None:
    """Hold locks from another client, which leaves its transaction open."""
    account = server.owner
    connection = await asyncmy.connect(
        host=account.host,
        port=account.port,
        user=account.user,
        password=account.password,
        database=DatabaseUrl.parse(url).database,
    )
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT name FROM leases FOR UPDATE")
        held.set()
        await over.wait()
    await connection.ensure_closed()


@contextmanager
def killed_connections(server: MySQLServer) -> Iterator[list[int]]:
    """Kill each connection before it runs a statement in the block. Provide their numbers."""
    killed: list[int] = []

    def kill(connection: Connection, *_: object) -> None:
        driver_connection = connection.connection.driver_connection
        assert driver_connection is not None
        killed.append(driver_connection.thread_id())
        server.sql(f"KILL {killed[-1]}")

    event.listen(Engine, "before_cursor_execute", kill)
    try:
        yield killed
    finally:
        event.remove(Engine, "before_cursor_execute", kill)


async def test_waiting_for_a_lock_is_bounded(mysql: SqlStorage, own_mysql_server: MySQLServer, mysql_url: str) -> None:
    """OP-02. A transaction that waited for a lock in vain is not run again, since it would wait again."""
    attempts = 0

    async def attempt() -> None:
        nonlocal attempts
        attempts += 1
        async with mysql.transaction() as tx:
            await tx.locks.take(LockName.ADMINS)

    async with mysql.transaction() as tx:
        await tx.locks.take(LockName.ADMINS)  # adds the row that is held below
    async with asyncio.timeout(GUARD), asyncio.TaskGroup() as tasks:
        held, over = asyncio.Event(), asyncio.Event()
        tasks.create_task(hold_row(own_mysql_server, mysql_url, held, over))
        await held.wait()
        with pytest.raises(StorageUnavailable):
            await retried(attempt)()
        over.set()
    assert attempts == 1


async def test_waiting_for_a_free_connection_is_bounded(mysql_url: str) -> None:
    """OP-02."""
    url = DatabaseUrl.parse(mysql_url)
    make_tables(url)
    storage = SqlStorage.open(url, pool_size=2, limits=Limits(wait_seconds=3, pool_wait_seconds=2))
    async with asyncio.timeout(GUARD), storage.transaction() as tx:
        with pytest.raises(StorageUnavailable):
            await put(storage, a_user())
        await tx.roles.all()
    await put(storage, a_user())
    await storage.close()


async def test_a_statement_that_takes_too_long_is_cut_off(mysql: SqlStorage) -> None:
    """OP-02. The caller gets StorageUnavailable."""
    async with asyncio.timeout(GUARD):
        with pytest.raises(StorageUnavailable):
            async with connected(mysql.engines.reading, in_transaction=False) as connection:
                await connection.rows(text("SELECT SLEEP(600)"))
    assert idle(mysql)


async def test_a_statement_that_met_two_dead_connections_is_not_tried_on_a_third(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """OP-02. A statement outside of a transaction is tried twice."""
    await found(mysql, a_user().id)
    with killed_connections(own_mysql_server) as killed, pytest.raises(StorageUnavailable):
        await found(mysql, a_user().id)
    assert len(killed) == 2
    assert await found(mysql, a_user().id) is None


async def test_a_transaction_that_met_a_dead_connection_at_its_only_change_is_known_to_be_undone(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """OP-02. The change is sent together with the commit, and the commit was not sent. So the caller may try again."""
    key, count = (
        AttemptKey(LoginHash(b"a" * 32), UNKNOWN_DEVICES),
        AttemptCount(attempts=1, first_at=NOON, allowed_at=NOON),
    )
    with killed_connections(own_mysql_server) as killed, pytest.raises(TransactionConflict):
        async with mysql.transaction() as tx:
            await tx.attempts.add(key, count)
    assert len(killed) == 1
    async with mysql.transaction() as tx:
        await tx.attempts.add(key, count)
    async with mysql.reading() as reading:
        assert await reading.attempts.get(key) == count
    assert idle(mysql)


async def test_a_transaction_is_attempted_four_times_after_conflicts() -> None:
    """OP-02. The caller gets the conflict then."""
    tried = 0

    @retried
    async def undone() -> None:
        nonlocal tried
        tried += 1
        raise TransactionConflict(cause="test")

    with pytest.raises(TransactionConflict):
        await undone()
    assert tried == MAX_ATTEMPTS == 4


async def test_a_transaction_that_is_refused_is_not_repeated() -> None:
    """OP-02."""
    tried = 0

    @retried
    async def refused() -> None:
        nonlocal tried
        tried += 1
        raise UsernameTaken

    with pytest.raises(UsernameTaken):
        await refused()
    assert tried == 1


async def test_a_transaction_cancelled_during_its_rollback_returns_its_connection(mysql: SqlStorage) -> None:
    """OP-02."""
    ada = a_user()
    await put(mysql, ada)

    async def granting() -> None:
        async with mysql.transaction() as tx:
            await tx.users.grant(ada.id, ADMIN, NOON)
            asyncio.get_running_loop().call_soon(task.cancel)
            raise Breakage

    task = asyncio.ensure_future(granting())
    await asyncio.wait({task})
    assert task.cancelled()
    assert idle(mysql)


class Breakage(Exception):
    """Any error of a use case."""
