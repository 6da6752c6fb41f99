"""What each error of a driver becomes: a refusal, the same for every request, or nothing, so that it is a 500."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import asyncmy.errors
import pytest
from sqlalchemy import Executable, literal, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from doorward.domain.errors import StorageMoved, StorageUnavailable, TransactionConflict
from doorward.infrastructure import sql
from doorward.infrastructure.sql import errors
from doorward.infrastructure.sql.errors import ConnectionLost, ConstraintViolated, mark_lost_connections, refusal
from doorward.infrastructure.sql.statement_names import UNNAMED, name_of

Refusal = type[Exception] | None
DROPPED = True
"""The connection does not return to the pool."""

MYSQL: list[tuple[int, type[DBAPIError], Refusal, bool]] = [
    # another server takes the writes: never a conflict, rolled back, and the connection that said so is dropped
    (1290, OperationalError, StorageMoved, DROPPED),
    (1792, OperationalError, StorageMoved, DROPPED),
    (1836, OperationalError, StorageMoved, DROPPED),
    (3100, OperationalError, StorageMoved, DROPPED),
    (1290, InternalError, StorageMoved, DROPPED),
    (3100, ProgrammingError, StorageMoved, DROPPED),
    (1231, OperationalError, StorageMoved, DROPPED),
    (3092, OperationalError, StorageMoved, DROPPED),
    # Galera does not say whether it committed; before the commit it is as above
    (1047, OperationalError, StorageUnavailable, DROPPED),
    # privileges, some of which count on new connections only
    (1044, OperationalError, StorageUnavailable, DROPPED),
    (1142, OperationalError, StorageUnavailable, DROPPED),
    (1143, OperationalError, StorageUnavailable, DROPPED),
    (1227, OperationalError, StorageUnavailable, DROPPED),
    (1370, ProgrammingError, StorageUnavailable, DROPPED),
    # no room, or a lock that somebody holds
    (1021, OperationalError, StorageUnavailable, False),
    (1114, OperationalError, StorageUnavailable, False),
    (1205, OperationalError, StorageUnavailable, False),
    (3572, OperationalError, StorageUnavailable, False),
    # rolled back as a whole
    (1020, OperationalError, TransactionConflict, False),
    (1180, OperationalError, TransactionConflict, False),
    (1213, OperationalError, TransactionConflict, False),
    (3101, OperationalError, TransactionConflict, False),
    # the same in TiDB: conflicts of writes, and a table that changed meanwhile
    *((code, OperationalError, TransactionConflict, False) for code in (8002, 8005, 8022, 8028, 9007)),
    # the server closes the connection
    (1053, OperationalError, ConnectionLost, DROPPED),
    (3169, OperationalError, ConnectionLost, DROPPED),
    # confused answers
    (5, InternalError, ConnectionLost, DROPPED),
    (5, InterfaceError, ConnectionLost, DROPPED),
    # decided by the data
    (1062, IntegrityError, ConstraintViolated, False),
    # bugs of Doorward
    (1064, ProgrammingError, None, False),
    (1146, ProgrammingError, None, False),
]
SQLITE: list[tuple[int, type[DBAPIError], Refusal, bool]] = [
    (sqlite3.SQLITE_READONLY, OperationalError, StorageUnavailable, DROPPED),
    (sqlite3.SQLITE_READONLY_DBMOVED, OperationalError, StorageUnavailable, DROPPED),
    (sqlite3.SQLITE_IOERR_WRITE, OperationalError, StorageUnavailable, DROPPED),
    (sqlite3.SQLITE_CANTOPEN, OperationalError, StorageUnavailable, DROPPED),
    (sqlite3.SQLITE_CORRUPT, OperationalError, StorageUnavailable, DROPPED),
    (sqlite3.SQLITE_NOTADB, OperationalError, StorageUnavailable, DROPPED),
    (sqlite3.SQLITE_FULL, OperationalError, StorageUnavailable, False),
    (sqlite3.SQLITE_BUSY, OperationalError, StorageUnavailable, False),
    (sqlite3.SQLITE_LOCKED, OperationalError, StorageUnavailable, False),
    (sqlite3.SQLITE_CONSTRAINT_UNIQUE, IntegrityError, ConstraintViolated, False),
    (sqlite3.SQLITE_ERROR, ProgrammingError, None, False),
]


def happened(kind: type[DBAPIError], original: BaseException) -> tuple[DBAPIError, bool]:
    """The error as SQLAlchemy raises it, after its event, and whether the connection is dropped."""
    error = kind("INSERT", {}, original)
    context: Any = SimpleNamespace(original_exception=original, sqlalchemy_exception=error, is_disconnect=False)
    mark_lost_connections(context)
    error.connection_invalidated = context.is_disconnect
    return error, context.is_disconnect


def test_a_node_of_galera_that_is_not_ready_has_committed_nothing_before_the_commit() -> None:
    error, _ = happened(OperationalError, asyncmy.errors.OperationalError(1047, "WSREP has not yet prepared node"))
    assert type(refusal(error, "a statement")) is StorageMoved


@pytest.mark.parametrize(("code", "kind", "refused", "dropped"), MYSQL)
def test_an_error_of_mysql(code: int, kind: type[DBAPIError], refused: Refusal, dropped: bool) -> None:
    """OP-09."""
    error, is_dropped = happened(kind, asyncmy.errors.OperationalError(code, "what the server says"))
    assert is_dropped == dropped
    assert_becomes(error, refused, f"OperationalError {code} in commit")


@pytest.mark.parametrize(("code", "kind", "refused", "dropped"), SQLITE)
def test_an_error_of_sqlite(code: int, kind: type[DBAPIError], refused: Refusal, dropped: bool) -> None:
    """OP-09."""
    original = sqlite3.OperationalError("what SQLite says")
    original.sqlite_errorcode, original.sqlite_errorname = code, "SQLITE_NAME"
    error, is_dropped = happened(kind, original)
    assert is_dropped == dropped
    assert_becomes(error, refused, "OperationalError SQLITE_NAME in commit")


def assert_becomes(error: Exception, refused: Refusal, cause: str) -> None:
    became = refusal(error, "commit")
    assert type(became) is (refused or type(None))
    if isinstance(became, StorageUnavailable | TransactionConflict):
        assert (became.cause, became.trace) == (cause, "")


def test_a_constraint_that_strangers_violate_costs_no_search_for_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """OP-09: the search goes through all modules, on the event loop."""
    statement, searched = select(literal(1)), list[Any]()

    def name_of_any(found: Executable | str) -> str:
        searched.append(found)
        return "users.ADD"

    monkeypatch.setattr(errors, "name_of", name_of_any)
    violated, _ = happened(IntegrityError, asyncmy.errors.OperationalError(1062, "what the server says"))
    assert isinstance(refusal(violated, statement), ConstraintViolated)
    assert refusal(TypeError("x"), statement) is None
    assert searched == []
    full, _ = happened(OperationalError, asyncmy.errors.OperationalError(1114, "what the server says"))
    refused = refusal(full, statement)
    assert isinstance(refused, StorageUnavailable)
    assert (refused.cause, searched) == ("OperationalError 1114 in users.ADD", [statement])


def test_an_error_of_the_network_names_itself() -> None:
    assert_becomes(ConnectionResetError(104, "reset"), ConnectionLost, "ConnectionResetError ECONNRESET in commit")
    assert_becomes(EOFError("secret 5"), ConnectionLost, "EOFError in commit")
    assert_becomes(TimeoutError(), StorageUnavailable, "TimeoutError in commit")
    assert_becomes(PoolTimeout("QueuePool limit"), StorageUnavailable, "TimeoutError in commit")


def test_an_error_that_no_driver_raised_is_let_through() -> None:
    """OP-09: a bug of ours stays a 500."""
    for error in (AttributeError("x"), TypeError("x"), KeyError(1290), ZeroDivisionError()):
        assert refusal(error, "commit") is None


def constants() -> Iterator[tuple[str, Executable]]:
    for found in pkgutil.iter_modules(sql.__path__):
        module = importlib.import_module(f"{sql.__name__}.{found.name}")
        for name, value in vars(module).items():
            if isinstance(value, Executable):
                yield f"{found.name}.{name}", value


def test_a_refusal_that_a_listener_of_an_engine_raises_is_let_through() -> None:
    """SQLAlchemy gives it the frames of the driver's error, which say nothing about the refusal."""
    refused = TransactionConflict(cause="decided")
    with pytest.raises(TransactionConflict) as raised:
        exec("raise refused", {"__name__": "asyncmy.connection", "refused": refused})
    assert errors.is_connection_lost(raised.value)
    assert refusal(raised.value, "commit") is None


def test_every_statement_has_a_name_of_its_own() -> None:
    """OP-09."""
    found = dict(constants())
    assert len(found) > 50
    assert {name: name_of(statement) for name, statement in found.items()} == {name: name for name in found}
    assert name_of("commit") == "commit"
    assert name_of(select(literal(1))) == UNNAMED
