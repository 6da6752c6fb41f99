"""Deletion of sessions by their primary keys.

Every other statement locks a session by its primary key first. A DELETE that names the account could lock the index of
accounts first, and deadlock with a transaction that ends one of the same sessions.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from doorward.domain.ids import SessionId, UserId
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, batches, padded
from doorward.infrastructure.sql.tables import sessions

OF_USER = (
    select(sessions.c.id)
    .where(sessions.c.user_id == bindparam("user_id"))
    .order_by(sessions.c.started_at.desc(), sessions.c.id.desc())
)
DELETE = delete(sessions).where(sessions.c.id.in_(bindparam("session_ids", expanding=True)))
DELETE_MANY = DELETE.execution_options(**MANY_ROWS)


async def session_ids_of(connection: SqlConnection, user_id: UserId) -> Sequence[SessionId]:
    """Return the ids of the sessions of an account, the latest sign-in first."""
    return [row.id for row in await connection.rows(OF_USER, {"user_id": user_id})]


async def delete_sessions(connection: SqlConnection, session_ids: Sequence[SessionId]) -> int:
    """Delete sessions and return how many of them existed."""
    statement = DELETE if len(session_ids) == 1 else DELETE_MANY
    return sum([await connection.change(statement, {"session_ids": padded(batch)}) for batch in batches(session_ids)])
