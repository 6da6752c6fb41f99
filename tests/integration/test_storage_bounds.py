"""What is waited for, and how often something is tried again: each has its bound."""

import asyncio
from typing import TypeVar

import asyncmy
import pytest
from sqlalchemy import text

from doorward.application.ports.storage import LockName
from doorward.application.transactions import ATTEMPTS, retried
from doorward.domain.access.role import ADMIN
from doorward.domain.errors import StorageUnavailable, TransactionConflict, UsernameTaken
from doorward.infrastructure.sql.connection import SqlConnection, Work, connected
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.builders import a_user
from support.doubles import NOON
from support.mysql.server import MySQLServer
from support.served import GUARD, idle
from support.stored import found, put

T = TypeVar("T")


async def hold_row(server: MySQLServer, url: str, held: asyncio.Event, over: asyncio.Event) -> None:
    """Somebody at a prompt who went for lunch in the middle of a transaction."""
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


async def test_a_lock_is_not_waited_for_for_ever(
    mysql: SqlStorage, own_mysql_server: MySQLServer, mysql_url: str
) -> None:
    """OP-02: and what was waited for in vain is not run again, which would be to wait again."""
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


async def test_a_pool_that_is_empty_is_not_waited_for_for_ever(mysql_url: str) -> None:
    """OP-02."""
    url = DatabaseUrl.parse(mysql_url)
    await migrate(url)
    storage = SqlStorage.open(url, pool_size=2)
    async with asyncio.timeout(GUARD), storage.transaction() as tx:
        with pytest.raises(StorageUnavailable):
            await put(storage, a_user())
        await tx.roles.all()
    await put(storage, a_user())
    await storage.close()


async def test_a_statement_that_takes_too_long_is_cut_off(mysql: SqlStorage) -> None:
    """OP-02: whoever asks a database that does not come to an end is told so."""
    async with asyncio.timeout(GUARD):
        with pytest.raises(StorageUnavailable):
            async with connected(mysql._pools.reading, alone=True) as connection:
                await connection.rows(text("SELECT SLEEP(60)"))
    assert idle(mysql)


async def test_a_statement_that_met_two_dead_connections_is_not_tried_on_a_third(
    mysql: SqlStorage, own_mysql_server: MySQLServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-02: one retry for what stands alone, and none more."""
    tried, asked = 0, SqlConnection._asked

    async def kill_it(connection: SqlConnection, work: Work[T]) -> T:
        nonlocal tried
        tried += 1
        own_mysql_server.sql(f"KILL {connection.driver.thread_id()}")
        return await asked(connection, work)

    with monkeypatch.context() as patched:
        patched.setattr(SqlConnection, "_asked", kill_it)
        with pytest.raises(StorageUnavailable):
            await found(mysql, a_user().id)
    assert tried == 2
    assert await found(mysql, a_user().id) is None


async def test_a_transaction_that_is_undone_again_and_again_is_given_up() -> None:
    """OP-02: and whoever asked hears of the conflict."""
    tried = 0

    @retried
    async def undone() -> None:
        nonlocal tried
        tried += 1
        raise TransactionConflict

    with pytest.raises(TransactionConflict):
        await undone()
    assert tried == ATTEMPTS == 4


async def test_a_refusal_is_no_reason_to_try_again() -> None:
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


async def test_a_transaction_that_is_cancelled_while_it_is_undone_gives_its_connection_back(mysql: SqlStorage) -> None:
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
    """What a use case stumbles over."""
