"""What is remembered of the user agents of accounts, and details of letters."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, make_table, named, reference
from doorward.infrastructure.sql.types import Id, LongText

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    make_table(
        "known_agents",
        sa.Column("user_id", Id(), reference("users", "id"), primary_key=True),
        sa.Column("families", LongText, nullable=False),
    )
    # nodes of the version before still insert rows without this column
    add_column("letters", sa.Column("details", LongText))


def downgrade() -> None:
    op.drop_column(named("letters"), "details")
    op.drop_table(named("known_agents"))
