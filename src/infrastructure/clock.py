import time
from datetime import UTC, datetime


class SystemClock:
    """The only place that reads the machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)
