"""Sessions, services and leases; the change feed tells of sessions."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, make_index, make_table
from doorward.infrastructure.sql.types import Digest, Id, Key, Number, UtcTime, display_text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    make_table(
        "sessions",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("user_id", Id(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime(), nullable=False),
        sa.Column("used_on", UtcTime(), nullable=False),
        sa.Column("address", display_text(45), nullable=False),
        sa.Column("user_agent", display_text(256), nullable=False),
        sa.Column("token_hash", Digest, nullable=False),
        sa.Column("spent", Key(960), nullable=False),
    )
    make_index("ix_sessions_user_id", "sessions", "user_id")
    make_index("ix_sessions_used_on", "sessions", "used_on")
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
        sa.Column("until", UtcTime(), nullable=False),
    )
    add_column("changes", sa.Column("session_id", Id()))
    add_column("changes", sa.Column("epoch", Number))
    make_index("ix_changes_subject_created_at", "changes", "subject", "created_at")


def downgrade() -> None:
    op.execute("DELETE FROM changes WHERE subject = 'sessions'")  # of which the revision before knows nothing
    op.drop_index("ix_changes_subject_created_at", "changes")
    for column in ("epoch", "session_id"):
        op.drop_column("changes", column)
    for name in ("leases", "services", "sessions"):
        op.drop_table(name)
