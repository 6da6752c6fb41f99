"""What nodes tell each other about changes."""

from sqlalchemy import Column, Index, Table

from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import ONE_COUNTER, TABLE_OPTIONS
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Counter, Id, Key, Number, UtcTime, utc_now

changes = Table(
    own("changes"),
    metadata,
    Column("sequence", Counter, primary_key=True, autoincrement=True),
    Column("subject", Key(16), nullable=False),
    Column("user_id", Id()),
    Column("session_id", Id()),
    Column("epoch", Number),
    Column("created_at", UtcTime(), nullable=False, server_default=utc_now()),
    Index(None, "subject", "created_at"),
    Index(None, "created_at"),
    **ONE_COUNTER,
)

heartbeats = Table(
    own("heartbeats"),
    metadata,
    Column("name", Key(16), primary_key=True),
    Column("at", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)
"""One row, which tells how old what is read from a replica is."""
