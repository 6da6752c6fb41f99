"""Doubles that only the tests of this project need: they count, stop or fail at one point."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from doorward.application.ports.security import PublishedKey, Verdict
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.memory.storage import MemoryReading, MemoryStorage
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.testing.doubles import PlainHasher


@dataclass(slots=True)
class InterruptedHasher(PlainHasher):
    """Does something else once, after it verified a password and before it returns."""

    interruption: Callable[[], Awaitable[object]] | None = None

    async def verify(self, password: Password, password_hash: PasswordHash | None, login: str) -> Verdict:
        verdict = await PlainHasher.verify(self, password, password_hash, login)
        interruption, self.interruption = self.interruption, None
        if interruption is not None:
            await interruption()
        return verdict


@dataclass(slots=True)
class CountingKeyRing:
    """Counts how often the keys were read again."""

    reloads: int = 0
    signs: bool = True

    async def reload(self) -> None:
        self.reloads += 1

    def ready(self, now: datetime) -> bool:
        return self.signs

    def published(self, now: datetime) -> Sequence[PublishedKey]:
        return ()


class WatchedStorage(MemoryStorage):
    """Counts its reads, can be unavailable, and can be stopped in the middle of a read."""

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        super().__init__(database=database)
        self.readings = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        self.readings += 1
        await asyncio.sleep(0)
        if self.away:
            raise StorageUnavailable(cause="away")
        async with super().reading() as reading:
            await self.gate.wait()
            yield reading
