"""The storage of a node that reads a replica, in memory. The replica has what was copied to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.memory.storage import MemoryReading, MemoryStorage, MemoryTransaction
from doorward.infrastructure.memory.tables import MemoryDatabase


class ReplicaStorage(MemoryStorage):
    """Reads the replica and writes to the primary, which may be away."""

    def __init__(self, now: Callable[[], datetime], database: MemoryDatabase) -> None:
        super().__init__(now, database)
        self.replica = MemoryDatabase()
        self.away = False
        self._are_old: Callable[[], bool] = lambda: False

    def replicate(self) -> None:
        self.replica.tables = self.database.tables.copied()

    @property
    def reads_can_be_old(self) -> bool:
        return True

    def distrust_reads_while(self, are_old: Callable[[], bool]) -> None:
        self._are_old = are_old

    def distrusts_reads(self) -> bool:
        return self._are_old()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        self._refuse_if_away()
        async with super().transaction() as tx:
            yield tx

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        if self._are_old():
            self._refuse_if_away()
            yield MemoryReading(self.database, self._now)
        else:
            yield MemoryReading(self.replica, self._now)

    def following(self) -> AbstractAsyncContextManager[MemoryReading]:
        return self._following()

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[MemoryReading]:
        yield MemoryReading(self.replica, self._now)

    def _refuse_if_away(self) -> None:
        if self.away:
            raise StorageUnavailable(cause="away")
