"""The audit log: its streams, with the keys of what they seal, and its entries."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_index, make_table, named
from doorward.infrastructure.sql.types import Counter, Digest, Id, Key, Sealed, UtcTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    make_table(
        "audit_streams",
        sa.Column("stream", Id(), primary_key=True),
        sa.Column("data_key", Digest),
        sa.Column("pruned_number", Counter, nullable=False),
        sa.Column("pruned_hash", Digest, nullable=False),
    )
    make_table(
        "audit_entries",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("stream", Id(), nullable=False),
        sa.Column("number", Counter, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("event", Key(64), nullable=False),
        sa.Column("actor", Key(64), nullable=False),
        sa.Column("session_id", Id()),
        sa.Column("source", Sealed, nullable=False),
        sa.Column("details", Sealed, nullable=False),
        sa.Column("hash", Digest, nullable=False),
    )
    make_index("audit_entries", "stream", "number", unique=True)
    make_index("audit_entries", "actor", "id")
    make_index("audit_entries", "event", "id")


def downgrade() -> None:
    for name in ("audit_entries", "audit_streams"):
        op.drop_table(named(name))
