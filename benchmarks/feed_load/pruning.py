"""How fast old changes and sessions are deleted, with the pauses of maintenance."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from doorward.application.batches import prune_in_batches
from doorward.application.ports.storage import Transaction
from doorward.infrastructure.sql.sessions import ADD, to_row
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user
from doorward.testing.storage_access import put

ADDED_AT_ONCE = 1_000
LATER = datetime(9999, 1, 1, tzinfo=UTC)


async def prune(url: str, sessions: int) -> dict[str, float]:
    """Delete all changes, and so many sessions; return for each how many rows went in a second."""
    storage = SqlStorage.open(DatabaseUrl.parse(url))
    now = datetime.now(UTC)
    user = a_user()
    await put(storage, user)
    for _ in range(0, sessions, ADDED_AT_ONCE):
        old = [
            a_session(user, now - timedelta(days=300, seconds=number)) for number in range(min(sessions, ADDED_AT_ONCE))
        ]
        async with storage.transaction() as tx:
            await tx.connection.change_all(ADD, [to_row(session) for session in old])
    try:
        return {
            "changes": await rate(storage, lambda tx, limit: tx.changes.prune(LATER, limit)),
            "sessions": await rate(storage, lambda tx, limit: tx.sessions.prune(now - timedelta(days=30), limit)),
        }
    finally:
        await storage.close()


async def rate(storage: SqlStorage, prune_some: Callable[[Transaction, int], Awaitable[int]]) -> float:
    began_at = time.monotonic()
    return await prune_in_batches(storage, prune_some) / (time.monotonic() - began_at)
