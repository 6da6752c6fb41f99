from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import KeyExists
from doorward.domain.keys.signing_key import SigningKey
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import signing_keys

ALL = select(signing_keys).order_by(signing_keys.c.signs_from, signing_keys.c.kid)
ADD = insert(signing_keys)
SAVE = (
    update(signing_keys)
    .where(signing_keys.c.kid == bindparam("key"))
    .values(sealed=bindparam("sealed"), signs_from=bindparam("signs_from"))
)
REMOVE = delete(signing_keys).where(signing_keys.c.kid == bindparam("key"))


@final
@dataclass(frozen=True, slots=True)
class SqlKeys:
    connection: SqlConnection
    feed: Feed

    async def all(self) -> Sequence[SigningKey]:
        return [to_key(row) for row in await self.connection.rows(ALL)]

    async def add(self, key: SigningKey) -> None:
        try:
            await self.connection.change(ADD, to_row(key))
        except ConstraintViolated:
            raise KeyExists from None
        await self.feed.announce(Change(Subject.KEYS))

    async def save(self, key: SigningKey) -> bool:
        changed = {"key": key.kid, "sealed": key.sealed, "signs_from": key.signs_from}
        if not await self.connection.change(SAVE, changed):
            return False
        await self.feed.announce(Change(Subject.KEYS))
        return True

    async def remove(self, kid: str) -> bool:
        if not await self.connection.change(REMOVE, {"key": kid}):
            return False
        await self.feed.announce(Change(Subject.KEYS))
        return True


def to_row(key: SigningKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "sealed": key.sealed,
        "created_at": key.created_at,
        "signs_from": key.signs_from,
    }


def to_key(row: SqlRow) -> SigningKey:
    return SigningKey(
        kid=row.kid,
        algorithm=row.algorithm,
        sealed=row.sealed,
        created_at=row.created_at,
        signs_from=row.signs_from,
    )
