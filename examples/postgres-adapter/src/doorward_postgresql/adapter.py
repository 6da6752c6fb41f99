"""What the entry point leads to. The modules that import SQLAlchemy and asyncpg are imported when they are used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self, final

from doorward.adapters import Finding, StorageAddress
from doorward.application.ports.storage import Storage
from doorward_postgresql.url import PostgresqlUrl


@final
@dataclass(frozen=True, slots=True)
class PostgresqlAdapter:
    """The StorageAdapter for PostgreSQL."""

    url: PostgresqlUrl
    table_prefix: str
    connections: int

    @classmethod
    def at(cls, address: StorageAddress) -> Self:
        """Return the adapter. Raise ValueError for a URL that cannot be used."""
        return cls(PostgresqlUrl.parse(address), address.table_prefix, address.connections)

    @property
    def masked(self) -> str:
        return self.url.masked

    @property
    def files(self) -> Sequence[Path]:
        return ()

    def open(self, now: Callable[[], datetime]) -> Storage:
        from doorward.infrastructure.sql.storage import SqlStorage  # noqa: PLC0415
        from doorward_postgresql.engine import open_engines  # noqa: PLC0415

        return SqlStorage(open_engines(self.url, self.table_prefix, self.connections), now)

    async def check(self) -> None:
        from doorward_postgresql.schema import Schema  # noqa: PLC0415

        await Schema(self.url, self.table_prefix).check()

    async def migrate(self) -> tuple[str | None, str]:
        from doorward_postgresql.schema import Schema  # noqa: PLC0415

        return await Schema(self.url, self.table_prefix).migrate()

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        from doorward_postgresql.diagnosis import diagnose  # noqa: PLC0415

        return await diagnose(self.url, self.table_prefix, now)
