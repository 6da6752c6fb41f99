"""The heads of audit streams: what the next entry of a stream needs to know. They are read together with the lock of
an account, so that an entry costs one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, null, select, update

from doorward.domain.audit.sealed_entry import AuditStream, StreamId
from doorward.domain.ids import UserId
from doorward.infrastructure.security.audit_sealing import StreamHead
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow, batches, padded
from doorward.infrastructure.sql.tables import audit_entries, audit_streams, users


def last(column: ColumnElement[Any], stream: ColumnElement[Any]) -> Any:
    """Return a column of the last entry of the stream, as a scalar."""
    return (
        select(column)
        .where(audit_entries.c.stream == stream)
        .order_by(audit_entries.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def head_columns(stream: ColumnElement[Any]) -> Sequence[Any]:
    return (
        audit_streams.c.stream.label("audit_stream"),
        audit_streams.c.data_key,
        audit_streams.c.pruned_number,
        audit_streams.c.pruned_hash,
        last(audit_entries.c.number, stream).label("last_number"),
        last(audit_entries.c.hash, stream).label("last_hash"),
    )


def with_head(accounts: Select[Any]) -> Select[Any]:
    """Return the statement with the head of the stream of each account."""
    joined = accounts.outerjoin(audit_streams, audit_streams.c.stream == users.c.id)
    return joined.add_columns(*head_columns(users.c.id))


HEADS: Final = select(*head_columns(audit_streams.c.stream)).where(
    audit_streams.c.stream.in_(bindparam("streams", expanding=True))
)
DELETE_KEYS: Final = (
    update(audit_streams)
    .where(audit_streams.c.stream.in_(bindparam("of_accounts", expanding=True)))
    .values(data_key=null())
)


async def delete_keys(connection: SqlConnection, user_ids: Sequence[UserId]) -> None:
    """Delete the keys of what identifies at most 500 people in the audit log."""
    await connection.change(DELETE_KEYS, {"of_accounts": padded(user_ids)})


def read_heads(connection: Connection, stream_ids: Sequence[StreamId]) -> Sequence[SqlRow]:
    """Return the rows of the streams (any number) that have begun."""
    found: list[SqlRow] = []
    for batch in batches(stream_ids):
        found += connection.execute(HEADS, {"streams": padded(batch)}).all()
    return found


def to_stream(row: SqlRow) -> AuditStream:
    return AuditStream(
        id=StreamId(row.audit_stream),
        key=row.data_key,
        pruned_number=row.pruned_number,
        pruned_hash=row.pruned_hash,
    )


def to_head(row: SqlRow) -> StreamHead:
    """If the last entry was pruned, the anchor of the stream stands for it."""
    stream = to_stream(row)
    if row.last_number is None:
        return StreamHead(stream=stream, number=stream.pruned_number, hash=stream.pruned_hash)
    return StreamHead(stream=stream, number=row.last_number, hash=row.last_hash)


@dataclass(frozen=True, slots=True)
class AuditHeads:
    """The heads that one transaction has read or moved."""

    known: dict[StreamId, StreamHead] = field(default_factory=dict)

    def remember(self, user_id: UserId, locked: Sequence[SqlRow]) -> None:
        """Remember the head that the rows of a locked account contain."""
        for row in locked[:1]:
            if row.audit_stream is None:
                self.begin(user_id)
            else:
                self.known[StreamId(user_id)] = to_head(row)

    def begin(self, user_id: UserId) -> None:
        """Remember that the account has no stream yet."""
        self.known[StreamId(user_id)] = StreamHead.new(StreamId(user_id))
