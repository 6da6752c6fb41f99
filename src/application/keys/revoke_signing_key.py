import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.storage import LockName, Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.errors import InvalidKey, KeyMissing
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import SigningKey, signing_at


@final
@dataclass(frozen=True, slots=True)
class RevokeSigningKey:
    """The emergency: a key that leaked goes at once, and within a second every token that it signed has ended.

    Sign-in goes on: with another key, or with a fresh one when there is none that opens.
    """

    storage: Storage
    sealer: KeySealer
    rotation: KeyRotation
    log: SecurityLog

    async def __call__(self, kid: str, now: datetime) -> SigningKey | None:
        """The key that signs now; None where no key opens, as under another master secret than the service's.
        Raise KeyMissing."""
        spare = await asyncio.to_thread(self.sealer.generate, now, self.rotation.algorithm)
        signing = await self._revoke(kid, now, spare)
        self.log.record("signing_key_revoked", kid=kid)
        if signing == spare:
            self.log.record("signing_key_added", kid=spare.kid, algorithm=spare.algorithm)
        return signing

    @retried
    async def _revoke(self, kid: str, now: datetime, spare: SigningKey) -> SigningKey | None:
        async with self.storage.transaction() as tx:
            await tx.locks.take(LockName.SIGNING_KEYS)
            keys = await tx.keys.all()
            revoked = next((key for key in keys if key.kid == kid), None)
            if revoked is None:
                raise KeyMissing
            await tx.keys.remove(kid)
            others = [key for key in keys if key.kid != kid and self._opens(key)]
            heir = signing_at(others, now)
            if not self._opens(revoked) or (heir is not None and heir.signs_from <= now):
                return heir
            return await begin(tx, heir, spare, now)

    def _opens(self, key: SigningKey) -> bool:
        try:
            self.sealer.check(key)
        except InvalidKey:
            return False
        return True


async def begin(tx: Transaction, early: SigningKey | None, spare: SigningKey, now: datetime) -> SigningKey:
    """A key whose time has not come takes over, and that is written down: else what it signs from now on would be
    refused as soon as a key stood before it that was not there yet. Without one the spare key does."""
    if early is None:
        await tx.keys.add(spare)
        return spare
    heir = early.beginning(now)
    await tx.keys.save(heir)
    return heir
