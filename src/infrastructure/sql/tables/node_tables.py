"""What several nodes on one database know of each other."""

from sqlalchemy import Column, Table

from doorward.domain.nodes.node import MAX_NODE_NAME_CHARACTERS, MAX_VERSION_CHARACTERS
from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Id, Key, LongText, UtcTime, display_text

leases = Table(
    own("leases"),
    metadata,
    Column("name", Key(64), primary_key=True),
    Column("holder", Key(128), nullable=False),
    Column("until", UtcTime(), nullable=False, quote=True),
    **TABLE_OPTIONS,
)

nodes = Table(
    own("nodes"),
    metadata,
    Column("id", Id(), primary_key=True),
    Column("name", display_text(MAX_NODE_NAME_CHARACTERS), nullable=False),
    Column("version", display_text(MAX_VERSION_CHARACTERS), nullable=False),
    Column("started_at", UtcTime(), nullable=False),
    Column("reported_at", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)

agreed_settings = Table(
    own("agreed_settings"),
    metadata,
    Column("name", Key(64), primary_key=True),
    Column("value", LongText, nullable=False),
    Column("agreed_at", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)
