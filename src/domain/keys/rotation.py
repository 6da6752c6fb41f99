from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME
from doorward.domain.keys.signing_key import Algorithm, SigningKey, signing_order

PUBLICATION_PERIOD = timedelta(hours=24)
"""How long a key is published before it signs. Other services may cache the key set for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotation:
    """Which keys the service generates by itself, and how often."""

    algorithm: Algorithm = "ES256"
    period: timedelta | None = timedelta(days=90)
    """How long a key signs; at least one day. None means for ever."""
    token_lifetime: timedelta = MAX_ACCESS_TOKEN_LIFETIME
    """The lifetime of the longest token. A key that signs no more is kept for so long."""

    def is_due(self, keys: Sequence[SigningKey], now: datetime) -> bool:
        """Return whether a successor of the last key must be published now. The last key will then have signed for the
        whole period when its successor starts to sign."""
        last = max(keys, key=signing_order, default=None)
        return (
            last is not None and self.period is not None and now + PUBLICATION_PERIOD >= last.signs_from + self.period
        )
