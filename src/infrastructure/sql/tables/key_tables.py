"""Signing keys."""

from sqlalchemy import Column, Table

from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Key, Sealed, UtcTime, display_text

signing_keys = Table(
    own("signing_keys"),
    metadata,
    Column("kid", Key(64), primary_key=True),
    Column("algorithm", display_text(16), nullable=False),
    Column("sealed", Sealed, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("signs_from", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)
