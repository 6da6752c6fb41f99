"""Limits how often a line is logged that anybody can cause by a request."""

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final, final

SECONDS_BETWEEN_LINES: Final = 1.0


@final
class LogPace:
    """Allows one line in SECONDS_BETWEEN_LINES. `seconds` is a monotonic clock."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._next_at = -inf

    def allows_a_line(self) -> bool:
        """Return whether a line may be logged now. The next one is allowed SECONDS_BETWEEN_LINES after it."""
        now = self._seconds()
        if now < self._next_at:
            return False
        self._next_at = now + SECONDS_BETWEEN_LINES
        return True
