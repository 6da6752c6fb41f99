from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, final

from sqlalchemy import Select, bindparam, delete, func, insert, literal, select, update

from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import SessionId, UserId
from doorward.domain.sessions.refresh_token import RefreshTokenHash, RotatedToken, fingerprint
from doorward.domain.sessions.session import Device, Session, SessionPolicy
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow, batches, execution, padded
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.rotated_tokens import MAX_ROTATED_TOKENS_CHARACTERS, StoredRotatedTokens, to_text
from doorward.infrastructure.sql.session_deletion import delete_sessions, session_ids_of
from doorward.infrastructure.sql.tables import sessions, user_roles, users
from doorward.infrastructure.sql.user_rows import to_users

BY_ID = sessions.c.id == bindparam("session_id")
SESSION = (
    sessions.c.id.label("session_id"),
    sessions.c.user_id,
    sessions.c.started_at,
    sessions.c.last_used_at,
    sessions.c.address,
    sessions.c.user_agent,
    sessions.c.token_hash,
    sessions.c.spent,
    sessions.c.keeps_token,
)
GET = select(*SESSION).where(BY_ID)
LOCKED = GET.with_for_update()
WITH_USER = (
    select(*SESSION, users, user_roles.c.role).select_from(sessions.join(users).outerjoin(user_roles)).where(BY_ID)
)
OF_USER = (
    select(*SESSION)
    .where(sessions.c.user_id == bindparam("user_id"))
    .order_by(sessions.c.started_at.desc(), sessions.c.id.desc())
)
ADD = insert(sessions)
ROTATE = (
    update(sessions)
    .where(
        BY_ID,
        sessions.c.token_hash == bindparam("presented"),
        sessions.c.last_used_at > bindparam("used_since"),
        sessions.c.started_at > bindparam("started_since"),
    )
    .values(
        token_hash=bindparam("successor"),
        spent=func.substr(
            bindparam("just_rotated", type_=sessions.c.spent.type).concat(sessions.c.spent),
            1,
            MAX_ROTATED_TOKENS_CHARACTERS,
        ),
        last_used_at=bindparam("now"),
        used_on=bindparam("today"),
        keeps_token=False,
    )
)
KEEP_TOKEN = (
    update(sessions)
    .where(
        BY_ID,
        sessions.c.token_hash == bindparam("presented"),
        sessions.c.spent == literal("", sessions.c.spent.type),
        sessions.c.last_used_at > bindparam("used_since"),
        sessions.c.started_at > bindparam("started_since"),
    )
    .values(last_used_at=bindparam("now"), used_on=bindparam("today"), keeps_token=True)
)
UNUSED = (
    select(sessions.c.id)
    .where(sessions.c.used_on < bindparam("day"))
    .order_by(sessions.c.used_on)
    .limit(bindparam("count"))
)
DELETE_UNUSED = delete(sessions).where(
    sessions.c.id.in_(bindparam("session_ids", expanding=True)), sessions.c.used_on < bindparam("day")
)


@final
@dataclass(frozen=True, slots=True)
class SqlSessions:
    connection: SqlConnection
    feed: Feed
    held: Collection[UserId]

    async def get(self, session_id: SessionId) -> Session | None:
        return await self._one(GET, session_id)

    async def lock(self, session_id: SessionId) -> Session | None:
        return await self._one(LOCKED, session_id)

    async def with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        rows = await self.connection.rows(WITH_USER, {"session_id": session_id})
        for user in to_users(rows):
            return to_session(rows[0]), user
        return None

    async def of_user(self, user_id: UserId) -> Sequence[Session]:
        return [to_session(row) for row in await self.connection.rows(OF_USER, {"user_id": user_id})]

    async def add(self, session: Session) -> None:
        if session.user_id in self.held:  # so the account exists
            self.connection.postpone(execution(ADD, to_row(session)), ADD, "session_added")
            return
        try:
            await self.connection.change(ADD, to_row(session))
        except ConstraintViolated:
            raise AccountMissing from None  # the driver's error contains the row

    async def rotate(
        self,
        session_id: SessionId,
        presented: RefreshTokenHash,
        successor: RefreshTokenHash,
        policy: SessionPolicy,
        now: datetime,
    ) -> bool:
        changed = {
            "session_id": session_id,
            "presented": presented,
            "used_since": now - policy.idle,
            "started_since": now - policy.absolute,
            "successor": successor,
            "just_rotated": to_text([RotatedToken(fingerprint(presented), now)]),
            "now": now,
            "today": day(now),
        }
        return bool(await self.connection.change(ROTATE, changed))

    async def keep_token(
        self, session_id: SessionId, presented: RefreshTokenHash, policy: SessionPolicy, now: datetime
    ) -> bool:
        changed = {
            "session_id": session_id,
            "presented": presented,
            "used_since": now - policy.idle,
            "started_since": now - policy.absolute,
            "now": now,
            "today": day(now),
        }
        return bool(await self.connection.change(KEEP_TOKEN, changed))

    async def _one(self, statement: Select[Any], session_id: SessionId) -> Session | None:
        for row in await self.connection.rows(statement, {"session_id": session_id}):
            return to_session(row)
        return None

    async def end(self, sessions: Sequence[Session]) -> int:
        """Announce every session if any of them still existed. One that another transaction ends at the same time is
        announced twice and counted once."""
        ended = await delete_sessions(self.connection, [session.id for session in sessions])
        if ended:
            await self.feed.announce(*(Change.session_ended(session.user_id, session.id) for session in sessions))
        return ended

    async def end_all(self, user_id: UserId, epoch: int) -> int:
        ended = await delete_sessions(self.connection, await session_ids_of(self.connection, user_id))
        await self.feed.announce(Change.sessions_ended(user_id, epoch))
        return ended

    async def revoke_tokens(self, user_id: UserId, epoch: int) -> None:
        await self.feed.announce(Change.sessions_ended(user_id, epoch))

    async def prune(self, unused_since: datetime, limit: int) -> int:
        day_of_last_use = day(unused_since)
        rows = await self.connection.rows(UNUSED, {"day": day_of_last_use, "count": limit})
        unused = [row.id for row in rows]
        values = [{"session_ids": padded(batch), "day": day_of_last_use} for batch in batches(unused)]
        return sum([await self.connection.change(DELETE_UNUSED, each) for each in values])


def day(moment: datetime) -> datetime:
    """Return the day, in UTC. The index by last use contains days, so that only the first refresh of a day changes
    it."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def to_row(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "user_id": session.user_id,
        "started_at": session.started_at,
        "last_used_at": session.last_used_at,
        "used_on": day(session.last_used_at),
        "address": session.device.address,
        "user_agent": session.device.user_agent,
        "token_hash": session.token_hash,
        "spent": to_text(session.rotated_tokens),
        "keeps_token": session.keeps_token,
    }


def to_session(row: SqlRow) -> Session:
    return Session(
        id=row.session_id,
        user_id=row.user_id,
        started_at=row.started_at,
        last_used_at=row.last_used_at,
        device=Device(row.address, row.user_agent),
        token_hash=RefreshTokenHash(row.token_hash),
        rotated_tokens=StoredRotatedTokens(row.spent),
        keeps_token=bool(row.keeps_token),
    )
