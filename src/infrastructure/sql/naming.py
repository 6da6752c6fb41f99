"""The names of Doorward's tables, and how an engine adds the prefix of the installation to them.

The statements are constants that name the tables without a prefix. SQLAlchemy quotes each name when it compiles a
statement for an engine, and keeps the compiled text. A prefix is added there, so a statement that runs costs no more.
"""

from typing import final

from sqlalchemy import Engine, quoted_name

VERSION_TABLE = "doorward_version"
"""Holds the number of the schema. Alembic's own name for it is `alembic_version`, which other programs use."""


@final
class TableName(quoted_name):
    """The name of a table of Doorward, without the prefix. No other name in a statement has this type."""


def own(name: str) -> TableName:
    return TableName(name, None)


def add_table_prefix(engine: Engine, prefix: str) -> None:
    """Make the engine write the prefix before the name of each table of Doorward."""
    if not prefix:
        return
    dialect = engine.dialect

    class PrefixingPreparer(dialect.preparer):  # type: ignore[name-defined,misc]
        """Quotes names as the dialect does."""

        def quote(self, ident: str) -> str:
            return str(super().quote(prefix + str(ident) if isinstance(ident, TableName) else ident))

    dialect.preparer = PrefixingPreparer  # MySQL's dialect makes another one when it has connected
    dialect.identifier_preparer = PrefixingPreparer(dialect)
