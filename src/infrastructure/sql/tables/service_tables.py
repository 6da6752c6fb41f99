"""Other programs that introspect and revoke tokens."""

from sqlalchemy import Column, Table

from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Digest, Key, UtcTime

services = Table(
    own("services"),
    metadata,
    Column("id", Key(64), primary_key=True),
    Column("name", Key(64), nullable=False, unique=True),
    Column("secret_hash", Digest, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)
