"""Says what errors of SQLAlchemy and of drivers mean. Only this module turns them into refusals of the domain."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from doorward.domain.errors import StorageUnavailable, TransactionConflict

ROLLED_BACK_CODES = frozenset({1020, 1180, 1213, 3101})
"""MySQL rolled the whole transaction back: row changed, commit refused, deadlock, refused by Group Replication."""

CONNECTION_CLOSED_CODES = frozenset({1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 3032, 3169})
"""MySQL closes the connection with these errors: shutdown, network failure, offline mode, connection killed."""

READ_ONLY_CODES = frozenset({1290, 1792, 1836, 3100})
"""A MySQL server that is no longer the primary sends these errors and keeps the connection open, so the pool must drop
the connection."""

PROGRAMMING_ERRORS = (ProgrammingError, NotSupportedError, DataError)
"""Errors that only a bug in Doorward can cause. They are not turned into refusals."""


CONNECTION_LOST_ERRORS = (AttributeError, OSError, EOFError)
"""Errors that drivers raise when the connection is lost, besides their own classes."""


class ConstraintViolated(Exception):
    """A constraint of the database refused the change.

    A change of one row had no effect; a change of many rows may be partly done. `__cause__` is the error of SQLAlchemy.
    Repositories catch it and raise a refusal, such as UsernameTaken.
    """


class ConnectionLost(TransactionConflict):
    """The connection was lost before or during the statement. The statement may succeed on another connection."""


@contextmanager
def connecting() -> Iterator[None]:
    """Raise StorageUnavailable in place of any error of the block, which makes a connection.

    When a connection ends at an unexpected byte, drivers raise errors of any class.
    """
    try:
        yield
    except Exception as error:
        raise StorageUnavailable from error


def error_code(error: BaseException | None) -> int | None:
    """Return MySQL's error number, or None if the error has none."""
    code = error.args[0] if error is not None and error.args else None
    return code if isinstance(code, int) else None


def refusal(error: Exception) -> Exception | None:
    """Return what to raise in place of an error of SQLAlchemy or of a driver, or None to let the error through.

    Errors that only a bug in Doorward can cause are let through. A time-out while waiting for a lock or a disk is
    StorageUnavailable and not a conflict, because trying again would only wait again.
    """
    if isinstance(error, TimeoutError | PoolTimeout):
        return StorageUnavailable()
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return ConnectionLost()
        if error_code(error.orig) in ROLLED_BACK_CODES:
            return TransactionConflict()
        if isinstance(error, IntegrityError):
            return ConstraintViolated()
        return None if isinstance(error, PROGRAMMING_ERRORS) else StorageUnavailable()
    return ConnectionLost() if is_connection_lost(error) else None


def is_connection_lost(error: BaseException | None) -> bool:
    """Return whether this is one of CONNECTION_LOST_ERRORS. Drivers access what a closed connection no longer has."""
    return isinstance(error, CONNECTION_LOST_ERRORS)


def mark_lost_connections(context: ExceptionContext) -> None:
    """Mark further errors as lost connections. Called by SQLAlchemy for its event `handle_error`.

    After a lost connection SQLAlchemy drops every older connection of the pool, because the server was probably
    restarted or is no longer the primary. After an internal error of the driver only this connection is dropped, since
    it may still hold the answer to an earlier statement.
    """
    error = context.original_exception
    if error_code(error) in CONNECTION_CLOSED_CODES | READ_ONLY_CODES or is_connection_lost(error):
        context.is_disconnect = True
    elif isinstance(context.sqlalchemy_exception, InterfaceError | InternalError) and not context.is_disconnect:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def is_busy(error: BaseException) -> bool:
    """Return whether SQLite could not get a lock at once."""
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", None) in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_BUSY_RECOVERY,
        sqlite3.SQLITE_BUSY_SNAPSHOT,
    }
