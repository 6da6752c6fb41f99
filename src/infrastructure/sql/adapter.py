"""The storage adapter of `sqlite://`, `mysql://` and `mariadb://`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, final

from doorward.infrastructure.adapters.storage_address import StorageAddress
from doorward.infrastructure.sql.urls import CA_SETTING, DatabaseUrl

if TYPE_CHECKING:
    from doorward.infrastructure.adapters.backup_adapter import Progress, Restored, RestoreRequest
    from doorward.infrastructure.backup.form import Heading
    from doorward.infrastructure.finding import Finding
    from doorward.infrastructure.sql.storage import SqlStorage

SQLITE_SUFFIXES = ("", "-wal", "-shm")
"""The files of a SQLite database have the name of the main one with these endings."""


@final
@dataclass(frozen=True, slots=True)
class SqlAdapter:
    """Implements StorageAdapter and BackupAdapter. SQLAlchemy takes long to import, so that each method imports
    what it needs."""

    url: DatabaseUrl
    connections: int = 10

    @classmethod
    def at(cls, address: StorageAddress) -> Self:
        """Return the adapter of a database. Raise ValueError or StartRefused."""
        url = DatabaseUrl.parse(address.url.text, address.ca_certificates)
        if url.sqlite_path is not None and address.ca_certificates is not None:
            raise ValueError(f"{CA_SETTING} is for MySQL, and the database is SQLite; remove it")
        if url.sqlite_path is not None and address.read_hosts is not None:
            raise ValueError("DOORWARD_READ_HOSTS is for MySQL, and the database is SQLite; remove it")
        url = url.with_read_hosts(address.read_hosts or "")
        return cls(replace(url, table_prefix=address.table_prefix), address.connections)

    @property
    def masked(self) -> str:
        return self.url.masked

    @property
    def files(self) -> Sequence[Path]:
        path = self.url.sqlite_path
        return [] if path is None else [Path(f"{path}{suffix}") for suffix in SQLITE_SUFFIXES]

    def open(self, now: Callable[[], datetime]) -> "SqlStorage":
        from doorward.infrastructure.sql.storage import SqlStorage  # noqa: PLC0415 slow to import

        return SqlStorage.open(self.url, self.connections, now=now)

    async def check(self) -> None:
        from doorward.infrastructure.sql.engine import refuse_open_files  # noqa: PLC0415 slow to import
        from doorward.infrastructure.sql.schema import check_schema  # noqa: PLC0415 slow to import

        refuse_open_files(self.url)
        await check_schema(self.url)

    async def migrate(self) -> tuple[str | None, str]:
        from doorward.infrastructure.sql.contents import CURRENT, HEAD  # noqa: PLC0415 slow to import
        from doorward.infrastructure.sql.engine import refuse_open_files  # noqa: PLC0415 slow to import
        from doorward.infrastructure.sql.schema import current_state, migrate  # noqa: PLC0415 slow to import

        refuse_open_files(self.url)
        before = await current_state(self.url)
        if before != CURRENT:
            await migrate(self.url)
        return before.revision, HEAD

    async def diagnose(self, now: Callable[[], datetime]) -> "Sequence[Finding]":
        from doorward.infrastructure.sql.diagnosis import diagnose_database, diagnose_tls  # noqa: PLC0415 slow to import

        found = [*diagnose_tls(self.url), *await diagnose_database(self.url, now)]
        if self.url.sqlite_path is None:
            from doorward.infrastructure.sql.mysql.host_diagnosis import diagnose_hosts  # noqa: PLC0415 slow to import

            found += await diagnose_hosts(self.url)
        return found

    async def back_up(self, file: BinaryIO, now: datetime, progress: "Progress") -> "Heading":
        from doorward.infrastructure.sql.backup.backups import back_up  # noqa: PLC0415 slow to import

        return await back_up(self.url, file, now, progress)

    async def restore(self, file: BinaryIO, request: "RestoreRequest", progress: "Progress") -> "Restored":
        from doorward.infrastructure.sql.backup.backups import restore  # noqa: PLC0415 slow to import
        from doorward.infrastructure.sql.engine import refuse_open_files  # noqa: PLC0415 slow to import

        refuse_open_files(self.url)
        return await restore(self.url, file, request, progress)
