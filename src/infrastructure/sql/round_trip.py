"""How far away the database is, and how much longer a block may wait for it."""

from dataclasses import dataclass
from typing import Final, final

ROUND_TRIPS_PER_BLOCK: Final = 20
"""A block may wait for so many round trips beside its limit. Few blocks have more, on a connection that has prepared
its statements."""

ROUND_TRIPS_TO_CONNECT: Final = 6
"""A new connection takes at least so many. Its time is the first estimate."""

MAX_ROUND_TRIP_SECONDS: Final = 0.3
"""A longer round trip counts as one of this length. So a database that has become slow is not waited for without
end."""

MAX_ALLOWANCE_SECONDS: Final = ROUND_TRIPS_PER_BLOCK * MAX_ROUND_TRIP_SECONDS

FALL: Final = 1 / 8
RISE: Final = 1 / 64
"""How far a shorter and a longer measurement move the estimate. It comes to rest where one in nine is shorter: near the
time of a statement for which the server has nothing to do."""


@final
@dataclass(slots=True)
class RoundTrip:
    """An estimate of the time that an answer of the database takes on its way, from what statements took."""

    seconds: float = 0.0
    """0 while nothing is known."""

    @property
    def allowance_seconds(self) -> float:
        """Return how much longer a block may wait because of the distance; at most MAX_ALLOWANCE_SECONDS."""
        return self.seconds * ROUND_TRIPS_PER_BLOCK

    def measured(self, seconds: float) -> None:
        """Note how long one statement took, or several together."""
        measured = min(seconds, MAX_ROUND_TRIP_SECONDS)
        if self.seconds == 0:
            self.seconds = measured
        else:
            self.seconds += (measured - self.seconds) * (FALL if measured < self.seconds else RISE)
