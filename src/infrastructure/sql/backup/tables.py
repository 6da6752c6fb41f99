"""What a backup contains of each table, and the kinds of the columns."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BINARY, BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

from doorward.infrastructure.backup.form import ColumnHeading, Kind, TableHeading
from doorward.infrastructure.sql.naming import own
from doorward.infrastructure.sql.tables import agreed_settings, heartbeats, leases, metadata, nodes
from doorward.infrastructure.sql.types import Flag, Id, Key, UtcTime

LEFT_OUT: Final = frozenset(table.name for table in (leases, heartbeats, nodes, agreed_settings))
"""Tables that say something about the nodes of this database, and nothing about accounts. A restore does not touch
their rows. A test asks for a decision about every other table."""

MAX_KEY_BYTES: Final = 1024
STORED_AS: Final[dict[Kind, TypeEngine[Any]]] = {
    "uuid": Id(),
    "key": Key(MAX_KEY_BYTES),
    "text": Text(),
    "bytes": LargeBinary(),
    "time": UtcTime(),
    "flag": Flag,
    "number": BigInteger(),
}
"""The types that turn values of each kind into those of the driver. The database knows the lengths."""

KINDS: Final[tuple[tuple[Kind, type[TypeEngine[Any]]], ...]] = (
    ("uuid", Id),
    ("key", Key),
    ("time", UtcTime),
    ("flag", Boolean),
    ("number", Integer),
    ("text", String),
    ("bytes", BINARY),
    ("bytes", LargeBinary),
)
"""The kind of each type of a column."""


def backed_up() -> Iterator[Table]:
    """Yield the tables of a backup, each behind those that it refers to."""
    return (table for table in metadata.sorted_tables if table.name not in LEFT_OUT)


def table_heading(table: Table, rows: int) -> TableHeading:
    columns = tuple(ColumnHeading(str(column.name), kind_of(column)) for column in table.columns)
    return TableHeading(str(table.name), columns, rows)


def kind_of(column: Column[Any]) -> Kind:
    """Return the kind of a column. Raise TypeError for a type that has none."""
    for kind, types in KINDS:
        if isinstance(column.type, types):
            return kind
    raise TypeError(f"No kind of a backup stands for {column}.")


def table_of(heading: TableHeading) -> Table:
    """Return the table as the backup describes it, which may be one of an earlier revision."""
    columns = (Column(column.name, STORED_AS[column.kind]) for column in heading.columns)
    return Table(own(heading.name), MetaData(), *columns)
