"""The locale of accounts, and their profiles."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, make_table, named, reference
from doorward.infrastructure.sql.types import Id, Key, LongText

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    add_column("users", sa.Column("locale", Key(16)))
    make_table(
        "profiles",
        sa.Column("user_id", Id(), reference("users", "id"), primary_key=True),
        sa.Column("profile", LongText, nullable=False),
    )


def downgrade() -> None:
    op.drop_table(named("profiles"))
    op.drop_column(named("users"), "locale")
