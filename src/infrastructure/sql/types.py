"""Column types for MySQL and for SQLite, whose tables are STRICT."""

from datetime import UTC, datetime
from typing import Any, final
from uuid import UUID

from sqlalchemy import (
    BINARY,
    BLOB,
    VARBINARY,
    BigInteger,
    Boolean,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

SQLITE = "sqlite"

Flag = Boolean().with_variant(Integer(), SQLITE)
Number = Integer()
Counter = BigInteger().with_variant(Integer(), SQLITE)
Sealed = LargeBinary()
Digest = BINARY(32).with_variant(BLOB(), SQLITE)
LongText = Text()


def display_text(length: int) -> TypeEngine[str]:
    """Return the type of text that is displayed and never compared. `length` is in characters."""
    return String(length).with_variant(Text(), SQLITE)


@final
class Id(TypeDecorator[UUID]):
    """A UUID as its 16 bytes."""

    impl = BINARY
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BLOB() if dialect.name == SQLITE else BINARY(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> UUID | None:  # noqa: ARG002
        return None if value is None else UUID(bytes=value)


def key_text(key: str | bytes) -> str:
    """Return the text of a Key column from the value that the driver returned."""
    return key.decode() if isinstance(key, bytes) else key


@final
class Key(TypeDecorator[str]):
    """Text that is compared byte by byte, so that no collation makes two names equal.

    A lone surrogate cannot be stored as text; it is compared as bytes that equal no stored key.
    """

    impl = VARBINARY
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == SQLITE else VARBINARY(self.length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | bytes | None:
        if value is None:
            return None
        try:
            encoded = value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
        return value if dialect.name == SQLITE else encoded

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else key_text(value)


@final
class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC with microseconds: DATETIME(6), or text that sorts as time does."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == SQLITE:
            return dialect.type_descriptor(Text())
        from sqlalchemy.dialects.mysql import DATETIME  # noqa: PLC0415 slow, and SQLite does not need it

        return dialect.type_descriptor(DATETIME(fsp=6))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return utc.isoformat(" ", "microseconds") if dialect.name == SQLITE else utc

    def process_result_value(self, value: str | datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
        return read.replace(tzinfo=UTC)


@final
class utc_now(FunctionElement[datetime]):  # noqa: N801 named like an SQL function
    """The time of the database as UtcTime stores it. As a default, it dates rows that are written by hand.

    On MySQL it is in the time zone of the session. Each connection of Doorward sets UTC.
    """

    type = UtcTime()
    inherit_cache = True


@compiles(utc_now, SQLITE)
def _sqlite_now(element: utc_now, compiler: Any, **options: Any) -> str:  # noqa: ARG001
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(utc_now)
def _mysql_now(element: utc_now, compiler: Any, **options: Any) -> str:  # noqa: ARG001
    return "CURRENT_TIMESTAMP(6)"  # TiDB takes no other function as a default


@final
class seconds_since(FunctionElement[float]):  # noqa: N801 named like an SQL function
    """The seconds between a UtcTime and now, by the clock of the server that runs the statement."""

    type = Float()
    inherit_cache = True

    def __init__(self, moment: ColumnElement[datetime]) -> None:
        super().__init__(moment)


@compiles(seconds_since, SQLITE)
def _sqlite_seconds_since(element: seconds_since, compiler: Any, **options: Any) -> str:
    return f"((julianday('now') - julianday({compiler.process(element.clauses, **options)})) * 86400.0)"


@compiles(seconds_since)
def _mysql_seconds_since(element: seconds_since, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"(TIMESTAMPDIFF(MICROSECOND, {moment}, utc_timestamp(6)) / 1000000)"
