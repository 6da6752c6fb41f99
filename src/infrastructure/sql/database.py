from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from infrastructure.finding import Finding
from infrastructure.sql.schema import HEAD, check_schema, current_revision, migrate
from infrastructure.sql.urls import DatabaseUrl


@final
@dataclass(frozen=True, slots=True)
class SqlDatabase:
    """Database for SQLite, MySQL and MariaDB."""

    url: DatabaseUrl

    async def check(self) -> None:
        await check_schema(self.url)

    async def migrate(self) -> tuple[str | None, str]:
        before = await current_revision(self.url)
        if before != HEAD:
            await migrate(self.url)
        return before, HEAD

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        from infrastructure.diagnosis import diagnose_tls  # noqa: PLC0415 for the doctor alone
        from infrastructure.sql.diagnosis import diagnose_database  # noqa: PLC0415 for the doctor alone

        return [*diagnose_tls(self.url), *await diagnose_database(self.url, now)]
