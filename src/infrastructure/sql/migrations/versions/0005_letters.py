"""The outbox of letters, and the tokens of their links."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_index, make_table, named, reference
from doorward.infrastructure.sql.types import Digest, Id, Key, Number, UtcTime, display_text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    make_table(
        "letters",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("kind", Key(32), nullable=False),
        sa.Column("recipient", display_text(254), nullable=False),
        sa.Column("language", Key(16), nullable=False),
        sa.Column("user_id", Id()),
        sa.Column("slot", Digest, nullable=False, unique=True),
        sa.Column("state", Key(16), nullable=False),
        sa.Column("attempts", Number, nullable=False),
        sa.Column("reason", display_text(100), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime()),
        sa.Column("version", Number, nullable=False),
    )
    make_index("letters", "finished_at", "due_at")
    make_index("letters", "user_id")
    make_table(
        "link_tokens",
        sa.Column("user_id", Id(), reference("users", "id"), primary_key=True),
        sa.Column("purpose", Key(32), primary_key=True),
        sa.Column("token_hash", Digest, nullable=False, unique=True),
        sa.Column("address_key", Key(254), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
    )
    make_index("link_tokens", "expires_at")


def downgrade() -> None:
    for name in ("link_tokens", "letters"):
        op.drop_table(named(name))
