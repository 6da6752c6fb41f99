"""Doorward does not depend on the defaults of a MySQL server. The server here has others, for every new connection."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from doorward.domain.access.role import ADMIN
from doorward.domain.errors import UsernameTaken
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.diagnosis import diagnose_database
from doorward.infrastructure.sql.engine import open_engines
from doorward.infrastructure.sql.mysql import session_variables
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.storage_access import announced, found, put
from support.mysql.server import MySQLServer

HOSTILE: Mapping[str, str] = {
    "autocommit": "0",
    "sql_mode": "'ANSI,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE'",
    "time_zone": "'+05:30'",
    "character_set_client": "'latin1'",
    "character_set_results": "'latin1'",
    "collation_connection": "'latin1_german2_ci'",
    "collation_server": "'latin1_swedish_ci'",
    "transaction_isolation": "'SERIALIZABLE'",
    "transaction_read_only": "1",
    "completion_type": "'RELEASE'",
    "foreign_key_checks": "0",
    "unique_checks": "0",
    "sql_safe_updates": "1",
    "sql_auto_is_null": "1",
    "sql_big_selects": "0",
    "max_join_size": "1",
    "sql_select_limit": "1",
    "max_sort_length": "8",
    "sql_quote_show_create": "0",
    "default_storage_engine": "'MEMORY'",
    "auto_increment_increment": "7",
    "group_concat_max_len": "4",
    "div_precision_increment": "0",
    "lc_messages": "'de_DE'",
    "init_connect": "'SET NAMES latin1, autocommit = 0, sql_mode = ANSI_QUOTES'",
}
"""Global settings, each of which changes what a new connection does, unless that connection sets it."""


@contextmanager
def hostile(server: MySQLServer, names: Iterable[str]) -> Iterator[None]:
    """Give the server these of the HOSTILE settings."""
    given = {session_variables.variable(name, server.version): HOSTILE[name] for name in names}
    before = {name: server.sql(f"SELECT @@GLOBAL.{name}")[0][0] for name in given}
    try:
        server.sql(*(f"SET GLOBAL {name} = {value}" for name, value in given.items()))
        yield
    finally:
        server.sql("SET sql_mode = ''", *(f"SET GLOBAL {name} = {value!r}" for name, value in before.items()))


async def wrongly_set(url: DatabaseUrl, server: MySQLServer) -> list[tuple[str, object]]:
    """The variables of sessions of both kinds that are not what they should be."""
    engines = open_engines(url, 2)
    wrong: list[tuple[str, object]] = []
    for connections, wanted in (
        (engines.writing, session_variables.WRITING),
        (engines.reading, session_variables.READING),
    ):
        async with connected(connections, in_transaction=False) as connection:
            for name, value in wanted.items():
                known = session_variables.variable(name, server.version)
                ((answer,),) = await connection.rows(text(f"SELECT @@SESSION.{known}"))
                wrong += [] if session_variables.is_set(value, answer) else [(name, answer)]
    await engines.close()
    return wrong


async def works(url: DatabaseUrl) -> bool:
    """Migrate, write, and read on one connection what another one has written meanwhile."""
    await migrate(url)
    await check_schema(url)
    here, there = SqlStorage.open(url, 2), SqlStorage.open(url, 2)
    one, two = a_user("many-equal-letters-1"), a_user("many-equal-letters-2", ADMIN)
    try:
        assert await found(here, one.id) is None
        await put(there, two, one)
        assert await found(here, two.id) == two
        async with here.reading() as reading:
            assert [user.id for user in await reading.user_pages.by_username("", None, 10)] == [one.id, two.id]
        with pytest.raises(UsernameTaken):
            await put(there, a_user("Many-Equal-Letters-1"))
        async with there.transaction() as tx:
            assert await tx.users.delete(two.id)
        assert await found(here, two.id) is None
        assert len(await announced(here)) > 1
    finally:
        await here.close()
        await there.close()
    findings = await diagnose_database(url, SystemClock().now)
    return [finding for finding in findings if finding.state == "wrong"] == []


async def test_other_defaults_of_a_mysql_server_change_nothing(own_mysql_server: MySQLServer, mysql_url: str) -> None:
    """ST-10: all at once. Among them are autocommit=0, under which readers kept one snapshot, and ANSI_QUOTES."""
    url = DatabaseUrl.parse(mysql_url)
    with hostile(own_mysql_server, HOSTILE):
        assert await wrongly_set(url, own_mysql_server) == []
        assert await works(url)
    engines = own_mysql_server.sql(
        f"SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = '{url.database}'"
    )
    assert engines == [("InnoDB",)]


@pytest.mark.full
@pytest.mark.parametrize("name", HOSTILE)
async def test_one_other_default_of_a_mysql_server_changes_nothing(
    own_mysql_server: MySQLServer, mysql_url: str, name: str
) -> None:
    """ST-10."""
    url = DatabaseUrl.parse(mysql_url)
    with hostile(own_mysql_server, [name]):
        assert await wrongly_set(url, own_mysql_server) == []
        assert await works(url)
