from dataclasses import dataclass
from datetime import datetime

from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryLeases:
    tables: Tables

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        present, ends = self.tables.leases.get(name, (holder, now))
        if present != holder and now < ends <= until + (until - now):
            return False
        self.tables.leases[name] = (holder, until)
        return True

    async def give_up(self, name: str, holder: str) -> None:
        if name in self.tables.leases and self.tables.leases[name][0] == holder:
            del self.tables.leases[name]
