from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.keys.publishing import publish
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.keys.rotation import PUBLISHED
from doorward.domain.keys.signing_key import SigningKey


@final
@dataclass(frozen=True, slots=True)
class AddSigningKey:
    """The operator brings a private key: published at once, signing when everybody knows it. The key before it goes on
    verifying what it signed until then. The first of all signs at once."""

    storage: Storage
    sealer: KeySealer
    log: SecurityLog

    async def __call__(self, pem: bytes, now: datetime, after: timedelta = PUBLISHED) -> SigningKey:
        """Raise KeyExists, or InvalidKey: also where a stored key does not open."""
        key = await self._add(self.sealer.seal(pem, now, now), now, after)
        self.log.record(SecurityEvent.SIGNING_KEY_ADDED, kid=key.kid, algorithm=key.algorithm)
        return key

    @retried
    async def _add(self, key: SigningKey, now: datetime, after: timedelta) -> SigningKey:
        async with self.storage.transaction() as tx:
            return await publish(tx, self.sealer, key, now, after)
