"""The storage adapter of `memory://`: to try the service out, and as the shortest example of an adapter."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, final

from doorward.infrastructure.adapters.storage_address import StorageAddress
from doorward.infrastructure.finding import Finding

if TYPE_CHECKING:
    from doorward.infrastructure.memory.storage import MemoryStorage
    from doorward.infrastructure.memory.tables import MemoryDatabase

NAME = re.compile(r"[A-Za-z0-9_-]{0,64}")
REVISION = "memory"
"""In place of the revision of a schema: this storage has none."""

_databases: "dict[str, MemoryDatabase]" = {}
"""The databases of this process by their names. A start checks the database with one storage and serves with the next,
which have to find the same data."""


@final
@dataclass(frozen=True, slots=True)
class MemoryAdapter:
    """Implements StorageAdapter. The data end with the process, and no other process sees them."""

    name: str

    @classmethod
    def at(cls, address: StorageAddress) -> Self:
        """Return the adapter of a database in memory. Raise ValueError."""
        if address.url.scheme != "memory" or not NAME.fullmatch(address.url.rest):
            raise ValueError("write memory:// or memory://NAME, with a NAME of letters, digits, - and _")
        if address.table_prefix:
            raise ValueError("DOORWARD_TABLE_PREFIX is for tables, and memory:// has none; remove it")
        if address.ca_certificates is not None:
            raise ValueError("DOORWARD_DATABASE_SSL_CA is for a server, and memory:// is none; remove it")
        if address.read_hosts is not None:
            raise ValueError("DOORWARD_READ_HOSTS is for servers, and memory:// is none; remove it")
        if address.processes > 1:
            raise ValueError("DOORWARD_WORKERS must be 1 for memory://, since each process has a memory of its own")
        return cls(address.url.rest)

    @property
    def masked(self) -> str:
        return f"memory://{self.name}"

    @property
    def files(self) -> Sequence[Path]:
        return []

    def open(self, now: Callable[[], datetime]) -> "MemoryStorage":
        from doorward.infrastructure.memory.storage import MemoryStorage  # noqa: PLC0415 slow to import
        from doorward.infrastructure.memory.tables import MemoryDatabase  # noqa: PLC0415 slow to import

        if self.name not in _databases:
            _databases[self.name] = MemoryDatabase()
        return MemoryStorage(now, _databases[self.name])

    async def check(self) -> None:
        """Do nothing: there is no schema."""

    async def migrate(self) -> tuple[str | None, str]:
        return REVISION, REVISION

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:  # noqa: ARG002 the port has it
        return [
            Finding(
                check="database",
                state="advice",
                text=f"{self.masked} ends with the process, and with it all accounts",
                fix="set DOORWARD_DATABASE_URL to a database that lasts, such as sqlite:///PATH",
            )
        ]
