"""Connections of a pool: bounded waiting, reuse, replacement, and nothing left behind."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.engine import Engines, open_engines
from doorward.infrastructure.sql.mysql import engine
from doorward.infrastructure.sql.pools import Connections, Limits
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.concurrent_load import GUARD
from support.made_tables import make_tables

READERS = 4
PATIENT = Limits(wait_seconds=60, pool_wait_seconds=50, lock_wait_seconds=40)


@pytest.fixture(params=["sqlite", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseUrl:
    """A migrated database."""
    is_sqlite = request.param == "sqlite"
    raw = f"sqlite:///{tmp_path / 'doorward.db'}" if is_sqlite else request.getfixturevalue("mysql_url")
    url = DatabaseUrl.parse(raw)
    make_tables(url)
    return url


@pytest.fixture
async def engines(url: DatabaseUrl) -> AsyncIterator[Engines]:
    """With READERS connections for reading."""
    engines = open_engines(url, 2 * READERS, PATIENT)
    yield engines
    assert (engines.writing.in_use, engines.reading.in_use) == (0, 0)
    await engines.close()


async def answers(connections: Connections) -> bool:
    async with connected(connections, in_transaction=False) as connection:
        return [tuple(row) for row in await connection.rows(text("SELECT 1"))] == [(1,)]


async def take_all(stack: AsyncExitStack, connections: Connections, number: int = READERS) -> None:
    for _ in range(number):
        await stack.enter_async_context(connected(connections, in_transaction=False))


@contextmanager
def counted_connections() -> Iterator[list[object]]:
    """Provide a list that gets an item for each connection that is made."""
    created: list[object] = []

    def count(*_: object) -> None:
        created.append(None)

    event.listen(Engine, "do_connect", count)
    try:
        yield created
    finally:
        event.remove(Engine, "do_connect", count)


async def test_a_caller_who_finds_no_free_connection_waits_for_one(engines: Engines) -> None:
    async with asyncio.timeout(GUARD):
        async with AsyncExitStack() as stack:
            await take_all(stack, engines.reading)
            waiting = [asyncio.ensure_future(answers(engines.reading)) for _ in range(2)]
            await asyncio.sleep(0)
            assert (engines.reading.in_use, [task.done() for task in waiting]) == (READERS, [False, False])
        assert await asyncio.gather(*waiting) == [True, True]


async def test_a_caller_who_waits_too_long_is_refused_and_leaves_nothing_behind(url: DatabaseUrl) -> None:
    """OP-02."""
    engines = open_engines(url, 2 * READERS, Limits(wait_seconds=3, pool_wait_seconds=2))
    async with asyncio.timeout(GUARD):
        async with AsyncExitStack() as stack:
            await take_all(stack, engines.reading)
            with pytest.raises(StorageUnavailable):
                await answers(engines.reading)
        async with AsyncExitStack() as stack:
            await take_all(stack, engines.reading)
    assert engines.reading.in_use == 0
    await engines.close()


async def test_a_caller_who_is_cancelled_while_waiting_leaves_nothing_behind(engines: Engines) -> None:
    async with asyncio.timeout(GUARD):
        async with AsyncExitStack() as stack:
            await take_all(stack, engines.reading)
            waiting = asyncio.ensure_future(answers(engines.reading))
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.wait({waiting})
        async with AsyncExitStack() as stack:
            await take_all(stack, engines.reading)


async def test_a_caller_who_asks_again_at_once_comes_after_those_who_wait(engines: Engines) -> None:
    """A pool that hands a returned connection to whoever asks first lets callers wait without end under load."""
    served = []

    async def read(name: str, times: int) -> None:
        for _ in range(times):
            assert await answers(engines.reading)
            served.append(name)

    async with asyncio.timeout(GUARD), AsyncExitStack() as stack:
        await take_all(stack, engines.reading, READERS - 1)
        busy = asyncio.ensure_future(read("busy", 20))
        while engines.reading.in_use < READERS:
            await asyncio.sleep(0)
        await asyncio.gather(busy, read("waiting", 1))
    assert served.index("waiting") <= 1


async def test_of_too_many_waiting_callers_the_last_one_is_refused_at_once(url: DatabaseUrl) -> None:
    """OP-02."""
    engines = open_engines(url, 2 * READERS, replace(PATIENT, max_waiting_per_connection=1))
    async with asyncio.timeout(GUARD):
        async with AsyncExitStack() as stack:
            await take_all(stack, engines.reading)
            waiting = [asyncio.ensure_future(answers(engines.reading)) for _ in range(READERS)]
            await asyncio.sleep(0)
            with pytest.raises(StorageUnavailable):
                await answers(engines.reading)
            waiting.pop().cancel()
            waiting.append(asyncio.ensure_future(answers(engines.reading)))
            await asyncio.sleep(0)
        assert await asyncio.gather(*waiting) == [True] * READERS
    await engines.close()


async def test_reads_whose_callers_go_away_cost_no_connection(engines: Engines) -> None:
    """Each read runs to its end, so that its connection can be used again. Otherwise a flood of requests whose clients
    leave would make the pool connect all the time."""
    with counted_connections() as created:
        await asyncio.gather(*(answers(engines.reading) for _ in range(READERS)))
        for steps in range(40):
            reads = [asyncio.ensure_future(answers(engines.reading)) for _ in range(2 * READERS)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for each in reads:
                each.cancel()
            await asyncio.wait(reads)
    assert len(created) <= READERS
    assert await answers(engines.reading)


async def test_a_free_connection_is_used_again(engines: Engines) -> None:
    with counted_connections() as created:
        assert [await answers(engines.reading) for _ in range(3)] == [True] * 3
    assert len(created) == 1


async def test_an_old_connection_is_replaced(mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_CONNECTION_AGE_SECONDS", 0)
    engines = open_engines(DatabaseUrl.parse(mysql_url), 2, PATIENT)
    numbers = set()
    for _ in range(2):
        async with connected(engines.reading, in_transaction=False) as connection:
            numbers.add((await connection.rows(text("SELECT CONNECTION_ID()")))[0][0])
    await engines.close()
    assert len(numbers) == 2


@pytest.mark.parametrize("fault", [sqlite3.InternalError, sqlite3.InterfaceError])
async def test_a_connection_that_may_be_out_of_step_is_not_used_again(
    tmp_path: Path, fault: type[sqlite3.Error]
) -> None:
    """F-24: the next answer on it may be somebody else's."""
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    make_tables(url)
    engines, used = open_engines(url, 2, PATIENT), []

    def fail(cursor: sqlite3.Cursor, *_: object) -> None:
        used.append(cursor.connection)
        if len(used) == 1:
            raise fault("Packet sequence number wrong")

    event.listen(Engine, "do_execute", fail)
    try:
        assert await answers(engines.reading)
    finally:
        event.remove(Engine, "do_execute", fail)
    assert len({id(connection) for connection in used}) == 2
    await engines.close()


async def test_a_file_that_cannot_be_opened_takes_no_place_in_the_pool(tmp_path: Path) -> None:
    engines = open_engines(DatabaseUrl.parse(f"sqlite:///{tmp_path / 'nothing.db'}"), 2, PATIENT)
    for _ in range(READERS + 1):
        with pytest.raises(StorageUnavailable):
            await answers(engines.reading)
    assert engines.reading.in_use == 0
    await engines.close()


async def test_a_writer_that_is_cancelled_while_it_waits_for_a_lock_disturbs_nobody(tmp_path: Path) -> None:
    """The thread goes on waiting. Nobody else gets its connection before it has ended."""
    path = tmp_path / "doorward.db"
    url = DatabaseUrl.parse(f"sqlite:///{path}")
    make_tables(url)
    engines = open_engines(url, 2, PATIENT)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write(role: str) -> None:
        async with connected(engines.writing, in_transaction=True) as connection:
            await connection.begin()
            await connection.change(text("INSERT INTO roles (name, description) VALUES (:name, '')"), {"name": role})
            await connection.commit(lambda: None)

    async with asyncio.timeout(GUARD):
        cancelled = asyncio.ensure_future(write("first"))
        while not engines.writing.in_use:
            await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        second = asyncio.ensure_future(write("second"))
        await asyncio.sleep(0)
        other.execute("COMMIT")
        await second
    assert other.execute("SELECT name FROM roles WHERE name IN ('first', 'second')").fetchall() == [("second",)]
    other.close()
    await engines.close()


async def test_closing_closes_the_files_of_sqlite(tmp_path: Path) -> None:
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    make_tables(url)
    engines = open_engines(url, 2, PATIENT)
    assert await answers(engines.reading)
    assert await answers(engines.writing)
    assert open_files(tmp_path)
    await engines.close()
    assert not open_files(tmp_path)


def test_connections_to_mysql_do_not_need_the_orm() -> None:
    """It would take 6.5 MB and 80 ms at each start. `sqlalchemy.ext.asyncio` imports it."""
    program = """
import sys
from doorward.infrastructure.sql.engine import open_engines
from doorward.infrastructure.sql.urls import DatabaseUrl
open_engines(DatabaseUrl.parse("mysql://ada:secret@localhost/doorward"), 2)
print("asyncmy" in sys.modules, "sqlalchemy.orm" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "False"]


def open_files(directory: Path) -> list[str]:
    targets = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [target for target in targets if target.startswith(str(directory))]
