from dataclasses import dataclass
from datetime import datetime
from typing import final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.accounts.sign_in_code import SignInCode, SignInCodeHash
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.expiry import Expiry
from doorward.infrastructure.sql.tables import sign_in_codes as codes

OF_HOLDER = codes.c.user_id == bindparam("holder")
COUNT_TRY = update(codes).where(OF_HOLDER).values(tries=codes.c.tries + 1)
GET = select(codes).where(OF_HOLDER)
REPLACE = update(codes).where(OF_HOLDER)
ADD = insert(codes)
SPEND = delete(codes).where(OF_HOLDER, codes.c.code_hash == bindparam("presented"))
EXPIRY = Expiry.of(codes.c.user_id, codes.c.expires_at)


@final
@dataclass(frozen=True, slots=True)
class SqlSignInCodes:
    connection: SqlConnection

    async def put(self, code: SignInCode) -> None:
        values = {"code_hash": code.hash, "tries": code.tries, "expires_at": code.expires_at}
        if await self.connection.change(REPLACE, {**values, "holder": code.user_id}):
            return
        try:
            await self.connection.change(ADD, {**values, "user_id": code.user_id})
        except ConstraintViolated as error:
            raise AccountMissing from error

    async def count_try(self, user_id: UserId) -> SignInCode | None:
        await self.connection.change(COUNT_TRY, {"holder": user_id})
        for row in await self.connection.rows(GET, {"holder": user_id}):
            return SignInCode(
                user_id=UserId(row.user_id),
                hash=SignInCodeHash(row.code_hash),
                expires_at=row.expires_at,
                tries=row.tries,
            )
        return None

    async def spend(self, code: SignInCode) -> bool:
        return bool(await self.connection.change(SPEND, {"holder": code.user_id, "presented": code.hash}))

    async def prune(self, expired_before: datetime, limit: int) -> int:
        return await EXPIRY.prune(self.connection, expired_before, limit)
