"""Counts of attempts to sign in."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_index, make_table, named
from doorward.infrastructure.sql.types import Digest, Id, Number, UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    make_table(
        "sign_in_attempts",
        sa.Column("login", Digest, primary_key=True),
        sa.Column("device", Id(), primary_key=True),
        sa.Column("attempts", Number, nullable=False),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.Column("allowed_at", UtcTime(), nullable=False),
    )
    make_index("sign_in_attempts", "allowed_at")


def downgrade() -> None:
    op.drop_table(named("sign_in_attempts"))
