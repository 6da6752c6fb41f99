"""New addresses that are to be confirmed, and the links that undo a change."""

import sqlalchemy as sa
from alembic import op

from doorward.infrastructure.sql.migrations.steps import add_column, make_index, make_table, named, reference
from doorward.infrastructure.sql.types import Digest, Id, Key, UtcTime, display_text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    add_column("link_tokens", sa.Column("new_address", display_text(254)))
    make_table(
        "undo_links",
        sa.Column("user_id", Id(), reference("users", "id"), primary_key=True),
        sa.Column("address_key", Key(254), primary_key=True),
        sa.Column("address", display_text(254), nullable=False),
        sa.Column("token_hash", Digest, nullable=False, unique=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
    )
    make_index("undo_links", "address_key")
    make_index("undo_links", "expires_at")


def downgrade() -> None:
    op.drop_table(named("undo_links"))
    op.drop_column(named("link_tokens"), "new_address")
