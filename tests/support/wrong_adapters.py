"""A storage adapter that the contract tests find right, and others that differ from it in one mistake.

The data are in memory, as if they were on a server: the adapter asks a server before each block and for each commit,
which answers with what it is sent. This module is a plugin for a run of the contract tests.
"""

import asyncio
import socketserver
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import fields, replace
from threading import Thread
from typing import Any, TypeVar

import pytest

from doorward.application.ports.storage import Storage
from doorward.domain.errors import DomainError, StorageUnavailable, TransactionConflict
from doorward.infrastructure.memory.storage import MemoryReading, MemoryStorage, MemoryTransaction
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.infrastructure.sql.waiting import WaitLimit
from doorward.testing.contracts.storage import ExaminedAdapter, ServerAddress

T = TypeVar("T")
Ask = Callable[[], Awaitable[None]]
QUESTION = b"?"
GUARD_SECONDS = {"timeless": 0.5, "endless": 0.5}
"""The tests wait so long for the adapters without time-outs. The others have time, since the machine may be busy."""


class EchoHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while part := self.request.recv(1024):
            self.request.sendall(part)


class RightStorage(MemoryStorage):
    def __init__(self, database: MemoryDatabase, address: ServerAddress, limit_seconds: float) -> None:
        super().__init__(database=database, wait_seconds=limit_seconds)
        self.address = address

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self.connected() as ask, self._alone():
            tx = MemoryTransaction(self.database.tables.copied(), self._now)
            yield tx
            await self.commit(tx, ask)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        async with self.connected():
            yield MemoryReading(self.database)

    async def commit(self, tx: MemoryTransaction, ask: Ask) -> None:
        try:
            await ask()
        except StorageUnavailable:
            self._notify([replace(change, certain=False) for change in tx.announced])
            raise
        self.database.tables = tx.tables
        self._notify(tx.announced)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Ask]:
        """Ask once, and provide the way to ask again."""
        reader, writer = await self.answer(asyncio.open_connection(*self.address))

        async def ask() -> None:
            writer.write(QUESTION)
            if await self.answer(reader.readexactly(1)) != QUESTION:
                raise StorageUnavailable(cause="garbage")

        try:
            await ask()
            yield ask
        finally:
            writer.close()

    async def answer(self, work: Awaitable[T]) -> T:
        try:
            async with WaitLimit(self.wait_seconds):  # a busy machine is not taken for a server that stalls
                return await work
        except (OSError, EOFError) as error:
            raise StorageUnavailable(cause="the server") from error


class TimelessStorage(RightStorage):
    """Waits for ever."""

    async def answer(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except (OSError, EOFError) as error:
            raise StorageUnavailable(cause="the server") from error


class EndlessStorage(RightStorage):
    """Waits for ever for another transaction."""

    def __init__(self, database: MemoryDatabase, address: ServerAddress, limit_seconds: float) -> None:
        super().__init__(database, address, 10 * limit_seconds + 10)


class LeakyStorage(RightStorage):
    """Raises errors of the network as they are."""

    async def answer(self, work: Awaitable[T]) -> T:
        async with asyncio.timeout(self.wait_seconds):
            return await work


class HastyStorage(RightStorage):
    """Tells the listeners before the commit."""

    async def commit(self, tx: MemoryTransaction, ask: Ask) -> None:
        self._notify(tx.announced)
        await ask()
        self.database.tables = tx.tables


class SnapshotStorage(RightStorage):
    """Reads everything in a block as it was at its beginning."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        async with self.connected():
            yield MemoryReading(MemoryDatabase(self.database.tables.copied()))


class ForgetfulStorage(RightStorage):
    """Rolls back the transaction at a refusal and goes on with an empty one, and tells the listeners of everything."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with super().transaction() as tx:
            before = deepcopy(tx.tables)

            def forget() -> None:
                for each in fields(before):
                    setattr(tx.tables, each.name, deepcopy(getattr(before, each.name)))

            for name in ("users", "sessions", "services", "keys"):
                setattr(tx, name, Forgetting(getattr(tx, name), forget))
            yield tx


class Forgetting:
    def __init__(self, repository: Any, forget: Callable[[], None]) -> None:
        self.repository, self.forget = repository, forget

    def __getattr__(self, name: str) -> Any:
        async def call(*values: Any) -> Any:
            try:
                return await getattr(self.repository, name)(*values)
            except DomainError:
                self.forget()
                raise

        return call


class CertainStorage(RightStorage):
    """Announces a commit whose answer was lost as if it had been answered."""

    async def commit(self, tx: MemoryTransaction, ask: Ask) -> None:
        try:
            await ask()
            self.database.tables = tx.tables
        finally:
            self._notify(tx.announced)


class SilentStorage(RightStorage):
    """Announces nothing of a commit whose answer was lost."""

    async def commit(self, tx: MemoryTransaction, ask: Ask) -> None:
        await ask()
        self.database.tables = tx.tables
        self._notify(tx.announced)


class DoubtfulStorage(RightStorage):
    """Announces each commit as uncertain."""

    async def commit(self, tx: MemoryTransaction, ask: Ask) -> None:
        tx.announced = [replace(change, certain=False) for change in tx.announced]
        await super().commit(tx, ask)


class RepeatingStorage(RightStorage):
    """Asks the caller to repeat what may have been committed."""

    async def commit(self, tx: MemoryTransaction, ask: Ask) -> None:
        try:
            await super().commit(tx, ask)
        except StorageUnavailable as error:
            raise TransactionConflict(cause="lost") from error


KINDS: dict[str, type[RightStorage]] = {
    "right": RightStorage,
    "timeless": TimelessStorage,
    "endless": EndlessStorage,
    "leaky": LeakyStorage,
    "hasty": HastyStorage,
    "snapshot": SnapshotStorage,
    "forgetful": ForgetfulStorage,
    "certain": CertainStorage,
    "silent": SilentStorage,
    "doubtful": DoubtfulStorage,
    "repeating": RepeatingStorage,
}


@pytest.fixture(scope="session")
def echo_server() -> Iterator[ServerAddress]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), EchoHandler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield "127.0.0.1", int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture(params=KINDS)
def storage_adapter(request: pytest.FixtureRequest, echo_server: ServerAddress) -> ExaminedAdapter:
    database = MemoryDatabase()

    def opened(address: ServerAddress | None, limit_seconds: float) -> Storage:
        return KINDS[request.param](database, address or echo_server, limit_seconds)

    return ExaminedAdapter(opened=opened, address=echo_server, guard_seconds=GUARD_SECONDS.get(request.param, 60))
