"""Codes of letters, with which people sign in."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_index, make_table, named, reference
from doorward.infrastructure.sql.types import Digest, Id, Number, UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    make_table(
        "sign_in_codes",
        sa.Column("user_id", Id(), reference("users", "id"), primary_key=True),
        sa.Column("code_hash", Digest, nullable=False),
        sa.Column("tries", Number, nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
    )
    make_index("sign_in_codes", "expires_at")


def downgrade() -> None:
    op.drop_table(named("sign_in_codes"))
