from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorward.domain.ids import SessionId, UserId


@dataclass(frozen=True, slots=True)
class Ends:
    """What a revocation list contains."""

    sessions: Sequence[tuple[SessionId, datetime]]
    """Each with the time after which no token of it is valid."""
    accounts: Sequence[tuple[UserId, int, datetime]]
    """The accounts whose tokens of an epoch before the given one are revoked, and until when."""
    cursor: str
    """Stands for a number of the change feed. Who has these ends knows all that were readable when the feed had this
    last number, or earlier."""
    since: str | None = None
    """If not None, the ends that somebody with this cursor knows are left out."""

    def __len__(self) -> int:
        return len(self.sessions) + len(self.accounts)
