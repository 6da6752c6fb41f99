from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.keys.key_entries import key_added, key_removed
from doorward.application.keys.publishing import generate, publish
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import LockName, Storage
from doorward.application.transactions import retried
from doorward.domain.audit.source import SYSTEM
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.rotation import PUBLICATION_PERIOD, KeyRotation
from doorward.domain.keys.signing_key import SigningKey, expired_keys


@final
@dataclass(frozen=True, slots=True)
class MaintainSigningKeys:
    """Publishes the next key when it is due, and deletes expired keys. When several nodes do it at once, one succeeds
    and the others change nothing."""

    storage: Storage
    sealer: KeySealer
    rotation: KeyRotation
    log: SecurityLog

    async def __call__(self, now: datetime) -> None:
        """Change nothing when a stored key does not open here. Raise StorageUnavailable."""
        async with self.storage.reading() as reading:
            keys = await reading.keys.all()
        try:
            if self.rotation.is_due(keys, now):
                await self._rotate(now)
            if expired_keys(keys, now, self.rotation.token_lifetime):
                await self._delete_expired(now)
        except InvalidKey as error:
            self.log.record(SecurityEvent.SIGNING_KEY_ROTATION_FAILED, reason=str(error))

    async def _rotate(self, now: datetime) -> None:
        key = await self._publish_if_due(await generate(self.sealer, self.rotation, now), now)
        if key is not None:
            self.log.record(SecurityEvent.SIGNING_KEY_ADDED, kid=key.kid, algorithm=key.algorithm)

    async def _delete_expired(self, now: datetime) -> None:
        for key in await self._remove_expired(now):
            self.log.record(SecurityEvent.SIGNING_KEY_FORGOTTEN, kid=key.kid, algorithm=key.algorithm)

    @retried
    async def _publish_if_due(self, key: SigningKey, now: datetime) -> SigningKey | None:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            if not self.rotation.is_due(await tx.keys.all(), now):
                return None
            published = await publish(tx, self.sealer, key, now, PUBLICATION_PERIOD)
            await tx.audit.append(key_added(published, SYSTEM))
            return published

    @retried
    async def _remove_expired(self, now: datetime) -> Sequence[SigningKey]:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            keys = await tx.keys.all()
            for key in keys:
                self.sealer.check(key)  # a key that no node opens must not count as the successor of one that signs
            expired = expired_keys(keys, now, self.rotation.token_lifetime)
            removed = [key for key in expired if await tx.keys.remove(key.kid)]
            for key in removed:
                await tx.audit.append(key_removed(key, SYSTEM, SecurityEvent.SIGNING_KEY_FORGOTTEN))
            return removed
