"""Transactions on PostgreSQL, as listeners of SQLAlchemy's engine. They begin and end transactions themselves.

A statement that fails ends a transaction of PostgreSQL, and Doorward's repositories go on after a violated constraint.
So a savepoint is set before each change.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Delete, Engine, Insert, Select, Update, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext

from doorward.domain.errors import TransactionConflict
from doorward_postgresql.errors import ends_connection, is_violation, refusal

STATE: Final = "doorward_transaction"
"""Where a connection keeps the state of its transaction."""

SET: Final = "SAVEPOINT change"
RELEASE: Final = "RELEASE SAVEPOINT change"
RETURN: Final = "ROLLBACK TO SAVEPOINT change"


@dataclass(slots=True)
class State:
    has_begun: bool = False
    has_savepoint: bool = False


def add_transactions(engine: Engine) -> None:
    """Make the engine, which is set to AUTOCOMMIT, run transactions."""
    event.listen(engine, "begin", begin)
    event.listen(engine, "before_execute", refuse_lost)
    event.listen(engine, "before_cursor_execute", prepare)
    event.listen(engine, "commit", commit)
    event.listen(engine, "rollback", roll_back)


def begin(connection: Connection) -> None:
    """Send nothing. The first statement is sent together with the beginning."""
    connection.info[STATE] = State()


def refuse_lost(connection: Connection, *_: object) -> None:
    """Raise TransactionConflict if an earlier statement has lost the connection, and the transaction with it."""
    if connection.invalidated:
        raise TransactionConflict(cause="connection_lost_before")


def prepare(
    connection: Connection,
    _cursor: object,
    _statement: str,
    _parameters: object,
    context: ExecutionContext,
    _many: object,
) -> None:
    """Begin the transaction before its first statement, and set a savepoint before each change. The savepoint of the
    change before is released then, or before a text, which may be about a savepoint of Doorward's own."""
    state: State = connection.info[STATE]
    statement = context.invoked_statement
    commands = [] if state.has_begun else ["BEGIN"]
    if state.has_savepoint and not isinstance(statement, Select):
        commands.append(RELEASE)
        state.has_savepoint = False
    if isinstance(statement, Insert | Update | Delete):
        commands.append(SET)
        state.has_savepoint = True
    if commands:
        send(connection, *commands)
        state.has_begun = True


def commit(connection: Connection) -> None:
    """Raise TransactionConflict if the server rolls back instead, which is no error for it."""
    refuse_lost(connection)
    state: State = connection.info[STATE]
    if state.has_begun and send(connection, "COMMIT") != "COMMIT":
        raise TransactionConflict(cause="an_earlier_statement_failed")


def roll_back(connection: Connection) -> None:
    if not connection.closed and not connection.invalidated and connection.info[STATE].has_begun:
        send(connection, "ROLLBACK")


def refuse(context: ExceptionContext) -> BaseException | None:
    """Return what to raise in place of an error, or None to leave it as it is. After a violated constraint the
    transaction goes on. While a connection is made, Doorward decides."""
    error, connection = context.original_exception, context.connection
    if connection is None or not connection.in_transaction() or not isinstance(error, Exception):
        return None
    if is_violation(error):
        send(connection, RETURN)
        return None
    context.is_disconnect = context.is_disconnect or ends_connection(error)
    at = None if context.execution_context is None else context.execution_context.invoked_statement
    return refusal(error, "other" if at is None else at)


def send(connection: Connection, *commands: str) -> str:
    """Send commands in one message, and return the answer to the last one. Raise refusals."""
    driver: Any = connection.connection.dbapi_connection
    try:
        return str(driver.run_async(lambda asyncpg: asyncpg.execute("; ".join(commands))))
    except Exception as error:
        if ends_connection(error):
            connection.invalidate(error)
        refused = refusal(error, commands[-1].lower())
        raise refused or error from error
    except BaseException:
        connection.invalidate()
        raise
