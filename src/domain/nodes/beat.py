from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Beat:
    """The newest heartbeat that a reading sees."""

    at: datetime
    """When it was written, by the clock of the database."""
    age_seconds: float
    """The time since then, by the clock of the server that was read. It is negative when that clock is behind the one
    that dated the beat."""
