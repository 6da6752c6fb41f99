from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from application.ports.security import KeySealer, SecurityLog
from application.ports.storage import Storage
from application.transactions import retried
from domain.keys.signing_key import SigningKey

KNOWN_EVERYWHERE = timedelta(seconds=10)
"""Every node hears of a key within a second; until it signs, all of them can verify it."""


@final
@dataclass(frozen=True, slots=True)
class AddSigningKey:
    """The operator brings a private key: known at once, signing after ten seconds. The key before it goes on verifying
    what it signed until then."""

    storage: Storage
    sealer: KeySealer
    log: SecurityLog

    async def __call__(self, pem: bytes, now: datetime) -> SigningKey:
        """Raise KeyExists, or InvalidKey: also where a stored key does not open, since the new one would then be sealed
        under another secret than the service's."""
        key = self.sealer.seal(pem, now, now + KNOWN_EVERYWHERE)
        await self._add(key)
        self.log.record("signing_key_added", kid=key.kid, algorithm=key.algorithm)
        return key

    @retried
    async def _add(self, key: SigningKey) -> None:
        async with self.storage.transaction() as tx:
            for known in await tx.keys.all():
                self.sealer.check(known)
            await tx.keys.add(key)
