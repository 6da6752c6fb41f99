from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.infrastructure.finding import Finding
from doorward.infrastructure.sql.contents import CURRENT, HEAD
from doorward.infrastructure.sql.engine import refuse_open_files
from doorward.infrastructure.sql.schema import check_schema, current_state, migrate
from doorward.infrastructure.sql.urls import DatabaseUrl


@final
@dataclass(frozen=True, slots=True)
class SqlDatabase:
    """Database for SQLite, MySQL and MariaDB."""

    url: DatabaseUrl

    async def check(self) -> None:
        refuse_open_files(self.url)
        await check_schema(self.url)

    async def migrate(self) -> tuple[str | None, str]:
        refuse_open_files(self.url)
        before = await current_state(self.url)
        if before != CURRENT:
            await migrate(self.url)
        return before.revision, HEAD

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        from doorward.infrastructure.diagnosis import diagnose_tls  # noqa: PLC0415 for the doctor alone
        from doorward.infrastructure.sql.diagnosis import diagnose_database  # noqa: PLC0415 for the doctor alone

        return [*diagnose_tls(self.url), *await diagnose_database(self.url, now)]
