"""Which of several MySQL servers is used, and what each has to prove."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.util import greenlet_spawn

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.adapters.address import Address
from doorward.infrastructure.adapters.chosen import storage_adapter
from doorward.infrastructure.adapters.storage_address import StorageAddress
from doorward.infrastructure.providers.storage import ReadsListsElsewhere
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.engine import Engines, open_engines
from doorward.infrastructure.sql.mysql.engine import mysql_engine
from doorward.infrastructure.sql.mysql.host_diagnosis import diagnose_hosts
from doorward.infrastructure.sql.mysql.host_order import HostOrder
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.mysql.origin import origin_of
from doorward.infrastructure.sql.mysql.session_variables import SQL_MODE, variable
from doorward.infrastructure.sql.mysql.standing import Use
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.schema import check_schema
from doorward.infrastructure.sql.storage import SqlRepositories, SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.concurrent_load import GUARD
from support.mysql.server import MySQLServer
from support.programs.processes import free_port

PATIENT = Limits(wait_seconds=60, pool_wait_seconds=60)
NAME = text("SELECT @@port")


@asynccontextmanager
async def opened(url: DatabaseUrl) -> AsyncIterator[Engines]:
    engines = open_engines(url, 2, PATIENT)
    try:
        async with asyncio.timeout(GUARD):
            yield engines
    finally:
        await engines.close()


async def port_in(engines: Engines, *, writing: bool = True) -> int:
    """The port of the server that serves a transaction, or else a read."""
    connections = engines.writing if writing else engines.reading
    async with connected(connections, in_transaction=writing) as connection:
        ((port,),) = await connection.rows(NAME)
    return int(port)


async def refusal_of(url: DatabaseUrl, *, writing: bool = True) -> str:
    async with opened(url) as engines:
        with pytest.raises(StorageUnavailable) as refused:
            await port_in(engines, writing=writing)
    return refused.value.cause


@pytest.fixture
def offline_member(own_mysql_server: MySQLServer) -> Iterator[MySQLServer]:
    """A server that is set up as a member of a group, has not joined it, and takes writes: as after a crash."""
    server = own_mysql_server
    if "MariaDB" in server.product:
        pytest.skip("MariaDB has no group replication")
    server.sql(
        "INSTALL PLUGIN group_replication SONAME 'group_replication.so'",
        "SET GLOBAL group_replication_group_name = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'",
    )
    yield server
    server.sql("UNINSTALL PLUGIN group_replication")


async def test_a_member_that_is_outside_of_its_group_is_not_used(offline_member: MySQLServer, mysql_url: str) -> None:
    url = DatabaseUrl.parse(mysql_url)
    assert await refusal_of(url) == await refusal_of(url, writing=False) == "group_membership_cannot_be_read"
    table = "performance_schema.replication_group_members"
    offline_member.sql(f"GRANT SELECT ON {table} TO '{url.username}'@'%'")
    assert await refusal_of(url) == await refusal_of(url, writing=False) == "group_member_is_offline"
    offline_member.sql(f"REVOKE SELECT ON {table} FROM '{url.username}'@'%'")


async def test_a_diagnosis_names_a_member_that_is_outside_of_its_group(
    offline_member: MySQLServer, mysql_url: str
) -> None:
    url = DatabaseUrl.parse(mysql_url)
    (found,) = await diagnose_hosts(url)
    assert (found.check, found.state) == (f"host {url.hosts[0]}", "wrong")
    assert "GRANT SELECT ON performance_schema.replication_group_members" in found.fix
    with pytest.raises(StartRefused, match=r"member of a group.*GRANT SELECT"):
        await check_schema(url)
    assert offline_member.is_ours


@asynccontextmanager
async def a_host_that_hangs() -> AsyncIterator[Host]:
    """Takes connections and says nothing."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield Host("127.0.0.1", server.sockets[0].getsockname()[1])


async def test_hosts_that_refuse_or_hang_are_passed_over_and_remembered(mysql_url: str) -> None:
    (good,) = DatabaseUrl.parse(mysql_url).hosts
    dead = Host("127.0.0.1", free_port())
    async with a_host_that_hangs() as hanging:
        url = replace(DatabaseUrl.parse(mysql_url), hosts=(dead, hanging, good))
        async with opened(url) as engines:
            assert await port_in(engines) == await port_in(engines, writing=False) == good.port
    examined = replace(url, hosts=(dead, good), read_hosts=(Host("localhost", dead.port),))
    found = {each.check: each for each in await diagnose_hosts(examined)}
    assert found[f"read host localhost:{dead.port}"].state == "wrong"
    assert [found[f"host {host}"].state for host in (dead, good)] == ["wrong", "wrong"]
    assert found[f"host {dead}"].text == "does not answer (OperationalError 2003)"
    assert "no tables" in found[f"host {good}"].text


async def test_when_no_host_answers_the_refusal_is_as_for_one(mysql_url: str) -> None:
    url = replace(DatabaseUrl.parse(mysql_url), hosts=(Host("127.0.0.1", free_port()), Host("127.0.0.2", free_port())))
    assert await refusal_of(url) == "OperationalError 2003 in connect"


async def test_when_each_host_has_its_own_reason_all_are_named(offline_member: MySQLServer, mysql_url: str) -> None:
    url = DatabaseUrl.parse(mysql_url)
    both = replace(url, hosts=(*url.hosts, Host("127.0.0.1", free_port())))
    reasons = "no_usable_host: group_membership_cannot_be_read, OperationalError 2003 in connect"
    assert await refusal_of(both) == reasons
    with pytest.raises(StartRefused, match=rf"{both.hosts[0]} is set up as a member.*{both.hosts[1]} does not answer"):
        await check_schema(both)
    assert offline_member.is_ours


async def test_the_dialect_is_set_up_as_by_the_answers_of_the_server(mysql_url: str, mysql_server: MySQLServer) -> None:
    """SQLAlchemy asks some things on its first connection that the server has said already. This fails when it asks
    for more."""
    url = DatabaseUrl.parse(mysql_url)
    (host,) = url.hosts
    isolation = variable("transaction_isolation", mysql_server.product)
    asking = create_engine(
        URL.create("mysql+asyncmy", url.username, url.password, host.name, host.port, url.database),
        isolation_level="READ COMMITTED",
        connect_args={"init_command": f"SET SESSION sql_mode = '{SQL_MODE}', {isolation} = 'READ-COMMITTED'"},
    )
    told = mysql_engine(url, Use.WRITING, HostOrder(url.hosts), 1)
    for engine in (asking, told):
        await greenlet_spawn(lambda of=engine: of.connect().close())
        await greenlet_spawn(engine.dispose)
    assert simple_values(told.dialect) == simple_values(asking.dialect)


def simple_values(dialect: Any) -> dict[str, object]:
    """What the dialect found out, without what this test set and what listens to it."""
    values: dict[str, Any] = {
        name: value for name, value in vars(dialect).items() if isinstance(value, str | int | tuple | None)
    }
    values["_sql_mode"] = set(values["_sql_mode"].split(","))
    return {name: value for name, value in values.items() if name not in {"_has_events", "_on_connect_isolation_level"}}


async def test_lists_are_read_from_hosts_of_their_own_and_from_the_others_when_those_fail(mysql_url: str) -> None:
    url = DatabaseUrl.parse(mysql_url)
    near, dead = Host("localhost", url.hosts[0].port), Host("127.0.0.1", free_port())
    for named, used in (((near,), near), ((dead,), url.hosts[0])):
        async with opened(replace(url, read_hosts=named)) as engines:
            assert engines.lists is not None
            async with connected(engines.lists, in_transaction=False) as connection:
                assert await connection.run(lambda of: origin_of(of.connection).host, "host") == used


async def test_without_hosts_of_their_own_lists_are_read_as_everything(mysql_url: str) -> None:
    storage = SqlStorage.open(DatabaseUrl.parse(mysql_url), 2, PATIENT)
    assert storage.engines.lists is None
    assert isinstance(storage, ReadsListsElsewhere)
    async with storage.lists.reading() as reading:
        assert isinstance(reading, SqlRepositories)
        assert reading.connection.connections is storage.engines.reading
    await storage.close()


@pytest.mark.parametrize(
    ("url", "hosts", "words"),
    [
        ("mysql://app@db/doorward", "h1,", "DOORWARD_READ_HOSTS has an empty host"),
        ("mysql://app@localhost/doorward", "db2", "add .ssl-mode"),
        ("mysql://app@localhost/doorward?unix_socket=/run/a.sock", "127.0.0.1:3307", "by its socket; give it a host"),
        ("sqlite:///a.db", "h1", "the database is SQLite; remove it"),
        ("memory://", "h1", "memory:// is none; remove it"),
    ],
)
def test_hosts_for_lists_that_make_no_sense_are_refused(url: str, hosts: str, words: str) -> None:
    with pytest.raises((StartRefused, ValueError), match=words):
        storage_adapter(StorageAddress(url=Address.parse(url), read_hosts=hosts))
