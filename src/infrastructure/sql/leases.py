from dataclasses import dataclass
from datetime import datetime
from typing import final

from sqlalchemy import bindparam, delete, insert, update

from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import leases

ADD = insert(leases)
TAKE = (
    update(leases)
    .where(
        leases.c.name == bindparam("lease"),
        (leases.c.holder == bindparam("taker"))
        | (leases.c.until <= bindparam("now"))
        | (leases.c.until > bindparam("longest")),
    )
    .values(holder=bindparam("taker"), until=bindparam("end"))
)

GIVE_UP = delete(leases).where(leases.c.name == bindparam("lease"), leases.c.holder == bindparam("giver"))


@final
@dataclass(frozen=True, slots=True)
class SqlLeases:
    connection: SqlConnection

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        asked = {"lease": name, "taker": holder, "now": now, "end": until, "longest": until + (until - now)}
        if await self.connection.change(TAKE, asked):
            return True
        try:
            await self.connection.change(ADD, {"name": name, "holder": holder, "until": until})
        except ConstraintViolated:
            return False
        return True

    async def give_up(self, name: str, holder: str) -> None:
        await self.connection.change(GIVE_UP, {"lease": name, "giver": holder})
