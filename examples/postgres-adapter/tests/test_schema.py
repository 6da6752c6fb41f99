"""The schema on a real server: it is that of Doorward, and it is made once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
from exam import Database
from sqlalchemy import Connection, Inspector, inspect

from doorward.adapters import StartRefused
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.sql.contents import HEAD
from doorward.infrastructure.sql.engine import run_in_database
from doorward.infrastructure.sql.tables import metadata
from doorward_postgresql.engine import make_engine

PREFIX = "Fresh_"


@pytest.fixture
async def fresh(database: Database) -> AsyncIterator[Database]:
    """The database with a table prefix under which there are no tables."""
    yield replace(database, table_prefix=PREFIX)
    connection = await asyncpg.connect(database.url)
    for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE starts_with(tablename, $1)", PREFIX):
        await connection.execute(f'DROP TABLE "{row["tablename"]}" CASCADE')
    await connection.close()


async def test_the_migrated_tables_are_those_of_doorward(fresh: Database) -> None:
    await fresh.migrated()
    engine = make_engine(fresh.adapter().url, None, {}, 1)

    def compare(connection: Connection) -> None:
        inspector = inspect(connection)
        for table in metadata.sorted_tables:
            name = f"{PREFIX}{table.name}"
            columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
            assert columns == {column.name: column.nullable for column in table.columns}
            assert inspector.get_pk_constraint(name)["constrained_columns"] == [*table.primary_key.columns.keys()]
            assert indexes(inspector, name) == {
                *((tuple(index.columns.keys()), bool(index.unique)) for index in table.indexes),
                *(((column.name,), True) for column in table.columns if column.unique),
            }
            references = {
                (*key["constrained_columns"], key["referred_table"]) for key in inspector.get_foreign_keys(name)
            }
            assert references == {(key.parent.name, f"{PREFIX}{key.column.table.name}") for key in table.foreign_keys}

    await run_in_database(engine, compare)


def indexes(inspector: Inspector, table: str) -> set[tuple[tuple[str | None, ...], bool]]:
    return {(tuple(index["column_names"]), index["unique"]) for index in inspector.get_indexes(table)}


async def test_processes_that_migrate_at_once_make_the_tables_once(fresh: Database) -> None:
    with pytest.raises(StartRefused, match="run `doorward migrate`"):
        await fresh.adapter().check()
    answers = await asyncio.gather(*(fresh.adapter().migrate() for _ in range(3)))
    assert sorted(answers, key=str) == [(HEAD, HEAD), (HEAD, HEAD), (None, HEAD)]
    await fresh.adapter().check()
    assert await fresh.adapter().migrate() == (HEAD, HEAD)


async def test_tables_of_another_program_are_refused_and_left_alone(fresh: Database) -> None:
    connection = await asyncpg.connect(fresh.url)
    await connection.execute(f'CREATE TABLE "{PREFIX}users" (id integer)')
    with pytest.raises(StartRefused, match=f"another program.*{PREFIX}users.*DOORWARD_TABLE_PREFIX"):
        await fresh.adapter().migrate()
    assert await connection.fetchval(f'SELECT count(*) FROM "{PREFIX}users"') == 0
    await connection.close()


async def test_a_schema_of_a_newer_version_is_refused(fresh: Database) -> None:
    await fresh.migrated()
    connection = await asyncpg.connect(fresh.url)
    await connection.execute(f"UPDATE \"{PREFIX}doorward_version\" SET version_num = '9999'")
    await connection.close()
    for refused in (fresh.adapter().check(), fresh.adapter().migrate()):
        with pytest.raises(StartRefused, match="a newer version"):
            await refused


async def test_a_server_that_is_down_is_refused_with_its_address(database: Database) -> None:
    adapter = database.adapter(("127.0.0.1", 1))
    with pytest.raises(StartRefused, match=r"127\.0\.0\.1:1/.* cannot be used .*check that it is up"):
        await adapter.check()
    (finding,) = await adapter.diagnose(SystemClock().now)
    assert (finding.check, finding.state) == ("database", "wrong")


async def test_the_doctor_finds_a_good_database_good(fresh: Database) -> None:
    await fresh.migrated()
    findings = await fresh.adapter().diagnose(SystemClock().now)
    assert [(each.check, each.state) for each in findings] == [
        ("database", "ok"),
        ("schema", "ok"),
        ("writable", "ok"),
        ("tls", "ok"),
        ("clock", "ok"),
    ]
