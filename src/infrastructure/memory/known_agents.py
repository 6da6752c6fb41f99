from collections.abc import Sequence
from dataclasses import dataclass

from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryKnownAgents:
    tables: Tables

    async def of_user(self, user_id: UserId) -> Sequence[str]:
        return self.tables.known_agents.get(user_id, [])

    async def remember(self, user_id: UserId, families: Sequence[str]) -> None:
        if user_id not in self.tables.users:
            raise AccountMissing
        self.tables.known_agents[user_id] = list(families)
