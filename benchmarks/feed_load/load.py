"""What is written: changes of accounts, and ends of sessions, at a steady rate."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from doorward.domain.change_feed.change import Change
from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl

TICK_SECONDS = 0.05
"""The pause between the transactions of one writer, each of which announces what is due."""

WRITERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    changes: int
    """Changes per second, with the ends."""
    ends: int
    """Ended sessions per second."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    changes: int
    ends: int
    seconds: float
    slowest_commit_seconds: float


async def write(url: str, load: Load) -> Written:
    """Announce the changes, some in each transaction, and return how many there were. A session of the load has the
    time in its id at which it ended."""
    storage = SqlStorage.open(DatabaseUrl.parse(url))
    began_at = time.monotonic()
    try:
        parts = await asyncio.gather(*(write_part(storage, load, number) for number in range(WRITERS)))
    finally:
        await storage.close()
    return Written(
        changes=sum(changes for changes, _, _ in parts),
        ends=sum(ends for _, ends, _ in parts),
        seconds=time.monotonic() - began_at,
        slowest_commit_seconds=max(slowest for _, _, slowest in parts),
    )


async def write_part(storage: SqlStorage, load: Load, number: int) -> tuple[int, int, float]:
    began_at = time.monotonic() - number * TICK_SECONDS / WRITERS
    changes = ends = 0
    slowest = 0.0
    while (passed := time.monotonic() - began_at) < load.seconds:
        due_ends = round(passed * load.ends / WRITERS) - ends
        due_changes = round(passed * load.changes / WRITERS) - changes - due_ends
        sent_at = time.monotonic()
        await announce(storage, due_changes, due_ends)
        slowest = max(slowest, time.monotonic() - sent_at)
        ends, changes = ends + due_ends, changes + due_changes + due_ends
        await asyncio.sleep(TICK_SECONDS)
    return changes, ends, slowest


async def announce(storage: SqlStorage, changes: int, ends: int) -> None:
    now = datetime.now(UTC)
    ended = [Change.session_ended(UserId(uuid7(now)), new_session_id(now)) for _ in range(ends)]
    changed = [Change.of_account(UserId(uuid7(now))) for _ in range(changes)]
    async with storage.transaction() as tx:
        await tx.feed.announce(*ended, *changed)


def age_of(session_id: SessionId, now: float) -> float:
    """Return how many seconds ago a session of the load ended."""
    return now - (session_id.int >> 80) / 1000
