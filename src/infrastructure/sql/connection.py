"""One connection of the database, as the repositories use it.

SQLAlchemy makes the connections (`pool.py` keeps them), compiles the statements and converts the values
(`statements.py`); what runs them is the driver itself. SQLAlchemy's own way to an async driver crosses a bridge between
coroutines and plain functions for each step, which costs several times what the driver takes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import Dialect, Executable

from doorward.domain.errors import DomainError, StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.engine import error_code
from doorward.infrastructure.sql.pool import Lent, Pool
from doorward.infrastructure.sql.statements import SqlRow, Values, prepared

T = TypeVar("T")
Work = Callable[[Any], Awaitable[T]]
"""Something that is asked of a driver's connection."""

NOTHING: Values = MappingProxyType({})

LONGEST = 1.5
"""Seconds for a whole block, and again for its commit: whoever asks a database that is away hears of it in time."""

UNDONE = frozenset({1020, 1180, 1213, 3101})
"""MySQL undid the whole transaction: row changed, commit refused, deadlock, certification failed in the group."""

GONE = frozenset({1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 3032, 3169})
"""Further ways in which a server says goodbye: shutting down, network trouble, offline mode, killed."""

READ_ONLY = frozenset({1290, 1792, 1836, 3100})
"""A server that was demoted says so and keeps the connection; the pool must let go of it."""

CLOSED = frozenset({"no active connection", "Connection closed"})
"""What aiosqlite says of a connection that is no more."""

OUT_OF_STEP = frozenset({"InterfaceError", "InternalError"})
"""PEP 249's names, of which each driver has classes of its own."""


class Violated(Exception):
    """The database holds a constraint against the change. Of one row it did nothing; of many, some may have been
    changed. `__cause__` is the driver's error."""


class ConnectionLost(TransactionConflict):
    """The connection was dead or died under the statement: on another one the same may succeed at once."""


@dataclass(slots=True)
class SqlConnection:
    """Faults leave as StorageUnavailable or TransactionConflict; Violated is for the repositories to read."""

    pool: Pool
    lent: Lent
    deadline: asyncio.Timeout
    alone: bool
    """Each statement stands alone: one that met a dead connection is run again on another."""
    open: bool = False
    """Something was asked for that is not committed yet."""

    @property
    def driver(self) -> Any:
        return self.lent.driver

    @property
    def dialect(self) -> Dialect:
        return self.pool.engine.dialect

    async def rows(self, statement: Executable, values: Values = NOTHING) -> Sequence[SqlRow]:
        asked = prepared(statement, self.dialect, values)
        parameters = asked.parameters(values)
        return asked.rows(await self._run(lambda driver: fetched(driver, asked.text, parameters)))

    async def change(self, statement: Executable, values: Values = NOTHING) -> int:
        """How many rows it matched."""
        asked = prepared(statement, self.dialect, values)
        parameters = asked.parameters(values)
        return await self._run(lambda driver: matched(driver, asked.text, parameters))

    async def change_all(self, statement: Executable, each: Sequence[Values]) -> None:
        """The same change with one set of values after another."""
        asked = prepared(statement, self.dialect, each[0])
        parameters = [asked.parameters(values) for values in each]
        await self._run(lambda driver: repeated(driver, asked.text, parameters))

    async def begin(self, statement: str) -> None:
        await self._run(lambda driver: matched(driver, statement, ()))

    async def _run(self, work: Work[T]) -> T:
        try:
            return await self._asked(work)
        except ConnectionLost:
            if not self.alone:
                raise
        self.lent = await self.pool.another(self.lent)
        try:
            return await self._asked(work)
        except ConnectionLost as error:
            raise StorageUnavailable from error

    async def _asked(self, work: Work[T]) -> T:
        self.open = not self.alone
        try:
            return await work(self.driver)
        except self.dialect.loaded_dbapi.Error as error:
            refused = refusal(error, self.dialect)
            if isinstance(refused, ConnectionLost):
                self.lent.drop()
                self.pool.distrust()
            elif out_of_step(error):
                self.lent.drop()
            if refused is None:
                raise
            raise refused from error
        except BaseException as error:
            self.lent.drop()
            if is_gone(error):
                self.pool.distrust()
                raise ConnectionLost from error
            raise

    async def commit(self, done: Callable[[], None]) -> None:
        """`done` is called once it is. Raise TransactionConflict when nothing was committed, StorageUnavailable when
        nobody knows."""
        self.deadline.reschedule(None)
        await to_the_end(self._commit(done))

    async def _commit(self, done: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await self._asked(lambda driver: driver.commit())
        except (ConnectionLost, TimeoutError) as error:
            raise StorageUnavailable from error
        self.open = False
        done()

    async def close(self) -> None:
        """Roll back what is open and give the connection back; one that does not answer is dropped."""
        try:
            if self.open and self.lent.usable:
                await to_the_end(self._roll_back())
        finally:
            self.pool.give_back(self.lent)

    async def _roll_back(self) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await self._asked(lambda driver: driver.rollback())
        except (DomainError, TimeoutError):
            self.lent.drop()


async def fetched(driver: Any, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
    async with driver.cursor() as cursor:
        await cursor.execute(text, parameters)
        found: Sequence[Sequence[Any]] = await cursor.fetchall()
        return found


async def matched(driver: Any, text: str, parameters: Sequence[Any]) -> int:
    async with driver.cursor() as cursor:
        await cursor.execute(text, parameters)
        return int(cursor.rowcount)


async def repeated(driver: Any, text: str, parameters: Sequence[Sequence[Any]]) -> None:
    async with driver.cursor() as cursor:
        await cursor.executemany(text, parameters)


@asynccontextmanager
async def connected(pool: Pool, *, alone: bool) -> AsyncIterator[SqlConnection]:
    """A connection for the block, which is cut off when it takes longer than LONGEST."""
    try:
        async with asyncio.timeout(LONGEST) as deadline:
            connection = SqlConnection(pool, await pool.take(), deadline, alone)
            try:
                yield connection
            finally:
                await connection.close()
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise StorageUnavailable from error


def refusal(error: Any, dialect: Dialect) -> Exception | None:
    """What the inside calls a driver's error. Mistakes of ours stay what they are; and what has waited in vain (for a
    lock, a disk) is no conflict: to run it again would be to wait again."""
    driver, code = dialect.loaded_dbapi, error_code(error)
    if code in GONE | READ_ONLY or dialect.is_disconnect(error, None, None):
        return ConnectionLost()
    if code in UNDONE:
        return TransactionConflict()
    if isinstance(error, driver.IntegrityError):
        return Violated()
    ours = (driver.ProgrammingError, driver.NotSupportedError, getattr(driver, "DataError", driver.NotSupportedError))
    return None if isinstance(error, ours) else StorageUnavailable()


def out_of_step(error: BaseException) -> bool:
    """Whether driver and server may no longer agree on whose answer comes next."""
    return any(kind.__name__ in OUT_OF_STEP for kind in type(error).__mro__)


def is_gone(error: BaseException) -> bool:
    """What drivers raise, beside errors of their own, when the connection went away beneath them."""
    return isinstance(error, AttributeError | OSError | EOFError) or (
        isinstance(error, ValueError) and str(error) in CLOSED
    )


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
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise
