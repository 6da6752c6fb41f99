from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.keys.key_entries import key_added
from doorward.application.keys.publishing import generate
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import LockName, Storage
from doorward.application.transactions import retried
from doorward.domain.audit.source import SYSTEM
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import SigningKey


@final
@dataclass(frozen=True, slots=True)
class EnsureSigningKey:
    """Adds the first signing key when there is none; exactly one, however many nodes start at the same time."""

    storage: Storage
    sealer: KeySealer
    rotation: KeyRotation
    log: SecurityLog

    async def __call__(self, now: datetime) -> None:
        async with self.storage.reading() as reading:
            if await reading.keys.all():
                return
        key = await generate(self.sealer, self.rotation, now)
        if await self._add_first(key):
            self.log.record(SecurityEvent.SIGNING_KEY_ADDED, kid=key.kid, algorithm=key.algorithm)

    @retried
    async def _add_first(self, key: SigningKey) -> bool:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            if await tx.keys.all():
                return False
            await tx.keys.add(key)
            await tx.audit.append(key_added(key, SYSTEM))
            return True
