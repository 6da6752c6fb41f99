from collections.abc import Sequence
from dataclasses import dataclass

from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryAdoptions:
    tables: Tables

    async def known(self, source: str, external_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(each for each in external_ids if (source, each) in self.tables.adoptions)

    async def add_all(self, source: str, external_ids: Sequence[str]) -> None:
        for each in external_ids:
            if (source, each) in self.tables.adoptions:
                raise TransactionConflict(cause="adopted_meanwhile")
            self.tables.adoptions.add((source, each))
