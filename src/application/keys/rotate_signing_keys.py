from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.keys.key_entries import key_added
from doorward.application.keys.publishing import generate, publish
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import OPERATOR
from doorward.domain.keys.rotation import PUBLICATION_PERIOD, KeyRotation
from doorward.domain.keys.signing_key import SigningKey


@final
@dataclass(frozen=True, slots=True)
class RotateSigningKeys:
    """Publishes a fresh key that follows the present one. It signs as soon as every service can have read it."""

    storage: Storage
    sealer: KeySealer
    rotation: KeyRotation
    log: SecurityLog

    async def __call__(self, now: datetime, after: timedelta = PUBLICATION_PERIOD) -> SigningKey:
        """Return the fresh key. Raise InvalidKey when a stored key does not open."""
        key = await self._publish(await generate(self.sealer, self.rotation, now), now, after)
        self.log.record(SecurityEvent.SIGNING_KEY_ADDED, kid=key.kid, algorithm=key.algorithm)
        return key

    @retried
    async def _publish(self, key: SigningKey, now: datetime, after: timedelta) -> SigningKey:
        async with self.storage.transaction() as tx:
            published = await publish(tx, self.sealer, key, now, after)
            await tx.audit.append(key_added(published, OPERATOR))
            return published
