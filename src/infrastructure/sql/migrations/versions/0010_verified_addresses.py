"""When the address of an account was verified."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, named
from doorward.infrastructure.sql.types import UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_column("users", sa.Column("email_verified_at", UtcTime()))


def downgrade() -> None:
    op.drop_column(named("users"), "email_verified_at")
