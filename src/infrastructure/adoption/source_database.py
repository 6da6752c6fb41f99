"""A database of another system, read in one transaction that cannot write."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar, final

from sqlalchemy import Connection, Engine, Executable, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import greenlet_spawn

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.adoption.postgresql import POSTGRESQL, masked_postgresql, open_postgresql
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import NO_VALUES, SqlRow, Values
from doorward.infrastructure.sql.engine import open_engine
from doorward.infrastructure.sql.errors import connecting
from doorward.infrastructure.sql.mysql.standing import Use
from doorward.infrastructure.sql.schema import cause
from doorward.infrastructure.sql.urls import DatabaseUrl

T = TypeVar("T")
SNAPSHOT: Mapping[str, Sequence[str]] = {
    "mysql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "mariadb": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "sqlite": ("BEGIN",),
    "postgresql": (),
}
"""What begins a transaction that reads one state of the database, by the name of SQLAlchemy's dialect. PostgreSQL's
begins with the first statement, as `open_postgresql` says."""


@final
@dataclass(frozen=True, slots=True)
class SourceDatabase:
    connection: Connection
    shown: str
    """The URL without the password."""

    async def rows(self, statement: Executable, values: Values = NO_VALUES) -> Sequence[SqlRow]:
        return await self.run(lambda connection: connection.execute(statement, values).all())

    async def columns(self, table: str, needed: Iterable[str], schema: str | None = None) -> Mapping[str, str]:
        """Return the names of the table's columns, by the same in lower case and without underscores. Raise
        StartRefused if one of the needed ones is missing."""

        def look(connection: Connection) -> list[str]:
            inspector = inspect(connection)
            if not inspector.has_table(table, schema):
                return []
            return [column["name"] for column in inspector.get_columns(table, schema)]

        found = {name.lower().replace("_", ""): name for name in await self.run(look)}
        name = table if schema is None else f"{schema}.{table}"
        if not found:
            raise StartRefused(f"The database {self.shown} has no table {name}; name the database of the other system.")
        if missing := [each for each in needed if each not in found]:
            raise StartRefused(
                f"The table {name} of {self.shown} has no column {missing[0]}; is it a table of this system?"
            )
        return found

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return the result of `work`, which does not block the event loop. Raise StartRefused if the database cannot
        be used."""
        try:
            if self.connection.dialect.is_async:
                return await greenlet_spawn(work, self.connection)
            return await asyncio.to_thread(work, self.connection)
        except (SQLAlchemyError, OSError) as error:
            raise unusable_source(self.shown, error) from error


@asynccontextmanager
async def open_source_database(raw: str) -> AsyncIterator[SourceDatabase]:
    """Provide the database of a URL: `sqlite:///`, `mysql://` or `postgresql://`. Raise StartRefused."""
    if raw.partition("://")[0].lower() in POSTGRESQL:
        shown, engine = masked_postgresql(raw), open_postgresql(raw)
    else:
        url = DatabaseUrl.parse(raw)
        if url.sqlite_path is not None and not url.sqlite_path.is_file():
            raise StartRefused(f"There is no file {url.sqlite_path}.")
        shown, engine = url.masked, open_engine(url, Use.ANY, {"transaction_read_only": 1})
    connection = await connected(engine, shown)
    database = SourceDatabase(connection, shown)
    try:
        for statement in SNAPSHOT[engine.dialect.name]:
            await database.run(lambda each, text=statement: each.exec_driver_sql(text))  # type: ignore[misc]
        yield database
    finally:
        with suppress(StartRefused):
            await database.run(close)


async def connected(engine: Engine, shown: str) -> Connection:
    def connect() -> Connection:
        with connecting():
            return engine.connect()

    try:
        return await (greenlet_spawn(connect) if engine.dialect.is_async else asyncio.to_thread(connect))
    except (SQLAlchemyError, OSError, StorageUnavailable) as error:
        raise unusable_source(shown, error) from error


def close(connection: Connection) -> None:
    """End the transaction and the connection."""
    try:
        connection.exec_driver_sql("ROLLBACK")
    finally:
        connection.close()
        connection.engine.dispose()


def unusable_source(shown: str, error: Exception) -> StartRefused:
    """Return a refusal of one line with the message of the database server, which contains no password."""
    reason: Any = getattr(cause(error), "orig", None)
    words = " ".join(" ".join(str(part) for part in reason.args).split()) if reason is not None else ""
    return StartRefused(f"The database {shown} cannot be read ({words or 'no answer'}); check that the URL names it.")
