"""The contract of Clock, for a fixture `clock`."""

from datetime import datetime, timedelta

from doorward.application.ports.clock import Clock
from doorward.testing.contracts.promises import proves


@proves(Clock.now, "Return the wall-clock time")
def test_the_time_is_aware_and_in_utc(clock: Clock) -> None:
    now = clock.now()
    assert isinstance(now, datetime)
    assert now.utcoffset() == timedelta(0)
    assert now.tzname() == "UTC"


@proves(Clock.monotonic, "Return seconds that never go back")
def test_the_seconds_never_go_back(clock: Clock) -> None:
    readings = [clock.monotonic() for _ in range(1000)]
    assert all(isinstance(reading, float) for reading in readings)
    assert readings == sorted(readings)
