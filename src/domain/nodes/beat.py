from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_FUTURE_SECONDS = 1.0
"""How far the clock of a replica may be behind that of the primary. Beyond it, the age of a beat says nothing."""

MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
"""A node whose clock differs more from that of the database is not ready, and does no recurring work."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The newest heartbeat that a reading sees."""

    at: datetime
    """When it was written, by the clock of the database."""
    age_seconds: float
    """The time since then, by the clock of the server that was read. It is negative when that clock is behind the one
    that dated the beat."""

    def contradicts(self, now: datetime) -> bool:
        """Return whether the clock of a node, which says `now`, differs too much from that of the database."""
        return abs(self.at + timedelta(seconds=self.age_seconds) - now) > MAX_CLOCK_DIFFERENCE
