from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.expiry import Expiry
from doorward.infrastructure.sql.tables import link_tokens

WITH_HASH = link_tokens.c.token_hash == bindparam("presented")
OF_KNOWN_PURPOSE = link_tokens.c.purpose.in_([purpose.value for purpose in LinkPurpose])
"""A later version of Doorward on the same database may know more purposes. Its tokens are unknown here."""

FIND = select(link_tokens).where(WITH_HASH, OF_KNOWN_PURPOSE)
SAME = (link_tokens.c.user_id == bindparam("holder"), link_tokens.c.purpose == bindparam("same_purpose"))
OF_ACCOUNT = select(link_tokens).where(*SAME)
OF_USER = (
    select(link_tokens)
    .where(link_tokens.c.user_id == bindparam("holder"), OF_KNOWN_PURPOSE)
    .order_by(link_tokens.c.purpose)
)
REPLACE = update(link_tokens).where(*SAME)
ADD = insert(link_tokens)
SPEND = delete(link_tokens).where(WITH_HASH)
VOID = delete(link_tokens).where(link_tokens.c.user_id == bindparam("holder"))
EXPIRY = Expiry.of(link_tokens.c.token_hash, link_tokens.c.expires_at)


@final
@dataclass(frozen=True, slots=True)
class SqlLinkTokens:
    connection: SqlConnection

    async def find(self, token_hash: LinkTokenHash) -> LinkToken | None:
        return next(map(to_token, await self.connection.rows(FIND, {"presented": token_hash})), None)

    async def of_account(self, user_id: UserId, purpose: LinkPurpose) -> LinkToken | None:
        asked = {"holder": user_id, "same_purpose": purpose.value}
        return next(map(to_token, await self.connection.rows(OF_ACCOUNT, asked)), None)

    async def of_user(self, user_id: UserId) -> Sequence[LinkToken]:
        return [to_token(row) for row in await self.connection.rows(OF_USER, {"holder": user_id})]

    async def put(self, token: LinkToken) -> None:
        values = {
            "token_hash": token.hash,
            "address_key": token.address_key,
            "expires_at": token.expires_at,
            "new_address": token.new_address,
        }
        same = {"holder": token.user_id, "same_purpose": token.purpose.value}
        if await self.connection.change(REPLACE, values | same):
            return
        try:
            await self.connection.change(ADD, values | {"user_id": token.user_id, "purpose": token.purpose.value})
        except ConstraintViolated as error:
            raise AccountMissing from error

    async def spend(self, token_hash: LinkTokenHash) -> bool:
        return bool(await self.connection.change(SPEND, {"presented": token_hash}))

    async def void(self, user_id: UserId) -> None:
        await self.connection.change(VOID, {"holder": user_id})

    async def prune(self, expired_before: datetime, limit: int) -> int:
        return await EXPIRY.prune(self.connection, expired_before, limit)


def to_token(row: SqlRow) -> LinkToken:
    return LinkToken(
        hash=LinkTokenHash(row.token_hash),
        purpose=LinkPurpose(row.purpose),
        user_id=UserId(row.user_id),
        address_key=row.address_key,
        expires_at=row.expires_at,
        new_address=row.new_address,
    )
