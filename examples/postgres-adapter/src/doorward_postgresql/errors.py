"""Says what errors of PostgreSQL and of asyncpg mean for Doorward, by their SQLSTATE.

The codes are those of Appendix A of PostgreSQL's manual. The first two characters are the class.
"""

from collections.abc import Mapping
from types import MappingProxyType

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException

from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.errors import ConnectionLost, ConstraintViolated
from doorward.infrastructure.sql.statement_names import name_of

Kind = type[StorageUnavailable | TransactionConflict]

BY_CODE: Mapping[str, Kind] = MappingProxyType(
    {
        "0A000": ConnectionLost,  # a prepared statement is older than a migration
        "25006": StorageUnavailable,  # the server is not the primary, or the connection is for reading
        "25P02": TransactionConflict,  # an earlier error has ended the transaction
        "25P03": ConnectionLost,  # the transaction was idle for too long
        "42501": StorageUnavailable,  # the account lacks a privilege
        "55P03": StorageUnavailable,  # lock_timeout; trying again would only wait again
        "57014": StorageUnavailable,  # statement_timeout
    }
)
BY_CLASS: Mapping[str, Kind] = MappingProxyType(
    {
        "08": ConnectionLost,
        "40": TransactionConflict,  # serialization failure, deadlock
        "53": StorageUnavailable,  # no disk, no memory, too many connections
        "55": StorageUnavailable,
        "57": ConnectionLost,  # the server shuts down, or a superuser ends the connection
        "58": StorageUnavailable,  # errors of the system, such as of the disk
        "XX": StorageUnavailable,  # internal errors, such as damaged data
    }
)
"""An error of another class can only be caused by a bug, and is let through."""

CONSTRAINT_VIOLATED = "23"
"""The class of errors that a repository of Doorward turns into a refusal, such as UsernameTaken."""

WAITED_TOO_LONG = frozenset({"55P03", "57014"})
"""The connection can be used again after these."""

LOST = (OSError, EOFError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises without a SQLSTATE, when the network fails or the connection is closed."""


def refusal(error: Exception, at: Executable | str) -> Exception | None:
    """Return what to raise in place of an error, or None if only a bug can cause it. `at` is the statement or its
    name."""
    if is_violation(error):
        return ConstraintViolated()
    kind = kind_of(error)
    return None if kind is None else kind(cause=f"{description(error)} in {name_of(at)}")


def is_violation(error: Exception) -> bool:
    return (sqlstate(error) or "").startswith(CONSTRAINT_VIOLATED)


def ends_connection(error: Exception) -> bool:
    """Return whether the connection cannot be used again: it is lost, or the server behind it is not what it was."""
    kind = kind_of(error)
    return kind is ConnectionLost or (kind is StorageUnavailable and sqlstate(error) not in WAITED_TOO_LONG)


def kind_of(error: Exception) -> Kind | None:
    code = sqlstate(error)
    if code is not None:
        return BY_CODE.get(code) or BY_CLASS.get(code[:2])
    if isinstance(error, TimeoutError):
        return StorageUnavailable
    lost = isinstance(original(error), LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    return ConnectionLost if lost else None


def description(error: Exception) -> str:
    """Return the class of the error and its SQLSTATE, without any value."""
    name, code = type(original(error)).__name__, sqlstate(error)
    return name if code is None else f"{name} {code}"


def sqlstate(error: Exception) -> str | None:
    code = getattr(original(error), "sqlstate", None)
    return code if isinstance(code, str) else None


def original(error: BaseException) -> BaseException:
    """Return the error of asyncpg or of the network behind an error of SQLAlchemy."""
    while isinstance(error, DBAPIError | EmulatedDBAPIException) and error.__cause__ is not None:
        error = error.__cause__
    return error
