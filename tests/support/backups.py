"""Backups and restores in this process, without a command."""

import asyncio
from datetime import datetime
from io import BytesIO
from pathlib import Path

import msgspec

from doorward.infrastructure.adapters.backup_adapter import Restored, RestoreRequest
from doorward.infrastructure.backup.form import TableHeading
from doorward.infrastructure.backup.reading import BackupReader
from doorward.infrastructure.backup.voided import RestoreRules, Row
from doorward.infrastructure.backup.writing import BackupWriter
from doorward.infrastructure.sql.backup.backups import back_up, restore
from doorward.infrastructure.sql.contents import columns_of
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.doubles import NOON
from support.every_table import on_database


def told_to_nobody(table: str, done: int, of: int) -> None:
    """Take note of nothing."""


def unchanged(row: Row) -> Row:
    return row


def backup_of(url: DatabaseUrl, now: datetime = NOON) -> bytes:
    file = BytesIO()
    asyncio.run(back_up(url, file, now, told_to_nobody))
    return file.getvalue()


def restored_into(
    url: DatabaseUrl, backup: bytes, *, end_sessions: bool = False, replace: bool = False, now: datetime = NOON
) -> Restored:
    rules = RestoreRules(end_sessions=end_sessions, now=now, resealed=unchanged)
    request = RestoreRequest(rules=rules, replace=replace)
    return asyncio.run(restore(url, BytesIO(backup), request, told_to_nobody))


def of_earlier_schema(backup: bytes, revision: str, folder: Path) -> bytes:
    """Return what a version with that schema would have written: without the tables and columns that came later."""
    url = DatabaseUrl(sqlite_path=folder / "earlier.db")
    asyncio.run(migrate(url, revision))
    reader, written = BackupReader(BytesIO(backup)), BytesIO()
    names = [table.name for table in reader.heading.tables]
    had = on_database(url, lambda connection: {name: columns_of(connection, name) for name in names})
    kept = [with_columns(table, had[table.name] or frozenset()) for table in reader.heading.tables]
    tables = tuple(table for table in kept if table.columns)
    writer = BackupWriter(written, msgspec.structs.replace(reader.heading, schema=revision, tables=tables))
    for table, remaining in zip(reader.heading.tables, kept, strict=True):
        places = [table.names.index(name) for name in remaining.names]
        for rows in reader.rows(table):
            if places:
                writer.rows([tuple(row[place] for place in places) for row in rows])
    writer.end()
    return written.getvalue()


def with_columns(table: TableHeading, names: frozenset[str]) -> TableHeading:
    columns = tuple(column for column in table.columns if column.name in names)
    return msgspec.structs.replace(table, columns=columns)
