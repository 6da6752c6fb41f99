import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.errors import ConnectionLost, ConstraintViolated
from doorward_postgresql.errors import ends_connection, refusal


@pytest.mark.parametrize(
    ("error", "becomes", "ends"),
    [
        (asyncpg.UniqueViolationError("x"), ConstraintViolated, False),
        (asyncpg.ForeignKeyViolationError("x"), ConstraintViolated, False),
        (asyncpg.DeadlockDetectedError("x"), TransactionConflict, False),
        (asyncpg.SerializationError("x"), TransactionConflict, False),
        (asyncpg.InFailedSQLTransactionError("x"), TransactionConflict, False),
        (asyncpg.LockNotAvailableError("x"), StorageUnavailable, False),
        (asyncpg.QueryCanceledError("x"), StorageUnavailable, False),
        (asyncpg.ReadOnlySQLTransactionError("x"), StorageUnavailable, True),
        (asyncpg.InsufficientPrivilegeError("x"), StorageUnavailable, True),
        (asyncpg.DiskFullError("x"), StorageUnavailable, True),
        (asyncpg.AdminShutdownError("x"), ConnectionLost, True),
        (asyncpg.ConnectionDoesNotExistError("x"), ConnectionLost, True),
        (asyncpg.InterfaceError("connection is closed"), ConnectionLost, True),
        (ConnectionResetError(), ConnectionLost, True),
        (TimeoutError(), StorageUnavailable, True),
        (asyncpg.UndefinedTableError("x"), type(None), False),
        (AttributeError("x"), type(None), False),
    ],
)
def test_each_error_becomes_the_refusal_that_says_whether_to_repeat_the_transaction(
    error: Exception, becomes: type, ends: bool
) -> None:
    refused = refusal(error, "commit")
    assert type(refused) is becomes
    assert ends_connection(error) is ends
    if isinstance(refused, StorageUnavailable | TransactionConflict):
        assert refused.cause.startswith(type(error).__name__)
        assert refused.cause.endswith(" in commit")


def test_an_error_behind_one_of_sqlalchemy_is_found() -> None:
    wrapped = DBAPIError("SELECT", None, Exception())
    wrapped.__cause__ = asyncpg.DeadlockDetectedError("x")
    refused = refusal(wrapped, "users.GET")
    assert isinstance(refused, TransactionConflict)
    assert refused.cause == "DeadlockDetectedError 40P01 in users.GET"
