"""One connection of the database, as the repositories use it.

SQLAlchemy runs the statements, in `asynchronous.py` and `sqlite.py`. This module adds what both need: time limits, one
retry of a read on a lost connection, and refusals of the domain in place of errors of drivers.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Row

from doorward.domain.errors import DomainError, StorageMoved, StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.errors import COMMIT, ConnectionLost, ConstraintViolated, connecting, refusal
from doorward.infrastructure.sql.pools import Connections, Session, Work
from doorward.infrastructure.sql.waiting import WaitLimit, finish_despite_cancellation

T = TypeVar("T")
Values = Mapping[str, Any]
"""The values of a statement's parameters, by their names."""

SqlRow = Row[*tuple[Any, ...]]
NO_VALUES: Values = MappingProxyType({})

MAX_KEYS_PER_STATEMENT = 500
"""The number of rows that one statement inserts, or of keys that it looks for."""

MANY_ROWS: Mapping[str, bool] = MappingProxyType({"doorward_many_rows": True})
"""Execution options for statements that read or change many rows. On SQLite they run in a thread."""

MAX_INLINE_CHANGES = 16
"""The number of sets of values up to which a statement does not count as one that changes many rows."""


@dataclass(slots=True)
class SqlConnection:
    """A connection that raises refusals: StorageUnavailable, TransactionConflict, and ConstraintViolated for the
    repositories to handle."""

    connections: Connections
    session: Session
    limit: WaitLimit
    in_transaction: bool
    """False for reading: each statement is independent. If its connection was lost or its server is not the right one
    any more, it runs again on another one."""
    uncommitted: bool = False
    """True from the first statement of a transaction until it is committed."""
    lost: bool = False
    """True once the database may have rolled the transaction back. MySQL would begin another one with the next
    statement, so that only the second half of a step would be committed."""
    closed: bool = False
    """True after the block. The connection belongs to somebody else then."""
    postponed: list[Work[None]] = field(default_factory=list)
    """What the next statement or the commit does first."""

    async def rows(self, statement: Executable, values: Values = NO_VALUES) -> Sequence[SqlRow]:
        """Run a SELECT and return its rows."""
        if statement.is_dml:
            self._check_writable()
        return await self._run(lambda connection: connection.execute(statement, values).all(), statement)

    async def change(self, statement: Executable, values: Values = NO_VALUES) -> int:
        """Run a statement and return how many rows it matched. Raise TypeError for a reading."""
        self._check_writable()
        return await self._run(lambda connection: connection.execute(statement, values).rowcount, statement)

    async def change_all(self, statement: Executable, each: Sequence[Values]) -> None:
        """Run a statement once for each set of values. Raise TypeError for a reading."""
        self._check_writable()
        many = len(each) > MAX_INLINE_CHANGES
        await self._run(lambda connection: connection.execute(statement, each), statement, many_rows=many)

    async def run(self, work: Work[T], name: str) -> T:
        """Return the result of several statements that need nothing in between. That costs less than one by one.
        `name` says in the log what they are for. For a reading each of them has to be a SELECT."""
        return await self._run(work, name)

    def postpone(self, work: Work[None], statement: Executable, conflict: str) -> None:
        """Do the work before the next statement of the transaction or before its commit, whichever comes first.

        It costs less than a statement of its own, and suits a change whose result nobody needs. Its refusals are raised
        there; `statement` is what they name in the log. If a constraint of the database refuses the change, it is
        TransactionConflict with the cause `conflict`. Raise TypeError for a reading, which has no commit.
        """
        self._check_writable()

        def work_or_refusal(connection: Connection) -> None:
            try:
                work(connection)
            except Exception as error:
                refused = refusal(error, statement)
                if refused is None:
                    raise
                if isinstance(refused, ConstraintViolated):
                    refused = TransactionConflict(cause=conflict)
                raise refused from error

        self.postponed.append(work_or_refusal)

    def _do_postponed(self, connection: Connection) -> None:
        while self.postponed:
            self.postponed[0](connection)
            del self.postponed[0]

    async def begin(self) -> None:
        await self._attempt(lambda session: session.begin(), "begin")

    async def _run(self, work: Work[T], statement: Executable | str, *, many_rows: bool = False) -> T:
        def work_in_order(connection: Connection) -> T:
            self._do_postponed(connection)
            return work(connection)

        self._check_usable()
        many_rows = many_rows or has_many_rows(statement)
        try:
            return await self._attempt(lambda session: session.run(work_in_order, many_rows=many_rows), statement)
        except (ConnectionLost, StorageMoved):
            if self.in_transaction:
                raise
        with connecting():
            await self.session.renew()
        try:
            return await self._attempt(lambda session: session.run(work, many_rows=many_rows), statement)
        except ConnectionLost as error:
            raise StorageUnavailable(cause=error.cause, trace=error.trace) from error

    async def _attempt(self, work: Callable[[Session], Awaitable[T]], statement: Executable | str) -> T:
        """Do the work. `statement` is what it does, or its name."""
        self.uncommitted = self.in_transaction
        try:
            return await work(self.session)
        except Exception as error:
            refused = refusal(error, statement)
            if self.in_transaction and isinstance(refused or error, StorageUnavailable | TransactionConflict):
                self.lost = True
            if refused is None:
                raise
            raise refused from error

    def _check_writable(self) -> None:
        """Not left to the database, because not every one has connections that are read-only."""
        self._check_usable()
        if not self.in_transaction:
            raise TypeError("A reading cannot write; use a transaction.")

    def _check_usable(self) -> None:
        if self.closed:
            raise RuntimeError("The block of this connection has ended; open another one.")
        if self.lost:
            raise TransactionConflict(cause="transaction_was_lost")

    async def commit(self, committed: Callable[[], None]) -> None:
        """Commit, and call `committed` afterwards, even when the caller is cancelled meanwhile.

        Raise TransactionConflict when nothing was committed, and StorageUnavailable when the outcome is unknown.
        """
        await finish_despite_cancellation(self._commit(committed))

    async def _commit(self, committed: Callable[[], None]) -> None:
        self._check_usable()
        postponed = self._do_postponed if self.postponed else None
        try:
            await self._attempt(lambda session: session.commit(postponed), COMMIT)
        except ConnectionLost as error:
            if self.postponed:  # so the commit was not sent
                raise
            raise StorageUnavailable(cause=error.cause, trace=error.trace) from error
        self.uncommitted = False
        committed()

    async def close(self) -> None:
        """Roll back what is not committed and release the connection."""
        self.closed = True
        if self.uncommitted:
            await finish_despite_cancellation(self._roll_back_and_release())
        else:
            await self.session.release()

    async def _roll_back_and_release(self) -> None:
        try:
            with suppress(DomainError):
                await self._attempt(lambda session: session.roll_back(), "rollback")
        finally:
            await self.session.release()


async def open_session(connections: Connections, limit: WaitLimit) -> Session:
    """Return a connection from the pool, or a new one. Raise StorageUnavailable if that fails."""
    with connecting():
        return await connections.session(limit)


@asynccontextmanager
async def connected(connections: Connections, *, in_transaction: bool) -> AsyncIterator[SqlConnection]:
    """Provide a connection for the block, and release it afterwards."""
    limits = connections.limits
    limit = WaitLimit(limits.pool_wait_seconds)
    limit.allow(connections.allowance_seconds)
    session = await open_session(connections, limit)
    limit.extend(limits.wait_seconds - limits.pool_wait_seconds)
    connection = SqlConnection(connections, session, limit, in_transaction)
    try:
        yield connection
    finally:
        await connection.close()


def execution(statement: Executable, values: Values) -> Work[None]:
    """Return the work that runs one statement."""

    def work(connection: Connection) -> None:
        connection.execute(statement, values)

    return work


def has_many_rows(statement: Executable | str) -> bool:
    """Return whether the statement says that it reads or changes many rows."""
    return isinstance(statement, Executable) and not MANY_ROWS.keys().isdisjoint(statement.get_execution_options())


def padded(values: Sequence[T]) -> list[T]:
    """Return the values, the last one repeated up to a power of two, so that few forms of IN are compiled."""
    if not values:
        return []
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (size - len(values))]


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the values in parts that one statement takes."""
    for start in range(0, len(values), MAX_KEYS_PER_STATEMENT):
        yield values[start : start + MAX_KEYS_PER_STATEMENT]
