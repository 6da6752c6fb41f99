"""The form of a backup file. `docs/backup.md` describes it for people.

A backup is JSON, one value a line, compressed by gzip: the heading, the rows of each table in the order of the heading,
and the end.
"""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec

FORM: Final = "doorward-backup-1"
"""The first member of the heading. Another form gets another name."""

MAX_LINE_BYTES: Final = 1 << 20
"""No row of Doorward is nearly as long. A longer line means that the file was altered."""

ROWS_AT_ONCE: Final = 500
"""Rows that are in memory at the same time."""

BYTES_AT_ONCE: Final = 4 << 20
"""Beyond so many bytes fewer rows are in memory. Rows are hardly ever as long, unless the file was altered."""

Kind: TypeAlias = Literal["uuid", "key", "text", "bytes", "time", "flag", "number"]
"""What a column holds. A `key` is text that is compared byte by byte. Bytes are in base64, times in RFC 3339."""

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

TYPES: Final[dict[Kind, Any]] = {
    "uuid": UUID | None,
    "key": str | None,
    "text": str | None,
    "bytes": bytes | None,
    "time": Moment | None,
    "flag": bool | None,
    "number": Number | None,
}

Values: TypeAlias = tuple[Any, ...]
"""The values of one row, in the order of the columns."""


class ColumnHeading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    kind: Kind


class TableHeading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    """Without the prefix of the installation."""
    columns: tuple[ColumnHeading, ...]
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


class Heading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    schema: str
    """The revision of the database."""
    version: str
    """The version of Doorward that wrote the backup."""
    at: Moment
    """When the backup was begun: it contains what was committed before."""
    tables: tuple[TableHeading, ...]
    """In an order in which each row comes after those that it refers to."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def rows_of(self, name: str) -> int:
        return sum(table.rows for table in self.tables if table.name == name)


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line, so that a file that was cut off or altered is noticed."""

    rows: int
    sha256: str
    """Of all lines before, with their line ends, in hexadecimal."""


@cache
def row_decoder(columns: tuple[ColumnHeading, ...]) -> "msgspec.json.Decoder[Values]":
    """Return the decoder of the rows of a table, which checks the kind of each value."""
    types = tuple(TYPES[column.kind] for column in columns)
    return msgspec.json.Decoder(tuple[types])  # type: ignore[valid-type]
