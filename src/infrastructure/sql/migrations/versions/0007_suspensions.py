"""Why accounts are disabled, and until when."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, named
from doorward.infrastructure.sql.types import UtcTime, display_text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    add_column("users", sa.Column("disabled_until", UtcTime()))
    # nodes of the version before still insert rows without this column
    add_column("users", sa.Column("disabled_reason", display_text(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Accounts that are disabled stay so, without an end."""
    for column in ("disabled_reason", "disabled_until"):
        op.drop_column(named("users"), column)
