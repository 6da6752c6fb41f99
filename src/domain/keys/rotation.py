from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorward.domain.keys.signing_key import Algorithm, SigningKey, turn

PUBLISHED = timedelta(hours=24)
"""How long before its first use a key is published: other services may keep the key set for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotation:
    """Which keys the service makes by itself, and how often."""

    algorithm: Algorithm = "ES256"
    period: timedelta | None = timedelta(days=90)
    """How long a key signs; at least a day. None is for ever."""

    def is_due(self, keys: Sequence[SigningKey], now: datetime) -> bool:
        """True when the last of `keys` must be followed: it will have signed for the whole period by the time that a
        key which is published now may sign."""
        last = max(keys, key=turn, default=None)
        return last is not None and self.period is not None and now + PUBLISHED >= last.signs_from + self.period
