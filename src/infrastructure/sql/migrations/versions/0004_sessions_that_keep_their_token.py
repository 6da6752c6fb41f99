"""Sessions whose refresh token does not rotate."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, named
from doorward.infrastructure.sql.types import Flag

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # nodes of the version before still insert rows without this column
    add_column("sessions", sa.Column("keeps_token", Flag, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column(named("sessions"), "keeps_token")
