"""Most tests get their tables from `support.made_tables`: they are what the migrations make."""

import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.tables import metadata
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.made_tables import literal, make_tables
from support.mysql.server import MySQLServer
from support.sql_by_hand import Sql, sql_on

PARTS = {
    "TABLES": ("TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT"),
    "COLUMNS": (
        "TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, CHARACTER_SET_NAME, "
        "COLLATION_NAME, COLUMN_KEY, EXTRA, COLUMN_COMMENT, GENERATION_EXPRESSION"
    ),
    "STATISTICS": "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, SUB_PART, INDEX_TYPE",
    "TABLE_CONSTRAINTS": "TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE",
    "KEY_COLUMN_USAGE": (
        "TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, ORDINAL_POSITION, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME"
    ),
    "REFERENTIAL_CONSTRAINTS": "TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE",
}
"""What MySQL knows about tables, without the names of databases and the times at which they were made."""


def described_by_mysql(url: str) -> dict[str, object]:
    sql = sql_on(url)
    described: dict[str, object] = {}
    for part, columns in PARTS.items():
        schema = "CONSTRAINT_SCHEMA" if "CONSTRAINT" in part else "TABLE_SCHEMA"
        rows = sql(f"SELECT {columns} FROM information_schema.{part} WHERE {schema} = DATABASE()")
        assert rows
        described[part] = sorted(rows, key=str)
    for (table,) in sql("SHOW TABLES"):
        described[f"statement of {table}"] = sql(f"SHOW CREATE TABLE {table}")
    return {**described, **rows_of(sql)}


def rows_of(sql: Sql) -> Mapping[str, object]:
    """The rows of each table. Roles have the time of their migration, which is left out."""
    named = {
        table.name: ["name", "description"] if table.name == "roles" else ["*"] for table in metadata.sorted_tables
    }
    return {table: sql(f"SELECT {', '.join(columns)} FROM {table}") for table, columns in named.items()} | {
        "version": sql("SELECT * FROM doorward_version")
    }


async def test_mysql_has_the_same_tables_indexes_and_rows(mysql_server: MySQLServer) -> None:
    urls = [mysql_server.fresh_database() for _ in range(3)]
    migrated, first, second = urls
    await migrate(DatabaseUrl.parse(migrated))
    for made in (first, second):  # the second is never the one that is migrated to be copied
        make_tables(DatabaseUrl.parse(made))
        assert described_by_mysql(made) == described_by_mysql(migrated)
        await check_schema(DatabaseUrl.parse(made))
    for url in urls:
        mysql_server.drop(url)


@pytest.mark.parametrize("prefix", ["", "Auth_"])
async def test_a_file_of_sqlite_has_the_same_tables_rows_and_mode(tmp_path: Path, prefix: str) -> None:
    migrated, made = (DatabaseUrl(sqlite_path=tmp_path / name / "a.db", table_prefix=prefix) for name in ("one", "two"))
    await migrate(migrated)
    make_tables(made)
    await check_schema(made)
    contents = []
    for url in (migrated, made):
        path = url.sqlite_path
        assert path is not None
        assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
        sql = sql_on(f"sqlite:///{path}")
        tables = sql("SELECT * FROM sqlite_master")
        roles = sql(f"SELECT name, description FROM {prefix}roles")
        contents.append((tables, roles, sql(f"SELECT * FROM {prefix}doorward_version"), sql("PRAGMA journal_mode")))
        assert tables
        assert len(roles) == 3
    assert contents[0] == contents[1]


@pytest.mark.parametrize("raw_url", ["sqlite", "mysql"], indirect=True)
async def test_a_database_that_has_tables_stays_as_it_is(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url, "0001")
    make_tables(url)
    assert sql("SELECT * FROM doorward_version") == [("0001",)]


async def test_every_value_is_written_as_it_was_read(mysql_server: MySQLServer) -> None:
    values = (7, b"\0'", "it's \\ ä", "2026-01-02 03:04:05.000006")
    written = [literal(value) for value in (*values[:3], datetime.fromisoformat(values[3]))]
    assert mysql_server.sql(f"SELECT {', '.join(written)}") == [values]
