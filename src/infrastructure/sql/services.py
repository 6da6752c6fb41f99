from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import bindparam, delete, insert, select

from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import ServiceExists
from doorward.domain.services.service import Service, ServiceId, ServiceSecretHash
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import services

BY_ID = services.c.id == bindparam("service_id")
ALL = select(services).order_by(services.c.name)
GET = select(services).where(BY_ID)
ADD = insert(services)
REMOVE = delete(services).where(BY_ID)


@final
@dataclass(frozen=True, slots=True)
class SqlServices:
    connection: SqlConnection
    feed: Feed

    async def all(self) -> Sequence[Service]:
        return [to_service(row) for row in await self.connection.rows(ALL)]

    async def get(self, service_id: ServiceId) -> Service | None:
        for row in await self.connection.rows(GET, {"service_id": service_id}):
            return to_service(row)
        return None

    async def add(self, service: Service) -> None:
        try:
            await self.connection.change(ADD, to_row(service))
        except ConstraintViolated:
            raise ServiceExists from None  # the driver's error holds the row

    async def remove(self, service_id: ServiceId) -> bool:
        if not await self.connection.change(REMOVE, {"service_id": service_id}):
            return False
        await self.feed.announce(Change(Subject.SERVICES))
        return True


def to_row(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "secret_hash": service.secret_hash,
        "created_at": service.created_at,
    }


def to_service(row: SqlRow) -> Service:
    return Service(
        id=ServiceId(row.id),
        name=row.name,
        secret_hash=ServiceSecretHash(row.secret_hash),
        created_at=row.created_at,
    )
