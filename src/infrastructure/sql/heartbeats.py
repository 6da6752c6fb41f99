from dataclasses import dataclass
from typing import final

from sqlalchemy import bindparam, insert, or_, select, update

from doorward.domain.nodes.beat import MAX_FUTURE_SECONDS, Beat
from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import heartbeats
from doorward.infrastructure.sql.types import seconds_since, utc_now

ROW = "database"

AGE = seconds_since(heartbeats.c.at)
NEWEST = select(heartbeats.c.at, AGE.label("age")).where(heartbeats.c.name == ROW)
RENEW = (
    update(heartbeats)
    .where(heartbeats.c.name == ROW, or_(bindparam("pause") <= AGE, AGE < -MAX_FUTURE_SECONDS))
    .values(at=utc_now())
)
ADD = insert(heartbeats).values(name=ROW, at=utc_now())


@final
@dataclass(frozen=True, slots=True)
class SqlHeartbeats:
    connection: SqlConnection

    async def newest(self) -> Beat | None:
        rows = await self.connection.rows(NEWEST)
        return Beat(rows[0].at, float(rows[0].age)) if rows else None

    async def beat(self, pause_seconds: float) -> bool:
        if await self.connection.change(RENEW, {"pause": pause_seconds}):
            return True
        if await self.connection.rows(NEWEST):
            return False
        try:
            await self.connection.change(ADD)
        except ConstraintViolated:  # another node has just added the row
            return False
        return True
