"""Steps of migrations, which do nothing when they were done before.

MySQL commits each step, so a migration that was interrupted continues where it ended.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op


def make_table(name: str, *columns: sa.Column[Any], **options: Any) -> None:
    """Create a table unless it exists with exactly these columns. For any other table the database reports an error."""
    names = {column.name for column in columns}
    if inspector().has_table(name) and {column["name"] for column in inspector().get_columns(name)} == names:
        return
    op.create_table(
        name,
        *columns,
        sqlite_strict=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        **options,
    )


def add_column(table: str, column: sa.Column[Any]) -> None:
    if not any(present["name"] == column.name for present in inspector().get_columns(table)):
        op.add_column(table, column)


def make_index(name: str, table: str, *columns: str) -> None:
    if not any(present["name"] == name for present in inspector().get_indexes(table)):
        op.create_index(name, table, list(columns))


def inspector() -> sa.Inspector:
    return sa.inspect(op.get_bind())
