from dataclasses import dataclass
from datetime import datetime
from typing import final

from application.ports.security import KeySealer, SecurityLog
from application.ports.storage import Storage
from application.transactions import retried
from domain.access.role import ADMIN


@final
@dataclass(frozen=True, slots=True)
class EnsureSigningKey:
    """Makes the first signing key when there is none, once, however many nodes start at the same time."""

    storage: Storage
    sealer: KeySealer
    log: SecurityLog

    async def __call__(self, now: datetime) -> None:
        async with self.storage.reading() as reading:
            if await reading.keys.all():
                return
        await self._make(now)

    @retried
    async def _make(self, now: datetime) -> None:
        async with self.storage.transaction() as tx:
            await tx.roles.lock(ADMIN)  # any row that is always there: nodes that start together take turns
            if await tx.keys.all():
                return
            key = self.sealer.generate(now)
            await tx.keys.add(key)
        self.log.record("signing_key_added", kid=key.kid, algorithm=key.algorithm)
