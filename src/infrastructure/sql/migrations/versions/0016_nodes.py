"""The heartbeat of the database, the nodes that are alive, and the settings that they share."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import make_table, named
from doorward.infrastructure.sql.types import Id, Key, LongText, UtcTime, display_text

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    make_table(
        "heartbeats",
        sa.Column("name", Key(16), primary_key=True),
        sa.Column("at", UtcTime(), nullable=False),
    )
    make_table(
        "nodes",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("name", display_text(128), nullable=False),
        sa.Column("version", display_text(64), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("reported_at", UtcTime(), nullable=False),
    )
    make_table(
        "agreed_settings",
        sa.Column("name", Key(64), primary_key=True),
        sa.Column("value", LongText, nullable=False),
        sa.Column("agreed_at", UtcTime(), nullable=False),
    )


def downgrade() -> None:
    for name in ("agreed_settings", "nodes", "heartbeats"):
        op.drop_table(named(name))
