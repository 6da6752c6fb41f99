"""Invitations."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_index, make_table, named
from doorward.infrastructure.sql.types import Digest, Id, Key, LongText, UtcTime, display_text

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    make_table(
        "invitations",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("email", display_text(254), nullable=False),
        sa.Column("email_key", Key(254), nullable=False, unique=True),
        sa.Column("role_names", LongText, nullable=False),
        sa.Column("locale", Key(16)),
        sa.Column("invited_by", Id()),
        sa.Column("token_hash", Digest, unique=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
    )
    make_index("invitations", "expires_at")


def downgrade() -> None:
    op.drop_table(named("invitations"))
