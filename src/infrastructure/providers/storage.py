"""The adapters of the clock, the log and the database.

Those of libraries are imported when they are asked for, so that a container with others in their place needs neither
SQLAlchemy nor structlog.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, final, runtime_checkable

from dishka import Provider, Scope, provide

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import (
    SecurityLog,
)
from doorward.application.ports.storage import Lists, Storage
from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.database_wait import DatabaseWait
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings


@runtime_checkable
class ReadsListsElsewhere(Protocol):
    """A storage that may read lists from a server of their own."""

    @property
    def lists(self) -> Lists: ...


@final
class StorageProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def clock(self) -> Clock:
        return SystemClock()

    @provide
    def log(self, secret: MasterSecret) -> Iterator[SecurityLog]:
        from doorward.infrastructure.log.security_log import StructlogSecurityLog  # noqa: PLC0415 see above

        log = StructlogSecurityLog(secret.derive(b"security log"))
        yield log
        log.report_left_out()  # the event loop ends before the second does

    @provide
    def storage_adapter(self) -> StorageAdapter:
        return self.settings.database

    @provide
    def database_wait(self, clock: Clock) -> DatabaseWait:
        return DatabaseWait(clock, self.settings.database_wait_seconds)

    @provide
    async def storage(self, adapter: StorageAdapter, clock: Clock) -> AsyncIterator[Storage]:
        storage = adapter.open(clock.now)
        yield storage
        await storage.close()

    @provide
    def lists(self, storage: Storage) -> Lists:
        """Return what reads lists from another server, if the storage has that."""
        return storage.lists if isinstance(storage, ReadsListsElsewhere) else storage
