import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, final

from sqlalchemy import bindparam, delete, func, insert, or_, select

from doorward.application.transactions import LONGEST_TRANSACTION
from doorward.domain.change_feed.change import NUMBERS_PER_SPAN, Change, SequencedChange, SpanCount, Subject
from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, SqlRow, batches, padded
from doorward.infrastructure.sql.tables import changes

KNOWN = frozenset(Subject)

NEWEST_FIRST = (changes.c.created_at.desc(), changes.c.sequence.desc())
OLDEST_FIRST = (changes.c.created_at, changes.c.sequence)

ANNOUNCE = insert(changes)
CHANGE = select(changes)
SPAN = changes.c.sequence.bitwise_rshift(NUMBERS_PER_SPAN.bit_length() - 1)
IN_WINDOW = changes.c.created_at >= bindparam("since")
COUNTS = (
    select(SPAN.label("span"), func.count().label("number"), func.max(changes.c.created_at).label("newest_at"))
    .where(IN_WINDOW)
    .group_by(SPAN)
)
BETWEEN = CHANGE.where(changes.c.sequence.between(bindparam("first"), bindparam("last")), IN_WINDOW).execution_options(
    **MANY_ROWS
)
LATEST = CHANGE.order_by(*NEWEST_FIRST).limit(bindparam("count"))
MANY_LATEST = LATEST.execution_options(**MANY_ROWS)
ENDED_SINCE = (
    CHANGE.where(
        changes.c.subject == Subject.SESSIONS.value,
        changes.c.created_at >= bindparam("moment"),
        or_(changes.c.created_at > bindparam("moment"), changes.c.sequence > bindparam("after")),
    )
    .order_by(*OLDEST_FIRST)
    .limit(bindparam("count"))
    .execution_options(**MANY_ROWS)
)
OLD = (
    select(changes.c.sequence)
    .where(changes.c.created_at < bindparam("before"), changes.c.sequence != bindparam("kept"))
    .order_by(*OLDEST_FIRST)
    .limit(bindparam("count"))
    .execution_options(**MANY_ROWS)
)
DELETE = (
    delete(changes)
    .where(changes.c.sequence.in_(bindparam("sequences", expanding=True)), changes.c.created_at < bindparam("before"))
    .execution_options(**MANY_ROWS)
)


@final
@dataclass(slots=True)
class Feed:
    """Writes the changes that one transaction announces, and keeps them for the listeners."""

    connection: SqlConnection
    announced: list[Change] = field(default_factory=list)
    began_at: float | None = None
    """The monotonic time of the first announcement."""

    async def announce(self, *changes: Change) -> None:
        if changes:
            self.began_at = self.began_at or time.monotonic()
            await self.connection.change_all(ANNOUNCE, [to_row(change) for change in changes])
            self.announced.extend(changes)

    def check_age(self) -> None:
        """Raise TransactionConflict if other nodes do not look for the changes any more, because this process was
        stopped for a while after it had announced them."""
        if self.began_at is not None and time.monotonic() - self.began_at > LONGEST_TRANSACTION.total_seconds():
            raise TransactionConflict(cause="changes_announced_too_long_ago")


@final
@dataclass(frozen=True, slots=True)
class SqlChanges:
    connection: SqlConnection

    async def counts(self, since: datetime) -> Sequence[SpanCount]:
        rows = await self.connection.rows(COUNTS, {"since": since})
        return [SpanCount(row.span, row.number, row.newest_at) for row in rows]

    async def between(self, first: int, last: int, since: datetime) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(BETWEEN, {"first": first, "last": last, "since": since})
        return [to_change(row) for row in rows]

    async def latest(self, count: int) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(LATEST if count == 1 else MANY_LATEST, {"count": count})
        return [to_change(row) for row in reversed(rows)]

    async def ended_since(self, moment: datetime, after: int, limit: int) -> Sequence[SequencedChange]:
        rows = await self.connection.rows(ENDED_SINCE, {"moment": moment, "after": after, "count": limit})
        return [to_change(row) for row in rows]

    async def prune(self, before: datetime, limit: int) -> int:
        latest = await self.latest(1)
        if not latest:
            return 0
        rows = await self.connection.rows(OLD, {"before": before, "kept": latest[0].sequence, "count": limit})
        old = [{"sequences": padded(batch), "before": before} for batch in batches([row.sequence for row in rows])]
        return sum([await self.connection.change(DELETE, each) for each in old])


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
