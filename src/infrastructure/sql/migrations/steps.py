"""Steps of migrations, which do nothing when they were done before.

MySQL commits each step, so a migration that was interrupted continues where it ended. Tables are named without the
prefix of the installation. Every name that a step makes has it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from doorward.infrastructure.sql.table_options import TABLE_OPTIONS


def make_table(name: str, *columns: sa.Column[Any], **options: Any) -> None:
    """Create a table unless it exists with exactly these columns. For any other table the database reports an error."""
    names = {column.name for column in columns}
    if inspector().has_table(named(name)) and names == columns_of(name):
        return
    op.create_table(
        named(name),
        *columns,
        **{**TABLE_OPTIONS, **options},
    )


def named(table: str) -> str:
    """Return the name of a table with the prefix."""
    return f"{context.config.attributes['table_prefix']}{table}"


def reference(table: str, column: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{named(table)}.{column}")


def add_column(table: str, column: sa.Column[Any]) -> None:
    if column.name not in columns_of(table):
        op.add_column(named(table), column)


def index_name(table: str, *columns: str) -> str:
    return f"ix_{named(table)}_{'_'.join(columns)}"


def make_index(table: str, *columns: str, unique: bool = False) -> None:
    name = index_name(table, *columns)
    if not any(present["name"] == name for present in inspector().get_indexes(named(table))):
        op.create_index(name, named(table), list(columns), unique=unique)


def drop_index(table: str, *columns: str) -> None:
    name = index_name(table, *columns)
    if any(present["name"] == name for present in inspector().get_indexes(named(table))):
        op.drop_index(name, named(table))


def columns_of(table: str) -> set[str]:
    return {column["name"] for column in inspector().get_columns(named(table))}


def inspector() -> sa.Inspector:
    return sa.inspect(op.get_bind())
