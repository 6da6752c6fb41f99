"""An index of changes by time, by which nodes read the change feed."""

from doorward.infrastructure.sql.migrations.steps import drop_index, make_index

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    make_index("changes", "created_at")


def downgrade() -> None:
    drop_index("changes", "created_at")
