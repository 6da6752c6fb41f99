"""Turns the errors of SQLAlchemy and of drivers into refusals of the domain. Only this module does that."""

import sqlite3

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from doorward.domain.errors import StorageUnavailable, TransactionConflict

ROLLED_BACK_CODES = frozenset({1020, 1180, 1213, 3101})
"""MySQL rolled the whole transaction back: row changed, commit refused, deadlock, certification failed in the group."""

CONNECTION_CLOSED_CODES = frozenset({1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 3032, 3169})
"""MySQL closes the connection with these errors: shutdown, network failure, offline mode, connection killed."""

READ_ONLY_CODES = frozenset({1290, 1792, 1836, 3100})
"""A MySQL server that is no longer the primary sends these errors and keeps the connection open. The pool must drop
the connection."""

PROGRAMMING_ERRORS = (ProgrammingError, NotSupportedError, DataError)
"""Errors that only a bug in Doorward can cause. They are not turned into refusals."""


CONNECTION_LOST_ERRORS = (AttributeError, OSError, EOFError)
"""Errors that drivers raise when the connection is lost, in addition to their own."""

CONNECT_ERRORS = (SQLAlchemyError, *CONNECTION_LOST_ERRORS)
"""Errors that an attempt to connect may raise."""


class ConstraintViolated(Exception):
    """A constraint of the database refused the change.

    A change of one row did nothing; a change of many rows may have changed some. `__cause__` is SQLAlchemy's error.
    """


class ConnectionLost(TransactionConflict):
    """The connection was lost before or during the statement. The statement may succeed on another connection."""


def error_code(error: BaseException | None) -> int | None:
    """Return MySQL's error number, or None if the error has none."""
    code = error.args[0] if error is not None and error.args else None
    return code if isinstance(code, int) else None


def refusal(error: Exception) -> Exception | None:
    """Return the refusal to raise in place of an error of SQLAlchemy or of a driver; None for a bug in Doorward.

    A time-out while waiting for a lock or a disk is StorageUnavailable and not a conflict, because a repetition would
    wait again.
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
    return isinstance(error, CONNECTION_LOST_ERRORS)


def mark_lost_connections(context: ExceptionContext) -> None:
    """Extend what SQLAlchemy counts as a lost connection; a listener for its event `handle_error`.

    A lost connection makes SQLAlchemy drop every older connection of the pool, because the server was probably
    restarted or demoted. After an internal error of the driver only this connection is dropped, because the next answer
    on it may belong to another statement.
    """
    error = context.original_exception
    if error_code(error) in CONNECTION_CLOSED_CODES | READ_ONLY_CODES or is_connection_lost(error):
        context.is_disconnect = True
    elif isinstance(context.sqlalchemy_exception, InterfaceError | InternalError) and not context.is_disconnect:
        # The driver and the server may disagree about which answer comes next.
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def is_busy(error: BaseException) -> bool:
    """Return whether SQLite could not get a lock at once."""
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", None) in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_BUSY_RECOVERY,
        sqlite3.SQLITE_BUSY_SNAPSHOT,
    }
