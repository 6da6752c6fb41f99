"""Deleted accounts that are kept for a while, and the indexes of lists of accounts."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, drop_index, make_index, named
from doorward.infrastructure.sql.types import Flag, UtcTime

revision = "0015"
down_revision = "0014"

INDEXES = (("created_at", "id"), ("deleted_at", "id"), ("disabled", "id"))


def upgrade() -> None:
    add_column("users", sa.Column("deleted_at", UtcTime()))
    for columns in INDEXES:
        make_index("users", *columns)
    # MySQL needs one of these two for the foreign key, so the other one is made first.
    make_index("user_roles", "role", "user_id")
    drop_index("user_roles", "role")


def downgrade() -> None:
    """Deleted accounts become disabled ones: the version before would let their holders sign in otherwise."""
    users = sa.table(named("users"), sa.column("disabled", Flag), sa.column("deleted_at", UtcTime()))
    disable = users.update().where(users.c.deleted_at.is_not(None)).values(disabled=True)
    op.execute(disable)
    make_index("user_roles", "role")
    drop_index("user_roles", "role", "user_id")
    for columns in INDEXES:
        drop_index("users", *columns)
    op.drop_column(named("users"), "deleted_at")
