"""A start waits for a database that does not answer yet. The clock moves by the pauses alone."""

import sqlite3
import ssl
from collections.abc import Callable

import pytest
from asyncmy.errors import OperationalError
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.database_wait import REPORT_INTERVAL_SECONDS, DatabaseWait
from doorward.infrastructure.settings.database_not_ready import DatabaseNotReady
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.schema import is_unreachable
from doorward.testing.doubles import FrozenClock

AWAY = "The database mysql://doorward:***@db/doorward cannot be used (no answer in time); check that it is up."


def waiting(clock: FrozenClock, patience_seconds: float) -> DatabaseWait:
    async def sleep(seconds: float) -> None:
        clock.move(seconds)

    return DatabaseWait(clock, patience_seconds, sleep)


class Database:
    """Answers from a moment on."""

    def __init__(self, clock: FrozenClock, up_after_seconds: float) -> None:
        self.now: Callable[[], float] = clock.monotonic
        self.up_at = clock.monotonic() + up_after_seconds
        self.attempts = 0

    async def check(self) -> str:
        self.attempts += 1
        if self.now() < self.up_at:
            raise DatabaseNotReady(AWAY)
        return "checked"


async def test_a_database_that_answers_is_asked_once_and_nothing_is_said() -> None:
    clock = FrozenClock()
    database = Database(clock, 0)
    with capture_logs() as lines:
        assert await waiting(clock, 30)(database.check) == "checked"
    assert (database.attempts, lines) == (1, [])


async def test_a_start_waits_for_a_database_that_comes_up_and_says_for_which_and_how_long() -> None:
    clock = FrozenClock()
    with capture_logs() as lines:
        assert await waiting(clock, 30)(Database(clock, 25).check) == "checked"
    first, *later = lines
    assert (first["event"], first["reason"], first["waited_seconds"]) == ("database_awaited", AWAY, 0)
    assert first["limit_seconds"] == 30
    assert len(later) == 2
    assert all(line["waited_seconds"] >= REPORT_INTERVAL_SECONDS for line in later)


async def test_the_wait_has_an_end() -> None:
    clock = FrozenClock()
    began = clock.monotonic()
    with pytest.raises(DatabaseNotReady, match="cannot be used"):
        await waiting(clock, 30)(Database(clock, 31).check)
    assert clock.monotonic() - began <= 30


async def test_no_patience_means_one_attempt() -> None:
    clock = FrozenClock()
    database = Database(clock, 1)
    with capture_logs() as lines, pytest.raises(DatabaseNotReady):
        await waiting(clock, 0)(database.check)
    assert (database.attempts, lines) == (1, [])


async def test_what_waiting_does_not_change_ends_the_start_at_once() -> None:
    """Such as a wrong password."""

    async def refuse() -> None:
        raise StartRefused("The database server refused the sign-in; check the user and the password.")

    clock = FrozenClock()
    began = clock.monotonic()
    with pytest.raises(StartRefused):
        await waiting(clock, 30)(refuse)
    assert clock.monotonic() == began


def of_driver(error: BaseException, behind: BaseException | None = None) -> DBAPIError:
    error.__cause__ = behind
    return DBAPIError("SELECT 1", None, error)


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        StorageUnavailable(cause="test"),
        of_driver(OperationalError(2003, "Can't connect to MySQL server"), ConnectionRefusedError()),
        of_driver(OperationalError(2013, "Lost connection to MySQL server during query")),
        of_driver(OperationalError(1040, "Too many connections")),
    ],
)
def test_a_server_that_does_not_answer_is_waited_for(error: Exception) -> None:
    assert is_unreachable(error)


@pytest.mark.parametrize(
    "error",
    [
        of_driver(OperationalError(1045, "Access denied for user")),
        of_driver(OperationalError(1049, "Unknown database")),
        of_driver(OperationalError(1044, "Access denied for user to database")),
        of_driver(OperationalError(2003, "Can't connect to MySQL server"), ssl.SSLCertVerificationError()),
        of_driver(sqlite3.DatabaseError("file is not a database")),
    ],
)
def test_a_wrong_setting_is_not_waited_for(error: Exception) -> None:
    assert not is_unreachable(error)
