"""Accounts that were adopted from another system: their aliases and ids, and which of them came."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, index_name, make_index, make_table, named
from doorward.infrastructure.sql.types import Key, UtcTime, display_text, utc_now

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # nodes of the version before still insert rows without these columns
    add_column("users", sa.Column("alias", display_text(128)))
    add_column("users", sa.Column("alias_key", Key(512)))
    add_column("users", sa.Column("external_id", display_text(255)))
    make_index("users", "alias_key", unique=True)
    make_table(
        "adopted_accounts",
        sa.Column("source", Key(64), primary_key=True),
        sa.Column("external_id", Key(255), primary_key=True),
        sa.Column("adopted_at", UtcTime(), nullable=False, server_default=utc_now()),
    )


def downgrade() -> None:
    op.drop_table(named("adopted_accounts"))
    op.drop_index(index_name("users", "alias_key"), named("users"))
    for column in ("external_id", "alias_key", "alias"):
        op.drop_column(named("users"), column)
