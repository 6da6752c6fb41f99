"""The adapters of the clock, the log and the database.

Those of libraries are imported when they are asked for, so that a container with others in their place needs neither
SQLAlchemy nor structlog.
"""

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
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings


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
    def database(self) -> Database:
        from doorward.infrastructure.sql.database import SqlDatabase  # noqa: PLC0415 see above

        return SqlDatabase(self.settings.database)

    @provide
    async def storage(self, clock: Clock) -> AsyncIterator[Storage]:
        from doorward.infrastructure.sql.storage import SqlStorage  # noqa: PLC0415 see above

        storage = SqlStorage.open(self.settings.database, self.settings.database_pool_size, now=clock.now)
        yield storage
        await storage.close()
