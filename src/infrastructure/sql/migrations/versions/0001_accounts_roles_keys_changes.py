"""Accounts, roles, signing keys and the change feed; the built-in roles.

MySQL commits each table as it is made: a run that was cut off is taken up where it ended.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from infrastructure.sql.types import Counter, Flag, Id, Key, Number, Prose, Sealed, UtcTime, shown, utc_now

revision = "0001"
down_revision = None

BUILT_IN = {
    "user": "Everybody who signed up.",
    "moderator": "Keeps the content in order.",
    "admin": "Manages accounts and roles.",
}

UNLESS_A_ROLE = """
    WHEN NOT EXISTS (SELECT 1 FROM roles WHERE name = NEW.role)
    BEGIN SELECT RAISE(ABORT, 'there is no such role'); END
"""


def upgrade() -> None:
    made(
        "users",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("username", shown(32), nullable=False),
        sa.Column("username_key", Key(128), nullable=False, unique=True),
        sa.Column("email", shown(254), nullable=False),
        sa.Column("email_key", Key(254), nullable=False, unique=True),
        sa.Column("password_hash", shown(255), nullable=False),
        sa.Column("disabled", Flag, nullable=False),
        sa.Column("epoch", Number, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
    )
    made(
        "roles",
        sa.Column("name", Key(64), primary_key=True),
        sa.Column("description", Prose, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False, server_default=utc_now()),
    )
    made(
        "user_roles",
        sa.Column("user_id", Id(), sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("role", Key(64), sa.ForeignKey("roles.name"), primary_key=True),
        sa.Column("granted_at", UtcTime(), nullable=False, server_default=utc_now()),
    )
    if not any(index["name"] == "ix_user_roles_role" for index in inspector().get_indexes("user_roles")):
        op.create_index("ix_user_roles_role", "user_roles", ["role"])
    made(
        "signing_keys",
        sa.Column("kid", Key(64), primary_key=True),
        sa.Column("algorithm", shown(16), nullable=False),
        sa.Column("sealed", Sealed, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("signs_from", UtcTime(), nullable=False),
    )
    made(
        "changes",
        sa.Column("sequence", Counter, primary_key=True, autoincrement=True),
        sa.Column("subject", Key(16), nullable=False),
        sa.Column("user_id", Id()),
        sa.Column("created_at", UtcTime(), nullable=False, server_default=utc_now()),
        sqlite_autoincrement=True,
    )
    seed()
    if op.get_bind().dialect.name == "sqlite":
        guard_hand_edits()


def guard_hand_edits() -> None:
    """SQLite's shell leaves foreign keys off; a misspelt role is refused all the same."""
    for trigger in (
        "CREATE TRIGGER IF NOT EXISTS user_roles_new_names_a_role BEFORE INSERT ON user_roles",
        "CREATE TRIGGER IF NOT EXISTS user_roles_changed_names_a_role BEFORE UPDATE ON user_roles",
    ):
        op.execute(trigger + UNLESS_A_ROLE)


def made(name: str, *columns: sa.Column[Any], **options: Any) -> None:
    """Make the table, unless it is there with these very columns; any other table of that name is somebody else's, and
    the database says so."""
    names = {column.name for column in columns}
    if inspector().has_table(name) and {column["name"] for column in inspector().get_columns(name)} == names:
        return
    op.create_table(
        name,
        *columns,
        sqlite_strict=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        **options,
    )


def seed() -> None:
    roles = sa.table("roles", sa.column("name", Key(64)), sa.column("description", sa.Text))
    present = set(op.get_bind().scalars(sa.select(roles.c.name)))
    missing = [{"name": name, "description": text} for name, text in BUILT_IN.items() if name not in present]
    if missing:
        op.bulk_insert(roles, missing)


def inspector() -> sa.Inspector:
    return sa.inspect(op.get_bind())


def downgrade() -> None:
    for name in ("changes", "signing_keys", "user_roles", "roles", "users"):
        op.drop_table(name)
