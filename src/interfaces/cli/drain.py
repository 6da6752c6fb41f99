"""Lets proxies notice that the service is about to stop, before it stops."""

from collections.abc import Callable
from mmap import mmap
from typing import final


@final
class Drain:
    """The time between the signal to stop and the stop. Readiness fails meanwhile, and all else is answered.

    The parent and its forked workers share in one byte of memory whether it has begun.
    """

    def __init__(self, seconds: int, is_serving: Callable[[], bool]) -> None:
        self.seconds = seconds
        self._is_serving = is_serving
        self._has_begun = mmap(-1, 1)

    def begin(self) -> bool:
        """Let readiness fail from now on in all workers, also in those that start later. Return False, and do nothing,
        if the time is 0 or if nothing is served yet."""
        if not self.seconds or not self._is_serving():
            return False
        self._has_begun[0] = 1
        return True

    def has_begun(self) -> bool:
        """Return whether the service is about to stop."""
        return self._has_begun[0] == 1
