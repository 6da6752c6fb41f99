import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the guard needs of the time; `doorward.testing` has one that is moved by hand."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...


class MachineClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)
