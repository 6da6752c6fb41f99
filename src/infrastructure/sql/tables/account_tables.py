"""Accounts, their roles, and what else is stored about a person."""

from sqlalchemy import Column, ForeignKey, Index, Table

from doorward.domain.accounts.alias import MAX_ALIAS_CHARACTERS, MAX_ALIAS_KEY_BYTES
from doorward.domain.accounts.suspension import MAX_REASON_CHARACTERS
from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.table_options import TABLE_OPTIONS
from doorward.infrastructure.sql.tables.table_metadata import metadata
from doorward.infrastructure.sql.types import Digest, Flag, Id, Key, LongText, Number, UtcTime, display_text, utc_now

users = Table(
    own("users"),
    metadata,
    Column("id", Id(), primary_key=True),
    Column("username", display_text(32), nullable=False),
    Column("username_key", Key(128), nullable=False, unique=True),
    Column("email", display_text(254), nullable=False),
    Column("email_key", Key(254), nullable=False, unique=True),
    Column("password_hash", display_text(255), nullable=False),
    Column("disabled", Flag, nullable=False),
    Column("epoch", Number, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("disabled_until", UtcTime()),
    Column("disabled_reason", display_text(MAX_REASON_CHARACTERS), nullable=False, server_default=""),
    Column("alias", display_text(MAX_ALIAS_CHARACTERS)),
    Column("alias_key", Key(MAX_ALIAS_KEY_BYTES)),
    Column("external_id", display_text(255)),
    Index(None, "alias_key", unique=True),
    Column("email_verified_at", UtcTime()),
    Column("locale", Key(16)),
    Column("deleted_at", UtcTime()),
    Index(None, "created_at", "id"),
    Index(None, "deleted_at", "id"),
    Index(None, "disabled", "id"),
    **TABLE_OPTIONS,
)

roles = Table(
    own("roles"),
    metadata,
    Column("name", Key(64), primary_key=True),
    Column("description", LongText, nullable=False),
    Column("created_at", UtcTime(), nullable=False, server_default=utc_now()),
    **TABLE_OPTIONS,
)

user_roles = Table(
    own("user_roles"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("role", Key(64), ForeignKey(roles.c.name), primary_key=True),
    Column("granted_at", UtcTime(), nullable=False, server_default=utc_now()),
    Index(None, "role", "user_id"),
    **TABLE_OPTIONS,
)

profiles = Table(
    own("profiles"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("profile", LongText, nullable=False),
    **TABLE_OPTIONS,
)

known_agents = Table(
    own("known_agents"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("families", LongText, nullable=False),
    **TABLE_OPTIONS,
)

adopted_accounts = Table(
    own("adopted_accounts"),
    metadata,
    Column("source", Key(64), primary_key=True),
    Column("external_id", Key(255), primary_key=True),
    Column("adopted_at", UtcTime(), nullable=False, server_default=utc_now()),
    **TABLE_OPTIONS,
)
"""Without the id of the account here, so that a row can stay when the account is deleted: it is not adopted again."""

invitations = Table(
    own("invitations"),
    metadata,
    Column("id", Id(), primary_key=True),
    Column("email", display_text(254), nullable=False),
    Column("email_key", Key(254), nullable=False, unique=True),
    Column("role_names", LongText, nullable=False),
    Column("locale", Key(16)),
    Column("invited_by", Id()),
    Column("token_hash", Digest, unique=True),
    Column("created_at", UtcTime(), nullable=False),
    Column("expires_at", UtcTime(), nullable=False),
    Index(None, "expires_at"),
    **TABLE_OPTIONS,
)
