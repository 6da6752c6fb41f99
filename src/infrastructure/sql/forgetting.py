"""How sessions are deleted: always by their own keys alone, which every other statement locks first, too. A DELETE that
names the account may lock the index of accounts first, and deadlock with whoever ends one of the same sessions."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from doorward.domain.ids import SessionId, UserId
from doorward.infrastructure.sql.connection import SqlConnection, padded
from doorward.infrastructure.sql.tables import sessions

BATCH = 500

OF_USER = (
    select(sessions.c.id)
    .where(sessions.c.user_id == bindparam("user_id"))
    .order_by(sessions.c.started_at.desc(), sessions.c.id.desc())
)
FORGET = delete(sessions).where(sessions.c.id.in_(bindparam("session_ids", expanding=True)))


async def sessions_of(connection: SqlConnection, user_id: UserId) -> Sequence[SessionId]:
    """The latest sign-in first."""
    return [row.id for row in await connection.rows(OF_USER, {"user_id": user_id})]


async def forget(connection: SqlConnection, session_ids: Sequence[SessionId]) -> int:
    """How many there still were."""
    batches = (session_ids[start : start + BATCH] for start in range(0, len(session_ids), BATCH))
    return sum([await connection.change(FORGET, {"session_ids": padded(batch)}) for batch in batches])
