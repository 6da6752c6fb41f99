"""The audit log."""

from sqlalchemy import Column, Index, Table

from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Counter, Digest, Id, Key, Sealed, UtcTime

audit_streams = Table(
    own("audit_streams"),
    metadata,
    Column("stream", Id(), primary_key=True),
    Column("data_key", Digest),
    Column("pruned_number", Counter, nullable=False),
    Column("pruned_hash", Digest, nullable=False),
    **TABLE_OPTIONS,
)

audit_entries = Table(
    own("audit_entries"),
    metadata,
    Column("id", Id(), primary_key=True),
    Column("stream", Id(), nullable=False),
    Column("number", Counter, nullable=False),
    Column("at", UtcTime(), nullable=False),
    Column("event", Key(64), nullable=False),
    Column("actor", Key(64), nullable=False),
    Column("session_id", Id()),
    Column("source", Sealed, nullable=False),
    Column("details", Sealed, nullable=False),
    Column("hash", Digest, nullable=False),
    Index(None, "stream", "number", unique=True),
    Index(None, "actor", "id"),
    Index(None, "event", "id"),
    **TABLE_OPTIONS,
)
