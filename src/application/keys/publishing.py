from datetime import datetime, timedelta

from doorward.application.ports.security import KeySealer
from doorward.application.ports.storage import LockName, Transaction
from doorward.domain.keys.signing_key import SigningKey, first_turn


async def publish(tx: Transaction, sealer: KeySealer, key: SigningKey, now: datetime, after: timedelta) -> SigningKey:
    """Let `key` take its turn behind those that are there. Raise KeyExists, or InvalidKey where one of those does not
    open: the new one would then be sealed under another secret than the service's."""
    await tx.locks.take(LockName.SIGNING_KEYS)
    keys = await tx.keys.all()
    for known in keys:
        sealer.check(known)
    published = key.beginning(first_turn(keys, now, after))
    await tx.keys.add(published)
    return published
