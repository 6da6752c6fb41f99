from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPolicy:
    """For how long a deleted account is kept, so that it can be restored."""

    kept: timedelta = timedelta(days=30)
    """Zero deletes accounts at once and for good."""

    @property
    def keeps(self) -> bool:
        return self.kept > timedelta(0)

    def kept_since(self, now: datetime) -> datetime:
        """Return the earliest time at which an account that can be restored now was deleted."""
        return now - self.kept
