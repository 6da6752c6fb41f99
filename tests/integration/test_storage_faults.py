"""A database that is away, hangs, comes back, or is held by somebody else. No time is measured here: each wait has a
guard far beyond what is promised, so that a hang fails."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncmy
import pytest

from application.access.grant_role import GrantRole
from application.access.revoke_role import RevokeRole
from application.ports.storage import Storage
from application.transactions import retried
from builders import a_user
from domain.access.change import Change
from domain.access.role import ADMIN, MODERATOR, Role, RoleName
from domain.accounts.user import User
from domain.errors import StorageUnavailable, TransactionConflict
from doubles import NOON, ListLog
from infrastructure.sql.connection import connected
from infrastructure.sql.schema import migrate
from infrastructure.sql.storage import SqlStorage
from infrastructure.sql.urls import DatabaseUrl
from mysql_server import MySQLServer
from stored import announced, found, put

GUARD = 15
AT_ONCE = 15
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
async def mysql(own_mysql_server: MySQLServer, mysql_url: str) -> AsyncIterator[SqlStorage]:
    url = DatabaseUrl.parse(mysql_url)
    await migrate(url)
    storage = SqlStorage.open(url)
    yield storage
    await asyncio.to_thread(own_mysql_server.restore)
    await storage.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    await migrate(url)
    storage = SqlStorage.open(url)
    yield storage
    await storage.close()


def idle(storage: SqlStorage) -> bool:
    """Every connection is back in its pool."""
    engines = storage._engines
    return all("out connections: 0" in engine.pool.status() for engine in (engines.writing, engines.reading))


async def refused_by(storage: SqlStorage, ada: User) -> None:
    """Many at once, reading and writing: each hears that the database is away, and none waits for it."""
    grant = GrantRole(storage, ListLog())

    async def read() -> None:
        with pytest.raises(StorageUnavailable):
            await found(storage, ada.id)

    async def write() -> None:
        with pytest.raises(StorageUnavailable):
            await grant(ada.id, ADMIN, NOON, by="test")

    async with asyncio.timeout(GUARD):
        await asyncio.gather(*(work() for work in (read, write) for _ in range(AT_ONCE)))
    assert idle(storage)


async def served_by(storage: SqlStorage, ada: User) -> None:
    """Many at once, reading and writing, and nobody notices that anything was ever wrong."""
    grant, revoke = GrantRole(storage, ListLog()), RevokeRole(storage, ListLog())
    async with asyncio.timeout(GUARD):
        assert await asyncio.gather(*(found(storage, ada.id) for _ in range(AT_ONCE))) == [ada] * AT_ONCE
        await asyncio.gather(*(grant(ada.id, MODERATOR, NOON, by="test") for _ in range(AT_ONCE)))
        assert await found(storage, ada.id) == ada.granted(MODERATOR)
        await revoke(ada.id, MODERATOR, by="test")
    assert idle(storage)


async def test_a_server_that_hangs_is_unavailable_and_then_serves_again(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """FAULTS F-05, short form."""
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
    """FAULTS F-04, short form."""
    ada = a_user()
    await put(mysql, ada)
    await served_by(mysql, ada)
    await asyncio.to_thread(own_mysql_server.kill)
    await refused_by(mysql, ada)
    await refused_by(mysql, ada)
    await asyncio.to_thread(own_mysql_server.start)
    await served_by(mysql, ada)


async def test_nobody_notices_a_restart_between_two_requests(mysql: SqlStorage, own_mysql_server: MySQLServer) -> None:
    """FAULTS F-04: every connection of the pools is stale, and none of them is ever found out by a caller."""
    ada = a_user()
    await put(mysql, ada)
    await served_by(mysql, ada)
    await asyncio.to_thread(own_mysql_server.terminate)
    await asyncio.to_thread(own_mysql_server.start)
    await served_by(mysql, ada)


async def test_a_connection_that_is_killed_is_replaced(mysql: SqlStorage, own_mysql_server: MySQLServer) -> None:
    """In a transaction that is a conflict, which `retried` runs again; while reading nobody hears of it."""
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


async def test_a_commit_that_nobody_answers_is_told_to_the_listeners(
    mysql: SqlStorage, own_mysql_server: MySQLServer
) -> None:
    """It may have been committed: whoever keeps something in memory has to look again."""
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
    assert heard == [[Change.of_account(ada.id)]]
    own_mysql_server.resume()
    assert (await found(mysql, ada.id)) in (ada, ada.granted(ADMIN))
    assert idle(mysql)


async def test_a_server_that_became_read_only_is_let_go_of(mysql: SqlStorage, own_mysql_server: MySQLServer) -> None:
    """FAULTS F-06, in small: after a failover the pool must not keep the demoted server."""
    ada = a_user()
    await put(mysql, ada)
    before = await connection_ids(own_mysql_server)
    own_mysql_server.sql("SET GLOBAL read_only = ON")
    try:
        with pytest.raises(TransactionConflict):
            await put(mysql, a_user("bob"))
        assert await found(mysql, ada.id) == ada
    finally:
        own_mysql_server.sql("SET GLOBAL read_only = OFF")
    await put(mysql, a_user("bob"))
    assert before - await connection_ids(own_mysql_server)


async def connection_ids(server: MySQLServer) -> set[int]:
    rows = await asyncio.to_thread(server.sql, "SELECT id FROM information_schema.processlist WHERE user = 'doorward'")
    return {number for (number,) in rows}


async def test_a_deadlock_is_a_conflict_for_one_of_the_two(mysql: SqlStorage) -> None:
    """FAULTS F-11, short form."""
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
        await cursor.execute("SELECT name FROM roles FOR UPDATE")
        held.set()
        await over.wait()
    await connection.ensure_closed()


async def test_a_lock_is_not_waited_for_for_ever(
    mysql: SqlStorage, own_mysql_server: MySQLServer, mysql_url: str
) -> None:
    """FAULTS F-11: and what was waited for in vain is not run again, which would be to wait again."""
    attempts = 0

    async def attempt() -> None:
        nonlocal attempts
        attempts += 1
        async with mysql.transaction() as tx:
            await tx.roles.lock(ADMIN)

    async with asyncio.timeout(GUARD), asyncio.TaskGroup() as tasks:
        held, over = asyncio.Event(), asyncio.Event()
        tasks.create_task(hold_row(own_mysql_server, mysql_url, held, over))
        await held.wait()
        with pytest.raises(StorageUnavailable):
            await retried(attempt)()
        over.set()
    assert attempts == 1


async def test_a_pool_that_is_empty_is_not_waited_for_for_ever(mysql_url: str) -> None:
    """FAULTS F-10, short form."""
    url = DatabaseUrl.parse(mysql_url)
    await migrate(url)
    storage = SqlStorage.open(url, pool_size=2)
    async with asyncio.timeout(GUARD), storage.transaction() as tx:
        with pytest.raises(StorageUnavailable):
            await put(storage, a_user())
        await tx.roles.all()
    await put(storage, a_user())
    await storage.close()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """The database is locked by another process."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.communicate("done\n")


async def test_a_file_that_another_process_holds_is_read_and_not_written(sqlite: SqlStorage, tmp_path: Path) -> None:
    """FAULTS F-13, short form."""
    ada = a_user()
    await put(sqlite, ada)
    with held(tmp_path / "doorward.db"):
        async with asyncio.timeout(GUARD):
            with pytest.raises(StorageUnavailable):
                await GrantRole(sqlite, ListLog())(ada.id, ADMIN, NOON, by="test")
            assert await found(sqlite, ada.id) == ada
    await served_by(sqlite, ada)


async def test_a_disk_that_is_full_is_read_and_not_written(sqlite: SqlStorage) -> None:
    """FAULTS F-12, in small: the same answer of SQLite's, with the file's size for the disk's."""
    ada, much = a_user(), Role(name=RoleName("much"), description="much " * 20_000, created_at=NOON)
    await put(sqlite, ada)
    await limit(sqlite, 1)  # it takes the size that the file has
    with pytest.raises(StorageUnavailable):
        await put(sqlite, a_user("bob"), much)
    async with sqlite.reading() as reading:
        assert await reading.users.by_login("ada") == ada
        assert await reading.users.by_login("bob") is None
    await limit(sqlite, 1_000_000)
    await put(sqlite, a_user("bob"), much)
    assert idle(sqlite)


async def limit(storage: SqlStorage, pages: int) -> None:
    """For the one connection that writes."""
    async with connected(storage._engines.writing, alone=False) as connection:
        await connection.begin(f"PRAGMA max_page_count = {pages}")


async def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    storage: Storage = SqlStorage.open(DatabaseUrl.parse(f"sqlite:///{tmp_path / 'nothing.db'}"))
    ada = a_user()
    with pytest.raises(StorageUnavailable):
        await put(storage, ada)
    with pytest.raises(StorageUnavailable):
        await found(storage, ada.id)
    assert not (tmp_path / "nothing.db").exists()
