"""Doorward on a group of three MySQL servers, of which one takes writes at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from doorward.application.transactions import retried
from doorward.domain.errors import StorageMoved, StorageUnavailable
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.contents import HEAD
from doorward.infrastructure.sql.engine import Engines, open_engines
from doorward.infrastructure.sql.mysql import pool_events
from doorward.infrastructure.sql.mysql.host_diagnosis import diagnose_hosts
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.concurrent_load import GUARD
from support.mysql.group import Group, quietly
from support.mysql.server import MySQLServer

pytestmark = pytest.mark.full

PATIENT = Limits(wait_seconds=60, pool_wait_seconds=60)
ADD, COUNT = text("INSERT INTO marks VALUES ()"), text("SELECT COUNT(*) FROM marks")
PORT = text("SELECT @@port")


@pytest.fixture
def database(mysql_group: Group) -> str:
    """A database of the group with a table of marks."""
    name = mysql_group.fresh_database()
    mysql_group.primary.sql(f"CREATE TABLE {name}.marks (id INT PRIMARY KEY AUTO_INCREMENT)")
    mysql_group.wait_applied()
    return name


@asynccontextmanager
async def opened(raw_url: str) -> AsyncIterator[Engines]:
    engines = open_engines(DatabaseUrl.parse(raw_url), 4, PATIENT)
    try:
        async with asyncio.timeout(GUARD):
            yield engines
    finally:
        await engines.close()


async def mark(engines: Engines) -> int:
    """Add a mark; return the port of the server that did."""
    async with connected(engines.writing, in_transaction=True) as connection:
        await connection.begin()
        await connection.change(ADD)
        ((port,),) = await connection.rows(PORT)
        await connection.commit(lambda: None)
    return int(port)


async def port_read(engines: Engines) -> int:
    async with connected(engines.reading, in_transaction=False) as connection:
        ((port,),) = await connection.rows(PORT)
    return int(port)


def marks(server: MySQLServer, database: str) -> int:
    ((number,),) = server.sql(f"SELECT COUNT(*) FROM {database}.marks")
    return int(number)


async def refusal(engines: Engines) -> str:
    with pytest.raises(StorageUnavailable) as refused:
        await retried(mark)(engines)
    return refused.value.cause


async def test_a_member_that_was_killed_and_started_again_takes_no_write(mysql_group: Group, database: str) -> None:
    """It is OFFLINE and takes writes, which the group would never get and which would keep it out of the group."""
    first = mysql_group.primary
    async with opened(mysql_group.url(database, [first])) as pinned, opened(mysql_group.url(database)) as engines:
        assert await mark(pinned) == await mark(engines) == first.admin.port
        await asyncio.to_thread(first.kill)
        second = await asyncio.to_thread(mysql_group.wait_primary, first)
        await asyncio.to_thread(first.start)
        assert first.sql("SELECT @@GLOBAL.super_read_only, @@GLOBAL.offline_mode") == [(0, 0)]
        assert [await refusal(pinned) for _ in range(3)] == ["group_member_is_offline"] * 3
        assert [await retried(mark)(engines) for _ in range(3)] == [second.admin.port] * 3
    executed = [each.sql("SELECT @@GLOBAL.gtid_executed")[0][0] for each in (first, second)]
    assert first.sql(f"SELECT GTID_SUBTRACT('{executed[0]}', '{executed[1]}')") == [("",)]
    assert (marks(first, database), marks(second, database)) == (2, 5)


async def test_when_another_member_becomes_the_primary_what_is_pooled_moves_there(
    mysql_group: Group, database: str
) -> None:
    first, second = mysql_group.primary, mysql_group.secondaries[0]
    async with opened(mysql_group.url(database)) as engines:
        assert await mark(engines) == await port_read(engines) == first.admin.port
        await asyncio.to_thread(mysql_group.switch, second)
        with pytest.raises(StorageMoved) as moved:
            await mark(engines)
        assert "1290" in moved.value.cause
        assert await mark(engines) == await port_read(engines) == second.admin.port
        await asyncio.to_thread(mysql_group.switch, first)
        assert await retried(mark)(engines) == await port_read(engines) == first.admin.port
    assert marks(first, database) == 3


async def test_a_primary_that_left_the_group_commits_nothing_on_an_open_connection(
    mysql_group: Group, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving the group sets super_read_only, and closes no connection. Here somebody takes it back."""
    first = mysql_group.primary
    monkeypatch.setattr(pool_events, "PROOF_SECONDS", 0)
    async with opened(mysql_group.url(database)) as writing, opened(mysql_group.url(database)) as reading:
        assert await mark(writing) == await port_read(reading) == first.admin.port
        quietly(first, "STOP GROUP_REPLICATION")
        first.sql("SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF")
        second = await asyncio.to_thread(mysql_group.wait_primary, first)
        with pytest.raises(StorageMoved) as moved:
            await mark(writing)
        assert moved.value.cause == "OperationalError 1231 in commit"
        assert await retried(mark)(writing) == await port_read(reading) == second.admin.port
    assert (marks(first, database), marks(second, database)) == (1, 2)


async def test_multi_primary_mode_takes_no_write_and_is_named(mysql_group: Group, database: str) -> None:
    first = mysql_group.primary
    first.sql("SELECT group_replication_switch_to_multi_primary_mode()")
    try:
        async with opened(mysql_group.url(database)) as engines:
            assert await refusal(engines) == "no_usable_host: group_is_multi_primary"
        found = await diagnose_hosts(DatabaseUrl.parse(mysql_group.url(database)))
    finally:
        ((uuid,),) = first.sql("SELECT @@server_uuid")
        first.sql(f"SELECT group_replication_switch_to_single_primary_mode('{uuid}')")
    assert [each.state for each in found] == ["wrong"] * 3
    assert all("multi-primary" in each.text for each in found)
    assert marks(first, database) == 0


async def test_a_diagnosis_names_the_role_of_each_member(mysql_group: Group, database: str) -> None:
    url = DatabaseUrl.parse(mysql_group.url(database))
    last = mysql_group.members[2]
    last.kill()
    found = {each.check: each.text for each in await diagnose_hosts(url)}
    assert found == {
        f"host {url.hosts[0]}": f"has no tables where {HEAD} is needed",
        f"host {url.hosts[1]}": f"has no tables where {HEAD} is needed",
        f"host {url.hosts[2]}": "does not answer (OperationalError 2003)",
    }
