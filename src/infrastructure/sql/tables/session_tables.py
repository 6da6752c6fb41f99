"""Sessions, and what leads to one."""

from sqlalchemy import Column, ForeignKey, Index, Table

from doorward.domain.sessions.session import MAX_ADDRESS_CHARACTERS, MAX_USER_AGENT_CHARACTERS
from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.rotated_tokens import MAX_ROTATED_TOKENS_CHARACTERS
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.account_tables import users
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Digest, Flag, Id, Key, Number, UtcTime, display_text

sessions = Table(
    own("sessions"),
    metadata,
    Column("id", Id(), primary_key=True),
    Column("user_id", Id(), ForeignKey(users.c.id), nullable=False),
    Column("started_at", UtcTime(), nullable=False),
    Column("last_used_at", UtcTime(), nullable=False),
    Column("used_on", UtcTime(), nullable=False),
    Column("address", display_text(MAX_ADDRESS_CHARACTERS), nullable=False),
    Column("user_agent", display_text(MAX_USER_AGENT_CHARACTERS), nullable=False),
    Column("token_hash", Digest, nullable=False),
    Column("spent", Key(MAX_ROTATED_TOKENS_CHARACTERS), nullable=False),
    Column("keeps_token", Flag, nullable=False, server_default="0"),
    Index(None, "user_id"),
    Index(None, "used_on"),
    **TABLE_OPTIONS,
)

sign_in_attempts = Table(
    own("sign_in_attempts"),
    metadata,
    Column("login", Digest, primary_key=True),
    Column("device", Id(), primary_key=True),
    Column("attempts", Number, nullable=False),
    Column("first_at", UtcTime(), nullable=False),
    Column("allowed_at", UtcTime(), nullable=False),
    Index(None, "allowed_at"),
    **TABLE_OPTIONS,
)

sign_in_codes = Table(
    own("sign_in_codes"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("code_hash", Digest, nullable=False),
    Column("tries", Number, nullable=False),
    Column("expires_at", UtcTime(), nullable=False),
    Index(None, "expires_at"),
    **TABLE_OPTIONS,
)
