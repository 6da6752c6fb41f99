"""One connection of the database, as the repositories use it.

This is what SQLAlchemy's AsyncConnection does, and less: the same bridge (`greenlet_spawn`) from coroutines to its
plain Connection on an async driver. Importing AsyncConnection would import the ORM, a third of what this package
costs at start-up; and here one crossing of the bridge runs a statement, fetches its rows and closes its cursor.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.util import greenlet_spawn

from domain.errors import DomainError, StorageUnavailable, TransactionConflict
from infrastructure.sql.engine import error_code

T = TypeVar("T")
SqlRow = Row[*tuple[Any, ...]]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

LONGEST = 1.5
"""Seconds for a whole block, and again for its commit: whoever asks a database that is away hears of it in time."""

UNDONE = frozenset({1020, 1180, 1213, 3101})
"""MySQL undid the whole transaction: row changed, commit refused, deadlock, certification failed in the group."""


class ConnectionLost(TransactionConflict):
    """The connection was dead or died under the statement: on another one the same may succeed at once."""


@dataclass(frozen=True, slots=True)
class SqlConnection:
    """Faults leave as StorageUnavailable or TransactionConflict; IntegrityError is for the repositories to read."""

    raw: Connection
    deadline: asyncio.Timeout
    alone: bool
    """Each statement stands alone: one that met a dead connection is run again on another."""

    async def rows(self, statement: Executable, parameters: Parameters = None) -> Sequence[SqlRow]:
        def run() -> Sequence[SqlRow]:
            return self.raw.execute(statement, parameters).all()

        return await self._run(run)

    async def change(self, statement: Executable, parameters: Parameters = None) -> int:
        """How many rows it matched."""

        def run() -> int:
            return self.raw.execute(statement, parameters).rowcount

        return await self._run(run)

    async def begin(self, statement: str) -> None:
        def run() -> None:
            self.raw.exec_driver_sql(statement)

        await self._run(run)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asked(work)
        except ConnectionLost:
            if not self.alone:
                raise
        try:
            await asked(self.raw.rollback)  # upon which the next statement takes another connection
            return await asked(work)
        except ConnectionLost as error:
            raise StorageUnavailable from error

    async def commit(self, done: Callable[[], None]) -> None:
        """`done` is called once it is. Raise TransactionConflict when nothing was committed, StorageUnavailable when
        nobody knows."""
        self.deadline.reschedule(None)
        await to_the_end(self._commit(done))

    async def _commit(self, done: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await asked(self.raw.commit)
        except (ConnectionLost, TimeoutError) as error:
            raise StorageUnavailable from error
        done()

    async def close(self) -> None:
        """Roll back what is open and give the connection back; one that does not answer is dropped."""
        if self.alone:
            await self._close()  # nothing is open, so nothing is said to the server
        else:
            await to_the_end(self._close())

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await greenlet_spawn(self.raw.close)
        except (DBAPIError, TimeoutError):
            await greenlet_spawn(drop, self.raw)


@asynccontextmanager
async def connected(engine: Engine, *, alone: bool) -> AsyncIterator[SqlConnection]:
    """A connection for the block, which is cut off when it takes longer than LONGEST."""
    try:
        async with asyncio.timeout(LONGEST) as deadline:
            connection = SqlConnection(await checked_out(engine), deadline, alone)
            try:
                yield connection
            finally:
                await connection.close()
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise StorageUnavailable from error


async def checked_out(engine: Engine) -> Connection:
    try:
        return await greenlet_spawn(engine.connect)
    except (DBAPIError, NoneFree) as error:
        raise StorageUnavailable from error


def drop(connection: Connection) -> None:
    connection.invalidate()
    connection.close()


async def asked(work: Callable[[], T]) -> T:
    try:
        return await greenlet_spawn(work)
    except NoneFree as error:
        raise StorageUnavailable from error
    except DBAPIError as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise refused from error


def refusal(error: DBAPIError) -> DomainError | None:
    """What the inside calls it. Mistakes of ours stay what they are; and what has waited in vain (for a lock, a disk)
    is no conflict: to run it again would be to wait again."""
    if error.connection_invalidated:
        return ConnectionLost()
    if error_code(error.orig) in UNDONE:
        return TransactionConflict()
    if isinstance(error, IntegrityError | DataError | ProgrammingError | NotSupportedError):
        return None
    return StorageUnavailable()


def padded(values: Sequence[T]) -> list[T]:
    """The values, the last one repeated up to the next power of two: an IN has few forms then for the server and for
    SQLAlchemy to remember."""
    if not values:
        return []
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (size - len(values))]


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Half a COMMIT or ROLLBACK is none: when cancelled meanwhile, be cancelled afterwards."""
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    task.exception()
    raise cancellation
