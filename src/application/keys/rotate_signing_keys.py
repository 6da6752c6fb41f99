import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.keys.publishing import publish
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.storage import LockName, Storage
from doorward.application.transactions import retried
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.rotation import PUBLISHED, KeyRotation
from doorward.domain.keys.signing_key import KeyState, SigningKey, state_of


@final
@dataclass(frozen=True, slots=True)
class RotateSigningKeys:
    """A fresh key follows the one that signs: published at once, signing when everybody has had the time to learn of
    it. By hand whenever the operator wants; by itself `when_due`."""

    storage: Storage
    sealer: KeySealer
    rotation: KeyRotation
    log: SecurityLog

    async def __call__(self, now: datetime, after: timedelta = PUBLISHED) -> SigningKey:
        """The fresh key. Raise InvalidKey where a stored key does not open."""
        key = await self._publish(await self._generated(now), now, after)
        self.log.record("signing_key_added", kid=key.kid, algorithm=key.algorithm)
        return key

    async def when_due(self, now: datetime) -> None:
        """Publish the next key when it is time, and forget those that are gone. Of nodes that come at the same time one
        does it. A node for which a stored key does not open leaves all as it is. Raise StorageUnavailable."""
        async with self.storage.reading() as reading:
            keys = await reading.keys.all()
        try:
            if self.rotation.is_due(keys, now):
                await self._follow(now)
            if gone(keys, now):
                await self._forget(now)
        except InvalidKey as error:
            self.log.record("signing_key_rotation_failed", reason=str(error))

    async def _follow(self, now: datetime) -> None:
        key = await self._publish_if_due(await self._generated(now), now)
        if key is not None:
            self.log.record("signing_key_added", kid=key.kid, algorithm=key.algorithm)

    async def _forget(self, now: datetime) -> None:
        for key in await self._remove_gone(now):
            self.log.record("signing_key_forgotten", kid=key.kid, algorithm=key.algorithm)

    async def _generated(self, now: datetime) -> SigningKey:
        return await asyncio.to_thread(self.sealer.generate, now, self.rotation.algorithm)

    @retried
    async def _publish(self, key: SigningKey, now: datetime, after: timedelta) -> SigningKey:
        async with self.storage.transaction() as tx:
            return await publish(tx, self.sealer, key, now, after)

    @retried
    async def _publish_if_due(self, key: SigningKey, now: datetime) -> SigningKey | None:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            if not self.rotation.is_due(await tx.keys.all(), now):
                return None
            return await publish(tx, self.sealer, key, now, PUBLISHED)

    @retried
    async def _remove_gone(self, now: datetime) -> Sequence[SigningKey]:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            keys = await tx.keys.all()
            for key in keys:
                self.sealer.check(key)  # one that opens for nobody must not pass for the successor of one that signs
            return [key for key in gone(keys, now) if await tx.keys.remove(key.kid)]


def gone(keys: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
    return [key for key in keys if state_of(key, keys, now) is KeyState.GONE]
