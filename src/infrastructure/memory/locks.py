from dataclasses import dataclass

from doorward.application.ports.storage import LockName


@dataclass(frozen=True, slots=True)
class MemoryLocks:
    async def take(self, name: LockName) -> None:
        """Do nothing: the storage runs one transaction at a time, so every lock is free."""
