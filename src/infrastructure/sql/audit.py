from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any, Final, final
from uuid import UUID

from sqlalchemy import Connection, Select, and_, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from doorward.application.ports.audit import AuditEntry, AuditQuery, AuditRecord
from doorward.domain.audit.sealed_entry import (
    SERVICE_STREAM,
    AuditEntryId,
    AuditStream,
    SealedEntry,
    StreamId,
    lowest_id_at,
)
from doorward.infrastructure.security.audit_sealing import (
    StreamHead,
    acting_stream,
    actor_stream_of,
    audit_record,
    sealed_entry,
    stream_of,
)
from doorward.infrastructure.sql.audit_heads import AuditHeads, read_heads, to_head, to_stream
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, SqlRow, Values, batches, padded
from doorward.infrastructure.sql.tables import audit_entries as entries
from doorward.infrastructure.sql.tables import audit_streams as streams

HIGHEST_ID: Final = UUID(int=(1 << 128) - 1)
HIGHEST_NUMBER: Final = (1 << 63) - 1

ADD_STREAM = insert(streams)
ADD = insert(entries)


def page_of(*, account: bool, actor: bool, event: bool) -> Select[Any]:
    """Return the SELECT of a page with these filters. Each order is that of an index."""
    found = select(entries).limit(bindparam("count"))
    if actor:
        found = found.where(entries.c.actor == bindparam("of_actor"))
    if event:
        found = found.where(entries.c.event == bindparam("of_event"))
    if account:
        below = and_(entries.c.stream == bindparam("of_stream"), entries.c.number < bindparam("below_number"))
        return found.where(below).order_by(entries.c.number.desc())
    return found.where(entries.c.id < bindparam("below_id")).order_by(entries.c.id.desc())


PAGES: Mapping[tuple[bool, bool, bool], Select[Any]] = {
    (account, actor, event): page_of(account=account, actor=actor, event=event)
    for account, actor, event in product((True, False), repeat=3)
}
NUMBER_OF = select(entries.c.number).where(entries.c.id == bindparam("entry_id"))
IN_ORDER = (
    select(entries)
    .where(
        or_(
            entries.c.stream > bindparam("stream"),
            and_(entries.c.stream == bindparam("stream"), entries.c.number > bindparam("number")),
        )
    )
    .order_by(entries.c.stream, entries.c.number)
    .limit(bindparam("count"))
    .execution_options(**MANY_ROWS)
)
OLD = (
    select(entries.c.stream, entries.c.number, entries.c.hash)
    .where(entries.c.id < bindparam("first_kept"))
    .order_by(entries.c.id)
    .limit(bindparam("count"))
    .execution_options(**MANY_ROWS)
)
MOVE_ANCHOR = (
    update(streams)
    .where(streams.c.stream == bindparam("of_stream"), streams.c.pruned_number < bindparam("last_number"))
    .values(pruned_number=bindparam("last_number"), pruned_hash=bindparam("last_hash"))
    .execution_options(**MANY_ROWS)
)
DELETE = (
    delete(entries)
    .where(entries.c.stream == bindparam("of_stream"), entries.c.number <= bindparam("last_number"))
    .execution_options(**MANY_ROWS)
)
DELETE_EMPTY = (
    delete(streams)
    .where(
        streams.c.stream.in_(bindparam("touched", expanding=True)),
        streams.c.stream != bindparam("of_service"),
        streams.c.data_key.is_(None),
        ~exists().where(entries.c.stream == streams.c.stream),
    )
    .execution_options(**MANY_ROWS)
)


@final
@dataclass(frozen=True, slots=True)
class SqlAudit:
    connection: SqlConnection
    heads: AuditHeads
    now: Callable[[], datetime]

    async def append(self, *new: AuditEntry) -> None:
        """A head may be older than the lock under which it was read. The unique key of stream and number tells, and
        nothing else waits for the account then."""
        self.connection.postpone(lambda connection: self._append_once_more(connection, new), ADD, "audit_stream_grew")

    def _append_once_more(self, connection: Connection, new: Sequence[AuditEntry]) -> None:
        try:
            self._append(connection, new)
        except IntegrityError as error:
            if len(new) > 1 or error.connection_invalidated:
                raise
            self.heads.known.clear()
            self._append(connection, new)

    def _append(self, connection: Connection, new: Sequence[AuditEntry]) -> None:
        append_entries(connection, self.heads, self.now, new)

    async def page(self, query: AuditQuery, after: AuditEntryId | None, limit: int) -> Sequence[AuditRecord]:
        filters = query.account is not None, query.actor is not None, query.event is not None
        asked: dict[str, Any] = {"of_stream": query.account, "of_actor": query.actor, "of_event": query.event}
        asked |= {"count": limit, "below_id": after or HIGHEST_ID, "below_number": HIGHEST_NUMBER}
        if query.account is not None and after is not None:
            found = await self.connection.rows(NUMBER_OF, {"entry_id": after})
            asked["below_number"] = found[0].number if found else 0
        return await self._records(PAGES[filters], asked)

    async def in_order(self, stream: StreamId, number: int, limit: int) -> Sequence[AuditRecord]:
        return await self._records(IN_ORDER, {"stream": stream, "number": number, "count": limit})

    async def streams(self, stream_ids: Sequence[StreamId]) -> Mapping[StreamId, AuditStream]:
        rows = await self.connection.run(lambda connection: read_heads(connection, stream_ids), "audit streams")
        return {StreamId(row.audit_stream): to_stream(row) for row in rows}

    async def prune(self, before: datetime, limit: int) -> int:
        old = await self.connection.rows(OLD, {"first_kept": lowest_id_at(before), "count": limit})
        if not old:
            return 0
        last = {row.stream: row for row in sorted(old, key=lambda row: row.number)}
        spans = [
            {"of_stream": stream, "last_number": row.number, "last_hash": row.hash}
            for stream, row in sorted(last.items())
        ]
        await self.connection.change_all(MOVE_ANCHOR, spans)
        await self.connection.change_all(DELETE, [without_hash(span) for span in spans])
        for batch in batches(sorted(last)):
            asked = {"touched": padded(batch), "of_service": SERVICE_STREAM}
            await self.connection.change(DELETE_EMPTY, asked)
        return len(old)

    async def _records(self, statement: Select[Any], asked: Values) -> Sequence[AuditRecord]:
        found = [to_entry(row) for row in await self.connection.rows(statement, asked)]
        involved = {each.stream for each in found} | {acting_stream(each) for each in found}
        known = await self.streams(sorted(involved))
        return [audit_record(each, known) for each in found]


def append_entries(
    connection: Connection, heads: AuditHeads, now: Callable[[], datetime], new: Sequence[AuditEntry]
) -> None:
    """Append the entries on a connection in a transaction, with the heads that it has read so far."""
    known = heads.known
    needed = {stream_id for entry in new for stream_id in streams_of(entry)}
    add_heads(connection, heads, sorted(needed - known.keys()))
    fresh = [known[stream_id].stream for stream_id in sorted(needed) if not known[stream_id].stored]
    if fresh:
        connection.execute(ADD_STREAM, [to_stream_row(stream) for stream in fresh])
        known.update({stream.id: replace(known[stream.id], stored=True) for stream in fresh})
    rows = []
    for entry in new:
        acting, head = actor_stream_of(entry), known[stream_of(entry)]
        key = None if acting is None else known[acting].stream.key
        sealed = sealed_entry(entry, head, key, now())
        known[sealed.stream] = head.moved_to(sealed)
        rows.append(to_row(sealed))
    connection.execute(ADD, rows)


def add_heads(connection: Connection, heads: AuditHeads, stream_ids: Sequence[StreamId]) -> None:
    found = {StreamId(row.audit_stream): to_head(row) for row in read_heads(connection, stream_ids)}
    heads.known.update({each: found.get(each) or StreamHead.new(each) for each in stream_ids})


def streams_of(entry: AuditEntry) -> Iterable[StreamId]:
    acting = actor_stream_of(entry)
    return (stream_of(entry),) if acting is None else (stream_of(entry), acting)


def without_hash(span: Values) -> Values:
    return {name: value for name, value in span.items() if name != "last_hash"}


def to_stream_row(stream: AuditStream) -> dict[str, Any]:
    return {
        "stream": stream.id,
        "data_key": stream.key,
        "pruned_number": stream.pruned_number,
        "pruned_hash": stream.pruned_hash,
    }


def to_row(entry: SealedEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "stream": entry.stream,
        "number": entry.number,
        "at": entry.at,
        "event": entry.event,
        "actor": entry.actor,
        "session_id": entry.session_id,
        "source": entry.source,
        "details": entry.details,
        "hash": entry.hash,
    }


def to_entry(row: SqlRow) -> SealedEntry:
    return SealedEntry(
        id=AuditEntryId(row.id),
        stream=StreamId(row.stream),
        number=row.number,
        at=row.at,
        event=row.event,
        actor=row.actor,
        session_id=row.session_id,
        source=row.source,
        details=row.details,
        hash=row.hash,
    )
