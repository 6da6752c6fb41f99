from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from sqlalchemy import bindparam, insert, select, update

from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import agreed_settings
from doorward.infrastructure.sql.types import utc_now

ALL = select(agreed_settings.c.name, agreed_settings.c.value).order_by(agreed_settings.c.name)
ADD = insert(agreed_settings).values(name=bindparam("setting"), value=bindparam("content"), agreed_at=utc_now())
RENEW = (
    update(agreed_settings)
    .where(agreed_settings.c.name == bindparam("setting"))
    .values(value=bindparam("content"), agreed_at=utc_now())
)


@final
@dataclass(frozen=True, slots=True)
class SqlAgreedSettings:
    connection: SqlConnection

    async def all(self) -> Mapping[str, str]:
        return {row.name: row.value for row in await self.connection.rows(ALL)}

    async def agree(self, name: str, value: str) -> None:
        try:
            await self.connection.change(ADD, {"setting": name, "content": value})
        except ConstraintViolated:  # it has a value
            return

    async def put(self, name: str, value: str) -> None:
        if not await self.connection.change(RENEW, {"setting": name, "content": value}):
            await self.agree(name, value)
