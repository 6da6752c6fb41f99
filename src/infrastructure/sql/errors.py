"""Says what errors of SQLAlchemy and of drivers mean. Only this module turns them into refusals of the domain."""

import errno
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Executable
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

from doorward.domain.errors import DomainError, StorageMoved, StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.statement_names import name_of

ROLLED_BACK_CODES = frozenset({1020, 1180, 1213, 3101, 8002, 8005, 8022, 8028, 9007})
"""The server rolled the whole transaction back, or could not commit it: row changed, commit refused, deadlock (which is
also what Galera says when another node has changed the row), refused by Group Replication. The codes from 8002 on are
those of TiDB: a conflict of writes, a commit that failed as a whole, and a table that changed meanwhile."""

CONNECTION_CLOSED_CODES = frozenset({1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 3032, 3169})
"""MySQL closes the connection with these errors: shutdown, network failure, offline mode, connection killed."""

ELSEWHERE_CODES = frozenset({1047, 1231, 1290, 1792, 1836, 3092, 3100})
"""A server that is not, or no longer, the one to write to sends these errors and keeps the connection open, so the pool
must drop the connection: not ready in Galera, not the primary at the commit (`COMMIT_ON_PRIMARY`), read-only in several
ways, not an active member of its group, commit refused by Group Replication."""

UNCERTAIN_COMMIT_CODES = frozenset({1047})
"""Errors for a commit of which nothing says that it was rolled back."""

MISSING_PRIVILEGE_CODES = frozenset({1044, 1142, 1143, 1227, 1370})
"""MySQL's errors for a database account that lacks a privilege. Most privileges that are granted later count on new
connections only, so the pool must drop the connection."""

UNUSABLE_CODES = ELSEWHERE_CODES | MISSING_PRIVILEGE_CODES

UNUSABLE_SQLITE_FILES = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)
"""SQLite's errors for a file that cannot be used. A connection keeps what it found when it opened the file, so it must
be dropped."""

DRIVER_MODULES = ("asyncmy.", "sqlalchemy.dialects.mysql.asyncmy", "sqlalchemy.connectors.asyncio")
"""The driver and SQLAlchemy's adapter for it. Of Doorward's code they call MySQLConnector."""

PROGRAMMING_ERRORS = (ProgrammingError, NotSupportedError, DataError)
"""Errors that only a bug in Doorward can cause. They are not turned into refusals."""


CONNECTION_LOST_ERRORS = (OSError, EOFError)
"""Errors of the network that drivers let through."""

FORESEEN = (DBAPIError, PoolTimeout, *CONNECTION_LOST_ERRORS)
"""Errors of which class and code say enough. The log has the trace of all others."""

COMMIT = "commit"
"""The name of the statement that ends a transaction."""

OWN_PACKAGE = "doorward."
MAX_TRACE_FRAMES = 12


class ConstraintViolated(Exception):
    """A constraint of the database refused the change.

    A change of one row had no effect; a change of many rows may be partly done. `__cause__` is the error of SQLAlchemy.
    Repositories catch it and raise a refusal, such as UsernameTaken.
    """


class ConnectionLost(TransactionConflict):
    """The connection was lost before or during the statement. The statement may succeed on another connection."""


@contextmanager
def connecting() -> Iterator[None]:
    """Raise StorageUnavailable in place of what a driver or the network raises in the block, which makes a connection.

    When a connection ends at an unexpected byte, drivers raise errors of any class. An error that code of Doorward
    raises is a bug, and is let through.
    """
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        if not isinstance(error, FORESEEN) and modules_of(error)[-1].startswith(OWN_PACKAGE):
            raise
        raise StorageUnavailable(cause=cause_of(error, "connect"), trace=trace_of(error)) from error


def error_code(error: BaseException | None) -> int | None:
    """Return MySQL's error number, or None if the error has none."""
    code = error.args[0] if error is not None and error.args else None
    return code if isinstance(code, int) else None


def refusal(error: Exception, at: Executable | str) -> Exception | None:
    """Return what to raise in place of an error of SQLAlchemy or of a driver, or None to let the error through. `at` is
    the statement, or its name. The name of a statement is looked up only for a cause that is reported: the look-up is
    slow, and strangers can cause ConstraintViolated as often as they like.

    Errors that only a bug in Doorward can cause are let through. A time-out while waiting for a lock or a disk is
    StorageUnavailable and not a conflict, because trying again would only wait again. So is a database that cannot be
    written. It is StorageMoved if the server rolled back because another one takes the writes, or will. A refusal is
    let through: a listener of the engine has decided what the error means.
    """
    if isinstance(error, DomainError):
        return None
    if isinstance(error, IntegrityError) and not error.connection_invalidated:
        return ConstraintViolated()
    kind = kind_of_refusal(error, at)
    return kind(cause=cause_of(error, name_of(at)), trace=trace_of(error)) if kind is not None else None


def kind_of_refusal(error: Exception, at: Executable | str) -> type[StorageUnavailable | TransactionConflict] | None:
    if isinstance(error, TimeoutError | PoolTimeout):
        return StorageUnavailable
    if not isinstance(error, DBAPIError):
        return ConnectionLost if is_connection_lost(error) else None
    if is_unusable(error.orig):
        return StorageMoved if is_rolled_back_elsewhere(error.orig, at) else StorageUnavailable
    if error.connection_invalidated:
        return ConnectionLost
    if error_code(error.orig) in ROLLED_BACK_CODES:
        return TransactionConflict
    return None if isinstance(error, PROGRAMMING_ERRORS) else StorageUnavailable


def cause_of(error: Exception, at: str) -> str:
    """Return the class and the code of an error, and the name of the statement."""
    known: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        known = error.orig
    code: str | int | None = error_code(known) if known is not error else None
    code = code or getattr(known, "sqlite_errorname", None)
    if isinstance(known, OSError) and known.errno is not None:
        code = errno.errorcode.get(known.errno, known.errno)
    name = type(known).__name__
    return f"{name} in {at}" if code is None else f"{name} {code} in {at}"


def trace_of(error: Exception) -> str:
    """Return the lines of code that an unforeseen error passed, the outermost first; nothing for other errors."""
    if isinstance(error, FORESEEN):
        return ""
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return " ".join(frames[-MAX_TRACE_FRAMES:])


def modules_of(error: BaseException) -> list[str]:
    """Return the modules that an error passed, the one that raised it last."""
    return [str(frame.f_globals.get("__name__", "?")) for frame, _ in traceback.walk_tb(error.__traceback__)]


def is_connection_lost(error: BaseException | None) -> bool:
    """Return whether the error is of the network, or of a driver that read something unexpected.

    Drivers then raise errors of any class, also while they access what a closed connection no longer has.
    """
    if isinstance(error, CONNECTION_LOST_ERRORS):
        return True
    modules = modules_of(error) if error is not None else []
    return any(each.startswith(DRIVER_MODULES) for each in modules) and not modules[-1].startswith(OWN_PACKAGE)


def is_elsewhere(error: BaseException | None) -> bool:
    """Return whether the server said that it is not the one to write to."""
    return error_code(error) in ELSEWHERE_CODES


def is_rolled_back_elsewhere(error: BaseException | None, at: Executable | str) -> bool:
    """Return whether the server has rolled back for that reason, or will when the connection is closed."""
    return is_elsewhere(error) and not (at == COMMIT and error_code(error) in UNCERTAIN_COMMIT_CODES)


def is_unusable(error: BaseException | None) -> bool:
    """Return whether the server or the file cannot be used through this connection."""
    sqlite_code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what an extended code adds
    return error_code(error) in UNUSABLE_CODES or sqlite_code in UNUSABLE_SQLITE_FILES


def mark_lost_connections(context: ExceptionContext) -> None:
    """Mark further errors as lost connections. Called by SQLAlchemy for its event `handle_error`.

    After a lost connection SQLAlchemy drops every older connection of the pool, because the server was probably
    restarted or is no longer the primary. After an internal error of the driver only this connection is dropped, since
    it may still hold the answer to an earlier statement.
    """
    error = context.original_exception
    of_driver = isinstance(context.sqlalchemy_exception, DBAPIError)
    if (
        error_code(error) in CONNECTION_CLOSED_CODES
        or is_unusable(error)
        or (not of_driver and is_connection_lost(error))
    ):
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
