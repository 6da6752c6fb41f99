"""The whole schema. `doorward migrate` creates it; `tests/integration/migrations/test_migrations.py` compares both.

The names are without the prefix of the installation, which `naming.py` adds.
"""

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table

from doorward.domain.accounts.alias import MAX_ALIAS_CHARACTERS, MAX_ALIAS_KEY_BYTES
from doorward.domain.accounts.suspension import MAX_REASON_CHARACTERS
from doorward.domain.nodes.node import MAX_NODE_NAME_CHARACTERS, MAX_VERSION_CHARACTERS
from doorward.domain.sessions.session import MAX_ADDRESS_CHARACTERS, MAX_USER_AGENT_CHARACTERS
from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.rotated_tokens import MAX_ROTATED_TOKENS_CHARACTERS
from doorward.infrastructure.sql.table_options import ONE_COUNTER, TABLE_OPTIONS
from doorward.infrastructure.sql.types import (
    Counter,
    Digest,
    Flag,
    Id,
    Key,
    LongText,
    Number,
    Sealed,
    UtcTime,
    display_text,
    utc_now,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    },
)

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

services = Table(
    own("services"),
    metadata,
    Column("id", Key(64), primary_key=True),
    Column("name", Key(64), nullable=False, unique=True),
    Column("secret_hash", Digest, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)

leases = Table(
    own("leases"),
    metadata,
    Column("name", Key(64), primary_key=True),
    Column("holder", Key(128), nullable=False),
    Column("until", UtcTime(), nullable=False, quote=True),
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

adopted_accounts = Table(
    own("adopted_accounts"),
    metadata,
    Column("source", Key(64), primary_key=True),
    Column("external_id", Key(255), primary_key=True),
    Column("adopted_at", UtcTime(), nullable=False, server_default=utc_now()),
    **TABLE_OPTIONS,
)
"""Without the id of the account here, so that a row can stay when the account is deleted: it is not adopted again."""

known_agents = Table(
    own("known_agents"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("families", LongText, nullable=False),
    **TABLE_OPTIONS,
)

profiles = Table(
    own("profiles"),
    metadata,
    Column("user_id", Id(), ForeignKey(users.c.id), primary_key=True),
    Column("profile", LongText, nullable=False),
    **TABLE_OPTIONS,
)

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

heartbeats = Table(
    own("heartbeats"),
    metadata,
    Column("name", Key(16), primary_key=True),
    Column("at", UtcTime(), nullable=False),
    **TABLE_OPTIONS,
)
"""One row, which tells how old what is read from a replica is."""

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
