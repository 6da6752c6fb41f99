"""Accounts, roles, signing keys and the change feed; the built-in roles."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_index, make_table, named, reference
from doorward.infrastructure.sql.table_options import ONE_COUNTER
from doorward.infrastructure.sql.types import (
    Counter,
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

revision = "0001"
down_revision = None

BUILT_IN = {
    "user": "Everybody who signed up.",
    "moderator": "Keeps the content in order.",
    "admin": "Manages accounts and roles.",
}

TRIGGER = """
    CREATE TRIGGER IF NOT EXISTS {grants}_{name} BEFORE {change} ON {grants}
    WHEN NOT EXISTS (SELECT 1 FROM {roles} WHERE name = NEW.role)
    BEGIN SELECT RAISE(ABORT, 'there is no such role'); END
"""


def upgrade() -> None:
    make_table(
        "users",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("username", display_text(32), nullable=False),
        sa.Column("username_key", Key(128), nullable=False, unique=True),
        sa.Column("email", display_text(254), nullable=False),
        sa.Column("email_key", Key(254), nullable=False, unique=True),
        sa.Column("password_hash", display_text(255), nullable=False),
        sa.Column("disabled", Flag, nullable=False),
        sa.Column("epoch", Number, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
    )
    make_table(
        "roles",
        sa.Column("name", Key(64), primary_key=True),
        sa.Column("description", LongText, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False, server_default=utc_now()),
    )
    make_table(
        "user_roles",
        sa.Column("user_id", Id(), reference("users", "id"), primary_key=True),
        sa.Column("role", Key(64), reference("roles", "name"), primary_key=True),
        sa.Column("granted_at", UtcTime(), nullable=False, server_default=utc_now()),
    )
    make_index("user_roles", "role")
    make_table(
        "signing_keys",
        sa.Column("kid", Key(64), primary_key=True),
        sa.Column("algorithm", display_text(16), nullable=False),
        sa.Column("sealed", Sealed, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("signs_from", UtcTime(), nullable=False),
    )
    make_table(
        "changes",
        sa.Column("sequence", Counter, primary_key=True, autoincrement=True),
        sa.Column("subject", Key(16), nullable=False),
        sa.Column("user_id", Id()),
        sa.Column("created_at", UtcTime(), nullable=False, server_default=utc_now()),
        **ONE_COUNTER,
    )
    seed()
    if op.get_bind().dialect.name == "sqlite":
        guard_hand_edits()


def guard_hand_edits() -> None:
    """SQLite's shell leaves foreign keys off; a misspelt role is refused all the same."""
    grants, roles = named("user_roles"), named("roles")
    for name, change in (("new_names_a_role", "INSERT"), ("changed_names_a_role", "UPDATE")):
        op.execute(TRIGGER.format(grants=grants, roles=roles, name=name, change=change))


def seed() -> None:
    roles = sa.table(named("roles"), sa.column("name", Key(64)), sa.column("description", sa.Text))
    present = set(op.get_bind().scalars(sa.select(roles.c.name)))
    missing = [{"name": name, "description": text} for name, text in BUILT_IN.items() if name not in present]
    if missing:
        op.bulk_insert(roles, missing)


def downgrade() -> None:
    for name in ("changes", "signing_keys", "user_roles", "roles", "users"):
        op.drop_table(named(name))
