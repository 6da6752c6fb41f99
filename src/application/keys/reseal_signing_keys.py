from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.keys.key_entries import key_values
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import LockName, Storage
from doorward.application.transactions import retried
from doorward.domain.audit.source import SYSTEM
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import SigningKey


@final
@dataclass(frozen=True, slots=True)
class ResealSigningKeys:
    """Encrypts with the current master secret every key that only the previous secret can decrypt.

    A key that neither secret can decrypt stays as it is. When several nodes start together, one of them changes the
    keys, and the others find nothing to do.
    """

    storage: Storage
    sealer: KeySealer
    log: SecurityLog

    async def __call__(self) -> None:
        async with self.storage.reading() as reading:
            keys = await reading.keys.all()
        if any(self._resealed(key) != key for key in keys):
            for key in await self._reseal():
                self.log.record(SecurityEvent.SIGNING_KEY_RESEALED, kid=key.kid, algorithm=key.algorithm)

    @retried
    async def _reseal(self) -> Sequence[SigningKey]:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            keys = await tx.keys.all()
            changed = [resealed for key in keys if (resealed := self._resealed(key)) != key]
            saved = [key for key in changed if await tx.keys.save(key)]
            for key in saved:
                event, after = SecurityEvent.SIGNING_KEY_RESEALED, key_values(key)
                await tx.audit.append(AuditEntry(event=event, by=SYSTEM, after=after))
            return saved

    def _resealed(self, key: SigningKey) -> SigningKey:
        try:
            return self.sealer.resealed(key)
        except InvalidKey:
            return key
