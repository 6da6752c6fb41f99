"""Letters, and the tokens of the links in them."""

from sqlalchemy import Column, ForeignKey, Index, Table

from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.account_tables import users
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Digest, Id, Key, LongText, Number, UtcTime, display_text

letters = Table(
    own("letters"),
    metadata,
    Column("id", Id(), primary_key=True),
    Column("kind", Key(32), nullable=False),
    Column("recipient", display_text(254), nullable=False),
    Column("language", Key(16), nullable=False),
    Column("user_id", Id()),
    Column("slot", Digest, nullable=False, unique=True),
    Column("state", Key(16), nullable=False),
    Column("attempts", Number, nullable=False),
    Column("reason", display_text(100), nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("due_at", UtcTime(), nullable=False),
    Column("expires_at", UtcTime(), nullable=False),
    Column("finished_at", UtcTime()),
    Column("version", Number, nullable=False),
    Column("details", LongText),
    Index(None, "finished_at", "due_at"),
    Index(None, "user_id"),
    **TABLE_OPTIONS,
)

link_tokens = Table(
    own("link_tokens"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("purpose", Key(32), primary_key=True),
    Column("token_hash", Digest, nullable=False, unique=True),
    Column("address_key", Key(254), nullable=False),
    Column("expires_at", UtcTime(), nullable=False),
    Column("new_address", display_text(254)),
    Index(None, "expires_at"),
    **TABLE_OPTIONS,
)

undo_links = Table(
    own("undo_links"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("address_key", Key(254), primary_key=True),
    Column("address", display_text(254), nullable=False),
    Column("token_hash", Digest, nullable=False, unique=True),
    Column("expires_at", UtcTime(), nullable=False),
    Index(None, "address_key"),
    Index(None, "expires_at"),
    **TABLE_OPTIONS,
)
