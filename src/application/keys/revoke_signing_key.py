from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.keys.key_entries import key_added, key_removed
from doorward.application.keys.publishing import generate
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import LockName, Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import InvalidKey, KeyMissing
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import SigningKey, signing_at


@final
@dataclass(frozen=True, slots=True)
class RevokeSigningKey:
    """Deletes a leaked key at once. Within a second every node rejects every token that it signed.

    Sign-in continues with another key, or with a fresh one if no other key opens.
    """

    storage: Storage
    sealer: KeySealer
    rotation: KeyRotation
    log: SecurityLog

    async def __call__(self, kid: str, now: datetime) -> SigningKey | None:
        """Return the key that signs now, or None where no key opens, as under another master secret than the service's.

        Raise KeyMissing.
        """
        spare = await generate(self.sealer, self.rotation, now)
        signing = await self._revoke(kid, now, spare)
        self.log.record(SecurityEvent.SIGNING_KEY_REVOKED, kid=kid)
        if signing == spare:
            self.log.record(SecurityEvent.SIGNING_KEY_ADDED, kid=spare.kid, algorithm=spare.algorithm)
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
            await tx.audit.append(key_removed(revoked, OPERATOR, SecurityEvent.SIGNING_KEY_REVOKED))
            others = [key for key in keys if key.kid != kid and self._opens(key)]
            successor = signing_at(others, now)
            if not self._opens(revoked) or (successor is not None and successor.signs_from <= now):
                return successor
            return await start_signing(tx, successor, spare, now)

    def _opens(self, key: SigningKey) -> bool:
        try:
            self.sealer.check(key)
        except InvalidKey:
            return False
        return True


async def start_signing(tx: Transaction, early: SigningKey | None, spare: SigningKey, now: datetime) -> SigningKey:
    """Store that the key `early`, which was to sign later, signs from `now` on; add `spare` when there is no such key.

    If the new start were not stored, the tokens that it signs now would be rejected as soon as another key is added
    that signs earlier.
    """
    if early is None:
        await tx.keys.add(spare)
        await tx.audit.append(key_added(spare, OPERATOR))
        return spare
    successor = early.beginning(now)
    await tx.keys.save(successor)
    await tx.audit.append(key_added(successor, OPERATOR))
    return successor
