from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import final

from doorward.application.ports.storage import Storage
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.memory.storage import MemoryStorage

SCHEMA = "memory"


@final
@dataclass(frozen=True, slots=True)
class InMemoryAdapter:
    """Implements StorageAdapter with one storage that is already open, so that a start finds what the test sees."""

    storage: MemoryStorage
    masked: str = SCHEMA
    files: Sequence[Path] = ()

    def open(self, now: Callable[[], datetime]) -> Storage:
        return self.storage

    async def check(self) -> None:
        """Accept it: there is no schema."""

    async def migrate(self) -> tuple[str | None, str]:
        return SCHEMA, SCHEMA

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        return ()
