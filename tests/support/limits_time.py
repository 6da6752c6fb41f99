"""Time for what the library `limits` counts in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import limits.aio.storage.memory

import doorward.infrastructure.rate_limits.bounded_memory
from doorward.testing.doubles import FrozenClock


class FrozenTime:
    """Stands in for the module `time`."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock

    def time(self) -> float:
        return self.clock.now().timestamp()


@contextmanager
def counted_by(clock: FrozenClock) -> Iterator[None]:
    """Until the block ends, the windows of limits follow this clock."""
    time = FrozenTime(clock)
    with (
        patch.object(limits.aio.storage.memory, "time", time),
        patch.object(doorward.infrastructure.rate_limits.bounded_memory, "time", time),
    ):
        yield
