from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.accounts.email import Email
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.domain.letters.undo_link import UndoLink
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.expiry import Expiry
from doorward.infrastructure.sql.tables import undo_links

OF_HOLDER = undo_links.c.user_id == bindparam("holder")

FIND = select(undo_links).where(undo_links.c.token_hash == bindparam("presented"))
OF_ACCOUNT = select(undo_links).where(OF_HOLDER).order_by(undo_links.c.address_key)
RESERVED = (
    select(undo_links.c.user_id)
    .where(
        undo_links.c.address_key == bindparam("wanted"),
        undo_links.c.user_id != bindparam("other_than"),
        undo_links.c.expires_at > bindparam("now"),
    )
    .limit(1)
)
REPLACE = update(undo_links).where(OF_HOLDER, undo_links.c.address_key == bindparam("same_address"))
ADD = insert(undo_links)
VOID = delete(undo_links).where(OF_HOLDER)
VOID_SINCE = VOID.where(undo_links.c.expires_at >= bindparam("first_expiry"))
EXPIRY = Expiry.of(undo_links.c.token_hash, undo_links.c.expires_at)


@final
@dataclass(frozen=True, slots=True)
class SqlUndoLinks:
    connection: SqlConnection

    async def find(self, token_hash: LinkTokenHash) -> UndoLink | None:
        return next(map(to_link, await self.connection.rows(FIND, {"presented": token_hash})), None)

    async def of_account(self, user_id: UserId) -> Sequence[UndoLink]:
        return [to_link(row) for row in await self.connection.rows(OF_ACCOUNT, {"holder": user_id})]

    async def is_reserved(self, address_key: str, other_than: UserId, now: datetime) -> bool:
        asked = {"wanted": address_key, "other_than": other_than, "now": now}
        return bool(await self.connection.rows(RESERVED, asked))

    async def put(self, link: UndoLink) -> None:
        values = {"token_hash": link.hash, "address": link.address.value, "expires_at": link.expires_at}
        same = {"holder": link.user_id, "same_address": link.address.key}
        if await self.connection.change(REPLACE, values | same):
            return
        try:
            await self.connection.change(ADD, values | {"user_id": link.user_id, "address_key": link.address.key})
        except ConstraintViolated as error:
            raise AccountMissing from error

    async def void(self, user_id: UserId) -> None:
        await self.connection.change(VOID, {"holder": user_id})

    async def void_since(self, link: UndoLink) -> None:
        await self.connection.change(VOID_SINCE, {"holder": link.user_id, "first_expiry": link.expires_at})

    async def prune(self, expired_before: datetime, limit: int) -> int:
        return await EXPIRY.prune(self.connection, expired_before, limit)


def to_link(row: SqlRow) -> UndoLink:
    return UndoLink(
        hash=LinkTokenHash(row.token_hash),
        user_id=UserId(row.user_id),
        address=Email(row.address, row.address_key),
        expires_at=row.expires_at,
    )
