"""How the distance of the database is estimated, and what it adds to the limits."""

from random import Random

import pytest

from doorward.application.transactions import LONGEST_TRANSACTION
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.round_trip import MAX_ROUND_TRIP_SECONDS, ROUND_TRIPS_PER_BLOCK, RoundTrip


def after(*seconds: float) -> RoundTrip:
    """An estimate after these measurements."""
    round_trip = RoundTrip()
    for each in seconds:
        round_trip.measured(each)
    return round_trip


def test_nothing_is_allowed_while_nothing_is_known() -> None:
    assert RoundTrip().allowance_seconds == 0


def test_the_allowance_is_a_number_of_round_trips() -> None:
    assert after(0.12).allowance_seconds == pytest.approx(ROUND_TRIPS_PER_BLOCK * 0.12)


def test_slow_statements_among_many_do_not_lengthen_the_estimate() -> None:
    """One statement in three takes ten round trips, since it waits for the disk or for a lock."""
    dice = Random(1)
    measured = [0.12 * (1 + dice.random() / 10) * (10 if number % 3 == 0 else 1) for number in range(500)]
    assert after(*measured).seconds == pytest.approx(0.12, rel=0.4)


def test_a_near_database_that_hangs_now_and_then_stays_near() -> None:
    measured = [1.5 if number % 20 == 0 else 0.001 for number in range(500)]
    assert after(*measured).allowance_seconds < 0.2


def test_a_database_that_moved_is_noticed_after_some_statements() -> None:
    """The first estimate comes from a connect, and a failover may put the primary elsewhere."""
    assert after(0.12, *[0.001] * 40).seconds == pytest.approx(0.001, abs=0.001)
    assert after(0.001, *[0.12] * 200).seconds > 0.1


def test_the_allowance_is_bounded_however_slow_the_database_is() -> None:
    assert after(*[60.0] * 100).seconds == MAX_ROUND_TRIP_SECONDS


def test_a_block_ends_before_the_change_feed_stops_waiting_for_its_commit() -> None:
    """Also at the largest distance. On a busy processor a block may take longer, and announces nothing then."""
    longest = Limits().wait_seconds + after(60.0).allowance_seconds
    assert longest < LONGEST_TRANSACTION.total_seconds()
