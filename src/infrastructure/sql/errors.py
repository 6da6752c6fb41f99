"""What drivers raise, in terms of the domain: the one place where driver errors become refusals."""

import sqlite3

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from doorward.domain.errors import StorageUnavailable, TransactionConflict

UNDONE_CODES = frozenset({1020, 1180, 1213, 3101})
"""MySQL rolled the whole transaction back: row changed, commit refused, deadlock, certification failed in the group."""

GONE_CODES = frozenset({1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 3032, 3169})
"""MySQL closes the connection in these cases, too: shutdown, network trouble, offline mode, killed."""

READ_ONLY_CODES = frozenset({1290, 1792, 1836, 3100})
"""A demoted MySQL server answers this and keeps the connection open; the pool must drop it."""

MISTAKES = (ProgrammingError, NotSupportedError, DataError)
"""Errors that only a mistake of ours can cause. They are not turned into refusals."""


BROKEN_PIPE = (AttributeError, OSError, EOFError)
"""What drivers raise, beside their own errors, when the connection goes away."""

CONNECT_ERRORS = (SQLAlchemyError, *BROKEN_PIPE)
"""What may come of an attempt to connect."""


class ConstraintViolated(Exception):
    """A constraint of the database refused the change.

    A change of one row did nothing; a change of many rows may have changed some. `__cause__` is SQLAlchemy's error.
    """


class ConnectionLost(TransactionConflict):
    """The connection was dead, or died under the statement. On another connection the same may succeed at once."""


def error_code(error: BaseException | None) -> int | None:
    """MySQL's error number, or None."""
    code = error.args[0] if error is not None and error.args else None
    return code if isinstance(code, int) else None


def refusal(error: Exception) -> Exception | None:
    """What to raise in place of an error of SQLAlchemy or of a driver; None for a mistake of ours.

    What waited in vain for a lock or a disk is StorageUnavailable and not a conflict: running it again would be to wait
    again.
    """
    if isinstance(error, TimeoutError | PoolTimeout):
        return StorageUnavailable()
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return ConnectionLost()
        if error_code(error.orig) in UNDONE_CODES:
            return TransactionConflict()
        if isinstance(error, IntegrityError):
            return ConstraintViolated()
        return None if isinstance(error, MISTAKES) else StorageUnavailable()
    return ConnectionLost() if is_broken_pipe(error) else None


def is_broken_pipe(error: BaseException | None) -> bool:
    return isinstance(error, BROKEN_PIPE)


def mark_lost_connections(context: ExceptionContext) -> None:
    """A listener for SQLAlchemy's event `handle_error`: extend what counts as a lost connection.

    A lost connection makes SQLAlchemy drop every connection of the pool that is older, since the server was restarted
    or demoted. After an internal error of the driver only the connection itself is dropped, since the next answer on it
    may be somebody else's.
    """
    error = context.original_exception
    if error_code(error) in GONE_CODES | READ_ONLY_CODES or is_broken_pipe(error):
        context.is_disconnect = True
    elif is_out_of_step(error) and not context.is_disconnect:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def is_out_of_step(error: BaseException) -> bool:
    """True when driver and server may no longer agree on which answer comes next (PEP 249 names these classes)."""
    return any(kind.__name__ in {"InterfaceError", "InternalError"} for kind in type(error).__mro__)


def is_busy(error: BaseException) -> bool:
    """True when SQLite did not get a lock at once."""
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", None) in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_BUSY_RECOVERY,
        sqlite3.SQLITE_BUSY_SNAPSHOT,
    }
