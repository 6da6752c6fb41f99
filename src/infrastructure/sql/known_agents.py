from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from sqlalchemy import bindparam, insert, select, update

from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import known_agents

END: Final = "\n"
"""What each family ends with."""

OF_HOLDER = known_agents.c.user_id == bindparam("holder")
GET = select(known_agents.c.families).where(OF_HOLDER)
REPLACE = update(known_agents).where(OF_HOLDER)
ADD = insert(known_agents)


@final
@dataclass(frozen=True, slots=True)
class SqlKnownAgents:
    connection: SqlConnection

    async def of_user(self, user_id: UserId) -> Sequence[str]:
        for row in await self.connection.rows(GET, {"holder": user_id}):
            return row.families.split(END)[:-1]  # type: ignore[no-any-return]
        return []

    async def remember(self, user_id: UserId, families: Sequence[str]) -> None:
        text = "".join(family + END for family in families)
        if await self.connection.change(REPLACE, {"families": text, "holder": user_id}):
            return
        try:
            await self.connection.change(ADD, {"families": text, "user_id": user_id})
        except ConstraintViolated as error:
            raise AccountMissing from error
