from datetime import datetime, timedelta

from application.ports.security import KeySealer
from application.ports.storage import Transaction
from domain.access.role import ADMIN
from domain.keys.signing_key import SigningKey, first_turn


async def publish(tx: Transaction, sealer: KeySealer, key: SigningKey, now: datetime, after: timedelta) -> SigningKey:
    """Let `key` take its turn behind those that are there. Raise KeyExists, or InvalidKey where one of those does not
    open: the new one would then be sealed under another secret than the service's."""
    await tx.roles.lock(ADMIN)  # any row that is always there: of two that change the keys at once, one comes second
    keys = await tx.keys.all()
    for known in keys:
        sealer.check(known)
    published = key.beginning(first_turn(keys, now, after))
    await tx.keys.add(published)
    return published
