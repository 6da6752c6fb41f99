"""The adapters of the clock, the log and the database."""

from collections.abc import AsyncIterator
from dataclasses import replace
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
from doorward.infrastructure.sql.urls import DatabaseUrl


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
    def log(self, secret: MasterSecret) -> SecurityLog:
        return StructlogSecurityLog(secret.derive(b"security log"))

    @provide
    def database(self) -> Database:
        return SqlDatabase(database_of(self.settings))

    @provide
    async def storage(self) -> AsyncIterator[Storage]:
        storage = SqlStorage.open(database_of(self.settings), self.settings.database_pool_size)
        yield storage
        await storage.close()


def database_of(settings: Settings) -> DatabaseUrl:
    return replace(DatabaseUrl.parse(settings.database_url), table_prefix=settings.table_prefix)
