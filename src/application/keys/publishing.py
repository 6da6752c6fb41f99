import asyncio
from datetime import datetime, timedelta

from doorward.application.ports.security import KeySealer
from doorward.application.ports.storage import LockName, Transaction
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import SigningKey, signing_start


async def generate(sealer: KeySealer, rotation: KeyRotation, now: datetime) -> SigningKey:
    """Return a fresh key of the configured algorithm. It is generated in a thread, because RSA takes up to a second."""
    return await asyncio.to_thread(sealer.generate, now, rotation.algorithm)


async def publish(tx: Transaction, sealer: KeySealer, key: SigningKey, now: datetime, after: timedelta) -> SigningKey:
    """Add `key` behind the stored keys, to sign from `now + after` on, and return it.

    Raise KeyExists, or InvalidKey when a stored key does not open: the new key would then be sealed under another
    secret than the service uses.
    """
    await tx.locks.take(LockName.SIGNING_KEYS)
    keys = await tx.keys.all()
    for known in keys:
        sealer.check(known)
    published = key.beginning(signing_start(keys, now, after))
    await tx.keys.add(published)
    return published
