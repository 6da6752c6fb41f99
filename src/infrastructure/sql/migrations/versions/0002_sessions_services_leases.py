"""Sessions, services and leases; the change feed tells of sessions."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import (
    add_column,
    index_name,
    make_index,
    make_table,
    named,
    reference,
)
from doorward.infrastructure.sql.types import Digest, Id, Key, Number, UtcTime, display_text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    make_table(
        "sessions",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("user_id", Id(), reference("users", "id"), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime(), nullable=False),
        sa.Column("used_on", UtcTime(), nullable=False),
        sa.Column("address", display_text(45), nullable=False),
        sa.Column("user_agent", display_text(256), nullable=False),
        sa.Column("token_hash", Digest, nullable=False),
        sa.Column("spent", Key(960), nullable=False),
    )
    make_index("sessions", "user_id")
    make_index("sessions", "used_on")
    make_table(
        "services",
        sa.Column("id", Key(64), primary_key=True),
        sa.Column("name", Key(64), nullable=False, unique=True),
        sa.Column("secret_hash", Digest, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
    )
    make_table(
        "leases",
        sa.Column("name", Key(64), primary_key=True),
        sa.Column("holder", Key(128), nullable=False),
        sa.Column("until", UtcTime(), nullable=False, quote=True),
    )
    add_column("changes", sa.Column("session_id", Id()))
    add_column("changes", sa.Column("epoch", Number))
    make_index("changes", "subject", "created_at")


def downgrade() -> None:
    changes = sa.table(named("changes"), sa.column("subject", Key(16)))
    unknown_before = changes.delete().where(changes.c.subject == "sessions")
    op.execute(unknown_before)
    op.drop_index(index_name("changes", "subject", "created_at"), named("changes"))
    for column in ("epoch", "session_id"):
        op.drop_column(named("changes"), column)
    for name in ("leases", "services", "sessions"):
        op.drop_table(named(name))
