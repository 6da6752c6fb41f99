from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, final

from sqlalchemy import and_, bindparam, delete, func, insert, select

from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, SqlRow, padded
from doorward.infrastructure.sql.tables import changes

KNOWN = frozenset(Subject)

ANNOUNCE = insert(changes)
CHANGE = select(changes)
SINCE = CHANGE.where(changes.c.sequence >= bindparam("sequence")).order_by(changes.c.sequence).limit(bindparam("count"))
AMONG = CHANGE.where(changes.c.sequence.in_(bindparam("sequences", expanding=True))).order_by(changes.c.sequence)
ENDED_SINCE = and_(changes.c.subject == Subject.SESSIONS.value, changes.c.created_at >= bindparam("moment"))
LAST_OF_ALL_SESSIONS = (
    select(changes.c.user_id, func.max(changes.c.sequence).label("sequence"))
    .where(ENDED_SINCE, changes.c.session_id.is_(None))
    .group_by(changes.c.user_id)
    .subquery("last_of_all_sessions")
)
"""Of each account the last change that covers all its sessions."""

ENDED = (
    CHANGE.outerjoin_from(changes, LAST_OF_ALL_SESSIONS, changes.c.user_id == LAST_OF_ALL_SESSIONS.c.user_id)
    .where(ENDED_SINCE, changes.c.sequence >= func.coalesce(LAST_OF_ALL_SESSIONS.c.sequence, 0))
    .limit(bindparam("count"))
    .execution_options(**MANY_ROWS)
)
LATEST = CHANGE.order_by(changes.c.sequence.desc()).limit(bindparam("count")).execution_options(**MANY_ROWS)
OLD = (
    select(changes.c.sequence)
    .where(
        changes.c.created_at < bindparam("before"),
        changes.c.sequence < select(func.max(changes.c.sequence)).scalar_subquery(),
    )
    .order_by(changes.c.sequence)
    .limit(bindparam("count"))
    .execution_options(**MANY_ROWS)
)
DELETE = (
    delete(changes)
    .where(
        changes.c.sequence.between(bindparam("first"), bindparam("last")), changes.c.created_at < bindparam("before")
    )
    .execution_options(**MANY_ROWS)
)


@final
@dataclass(frozen=True, slots=True)
class Feed:
    """Writes the changes that one transaction announces, and keeps them for the listeners."""

    connection: SqlConnection
    announced: list[Change] = field(default_factory=list)

    async def announce(self, *changes: Change) -> None:
        if changes:
            await self.connection.change_all(ANNOUNCE, [to_row(change) for change in changes])
            self.announced.extend(changes)


@final
@dataclass(frozen=True, slots=True)
class SqlChanges:
    connection: SqlConnection

    async def since(self, sequence: int, limit: int) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(SINCE, {"sequence": sequence, "count": limit})
        return [to_change(row) for row in rows]

    async def among(self, sequences: Sequence[int]) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(AMONG, {"sequences": padded(sequences)})
        return [to_change(row) for row in rows]

    async def latest(self, count: int) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(LATEST, {"count": count})
        return [to_change(row) for row in reversed(rows)]

    async def ended_since(self, moment: datetime, limit: int) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(ENDED, {"moment": moment, "count": limit})
        # Sorted here, because ORDER BY could keep the database from using the index of subject and time.
        return sorted(map(to_change, rows), key=lambda change: change.sequence)

    async def prune(self, before: datetime, limit: int) -> int:
        old = await self.connection.rows(OLD, {"before": before, "count": limit})
        if not old:
            return 0
        span = {"first": old[0].sequence, "last": old[-1].sequence, "before": before}
        return await self.connection.change(DELETE, span)


def to_row(change: Change) -> dict[str, Any]:
    return {
        "subject": change.subject.value,
        "user_id": change.user_id,
        "session_id": change.session_id,
        "epoch": change.epoch,
    }


def to_change(row: SqlRow) -> SequencedChange:
    """Return the change of a row. An unknown subject was written by a newer version and is read as a change of `roles`,
    which makes a node read every account again."""
    if row.subject not in KNOWN:
        return SequencedChange(row.sequence, Change(Subject.ROLES), row.created_at)
    change = Change(Subject(row.subject), row.user_id, row.session_id, row.epoch)
    return SequencedChange(row.sequence, change, row.created_at)
