"""Reads a database into a backup, from one snapshot, while others write."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, BinaryIO, Final, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, func, literal, or_, select, tuple_

from doorward.infrastructure.adapters.backup_adapter import Progress
from doorward.infrastructure.backup.form import FORM, ROWS_AT_ONCE, Heading, Values
from doorward.infrastructure.backup.writing import BackupWriter
from doorward.infrastructure.sql.backup.tables import backed_up, kind_of, table_heading
from doorward.infrastructure.sql.connection import SqlRow
from doorward.infrastructure.sql.contents import HEAD
from doorward.infrastructure.sql.types import SQLITE

T = TypeVar("T")
SNAPSHOT: Final = "START TRANSACTION WITH CONSISTENT SNAPSHOT"
SNAPSHOT_OF_SQLITE: Final = "BEGIN"


def write_backup(connection: Connection, file: BinaryIO, now: datetime, progress: Progress) -> Heading:
    """Write all tables to the file, page by page, and return the heading. The connection must be one of
    `open_snapshot_engine`."""
    begin = SNAPSHOT_OF_SQLITE if connection.dialect.name == SQLITE else SNAPSHOT
    connection.exec_driver_sql(begin)
    tables = list(backed_up())
    counts = [connection.scalars(select(func.count()).select_from(table)).one() for table in tables]
    heading = Heading(FORM, HEAD, version("doorward"), now, tuple(map(table_heading, tables, counts)))
    writer = BackupWriter(file, heading)
    for table, count in zip(tables, counts, strict=True):
        done = 0
        for rows in pages(connection, table):
            writer.rows(rows)
            done += len(rows)
            progress(table.name, done, count)
    writer.end()
    return heading


def pages(connection: Connection, table: Table) -> Iterator[Sequence[Values]]:
    """Yield the rows of a table in the order of its primary key.

    Each page is a statement of its own, because drivers hold the whole answer to a statement in memory.
    """
    key = list(table.primary_key.columns)
    places = [list(table.columns).index(column) for column in key]
    flags = [place for place, column in enumerate(table.columns) if kind_of(column) == "flag"]
    page = select(table).order_by(*key).limit(ROWS_AT_ONCE)
    rows: Sequence[SqlRow] = connection.execute(page).all()
    while rows:
        yield [with_flags(row, flags) for row in rows]
        if len(rows) < ROWS_AT_ONCE:
            return
        last = [rows[-1][place] for place in places]
        rows = connection.execute(page.where(behind(key, last, connection.dialect.name))).all()


def behind(key: Sequence[Column[Any]], last: Sequence[Any], dialect: str) -> ColumnElement[bool]:
    """Return the condition that a key comes after the last one, in the form for which each database uses its index."""
    values = [literal(value, column.type) for column, value in zip(key, last, strict=True)]
    if dialect == SQLITE:
        return tuple_(*key) > tuple_(*values)
    begins_equally = [column == value for column, value in zip(key, values, strict=True)]
    each = (
        and_(*begins_equally[:place], column > value)
        for place, (column, value) in enumerate(zip(key, values, strict=True))
    )
    return or_(*each)


def with_flags(row: SqlRow, places: Sequence[int]) -> Values:
    """Return the values of a row, with the flags as truth values: SQLite has numbers for them."""
    values = list(row)
    for place in places:
        values[place] = bool(values[place])
    return tuple(values)
