"""The contract of Clock on the clock of the system, and on the one that tests move."""

from datetime import UTC, datetime

import pytest

from doorward.application.ports.clock import Clock
from doorward.infrastructure.clock import SystemClock
from doorward.testing.contracts.clock import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import NOON, FrozenClock


@pytest.fixture(params=[SystemClock, FrozenClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_the_system_clock_shows_the_time_of_the_machine() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_both_hands_of_the_frozen_clock_move_alike() -> None:
    clock = FrozenClock()
    seconds = clock.monotonic()
    clock.move(90.5)
    assert (clock.now() - NOON).total_seconds() == clock.monotonic() - seconds == 90.5
