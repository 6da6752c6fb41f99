"""The adapters of the clock, the log and the database."""

from collections.abc import AsyncIterator, Iterator
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import (
    SecurityLog,
)
from doorward.application.ports.storage import Storage
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.database import Database
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.sql.database import SqlDatabase
from doorward.infrastructure.sql.storage import SqlStorage


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
        log = StructlogSecurityLog(secret.derive(b"security log"))
        yield log
        log.report_left_out()  # the event loop ends before the second does

    @provide
    def database(self) -> Database:
        return SqlDatabase(self.settings.database)

    @provide
    async def storage(self, clock: Clock) -> AsyncIterator[Storage]:
        storage = SqlStorage.open(self.settings.database, self.settings.database_pool_size, now=clock.now)
        yield storage
        await storage.close()
