"""Rows in every table that a backup contains, with a value in each column, and the same rows read back."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Column, Connection, Table, delete, insert, select

from doorward.infrastructure.sql.backup.tables import backed_up, kind_of
from doorward.infrastructure.sql.engine import open_migrator, run_in_database
from doorward.infrastructure.sql.naming import add_table_prefix
from doorward.infrastructure.sql.urls import DatabaseUrl

T = TypeVar("T")
ROWS = 3
SOME_DAY = datetime(2026, 11, 30, 7, 45, tzinfo=UTC)

Contents = Mapping[str, list[tuple[Any, ...]]]


def on_database(url: DatabaseUrl, work: Callable[[Connection], T]) -> T:
    """Return the result of `work` in one transaction, which is committed."""

    def work_and_commit(connection: Connection) -> T:
        is_file = connection.dialect.name == "sqlite"
        if is_file:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        done = work(connection)
        if is_file:
            connection.exec_driver_sql("COMMIT")
        connection.commit()
        return done

    engine = open_migrator(url, 5)
    add_table_prefix(engine, url.table_prefix)
    return asyncio.run(run_in_database(engine, work_and_commit))


def fill(url: DatabaseUrl, rows: int = ROWS) -> None:
    """Put so many rows into every table, in place of those that it has."""

    def work(connection: Connection) -> None:
        tables = list(backed_up())
        for table in reversed(tables):
            connection.execute(delete(table))
        for table in tables:
            connection.execute(insert(table), [row_of(table, number) for number in range(rows)])

    on_database(url, work)


def contents(url: DatabaseUrl) -> Contents:
    """Return all rows of every table, as Python has their values."""
    return on_database(
        url,
        lambda connection: {
            str(table.name): sorted(map(tuple, connection.execute(select(table)).all()), key=repr)
            for table in backed_up()
        },
    )


def row_of(table: Table, number: int) -> dict[str, Any]:
    """Return the row with this number. The first one has nothing in the columns that may be empty."""
    return {
        column.name: None if column.nullable and number == 0 else value_of(column, number) for column in table.columns
    }


def value_of(column: Column[Any], number: int) -> Any:
    """Return a value that no other row of the table has. A foreign key names the row with the same number."""
    for reference in column.foreign_keys:
        return value_of(reference.column, number)
    hashed = hashlib.sha256(f"{column} {number}".encode()).digest()
    text = f"{column.name[:2]}é{number}"
    values: dict[str, Any] = {
        "uuid": UUID(bytes=hashed[:16]),
        "key": text,
        "text": f"{text} 🚪" if getattr(column.type, "length", None) != 16 else text,
        "bytes": hashed,
        "time": SOME_DAY + timedelta(microseconds=number + 1),
        "flag": bool(number % 2),
        "number": number + 1,
    }
    return values[kind_of(column)]
