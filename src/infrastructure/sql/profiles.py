from dataclasses import dataclass
from typing import final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.accounts.profile import Profile
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import profiles

OF_HOLDER = profiles.c.user_id == bindparam("holder")

OF_USER = select(profiles.c.profile).where(OF_HOLDER)
REPLACE = update(profiles).where(OF_HOLDER)
ADD = insert(profiles)
CLEAR = delete(profiles).where(OF_HOLDER)


@final
@dataclass(frozen=True, slots=True)
class SqlProfiles:
    connection: SqlConnection
    feed: Feed

    async def of_user(self, user_id: UserId) -> Profile | None:
        for row in await self.connection.rows(OF_USER, {"holder": user_id}):
            return Profile(row.profile)
        return None

    async def put(self, user_id: UserId, profile: Profile) -> None:
        if not await self.connection.change(REPLACE, {"holder": user_id, "profile": profile.text}):
            try:
                await self.connection.change(ADD, {"user_id": user_id, "profile": profile.text})
            except ConstraintViolated as error:
                raise AccountMissing from error
        await self.feed.announce(Change.of_account(user_id))

    async def clear(self, user_id: UserId) -> None:
        if await self.connection.change(CLEAR, {"holder": user_id}):
            await self.feed.announce(Change.of_account(user_id))
