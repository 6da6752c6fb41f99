from dataclasses import dataclass
from typing import final

from application.ports.security import KeySealer
from application.ports.storage import Storage
from application.transactions import retried
from domain.access.role import ADMIN
from domain.errors import InvalidKey
from domain.keys.signing_key import SigningKey


@final
@dataclass(frozen=True, slots=True)
class ResealSigningKeys:
    """Seals under the present master secret what only the previous one opens. Nodes that start together take turns, and
    find nothing left to do. A key that neither opens stays as it is."""

    storage: Storage
    sealer: KeySealer

    async def __call__(self) -> None:
        async with self.storage.reading() as reading:
            keys = await reading.keys.all()
        if any(self._resealed(key) != key for key in keys):
            await self._reseal()

    @retried
    async def _reseal(self) -> None:
        async with self.storage.transaction() as tx:
            await tx.roles.lock(ADMIN)
            for key in await tx.keys.all():
                resealed = self._resealed(key)
                if resealed != key:
                    await tx.keys.save(resealed)

    def _resealed(self, key: SigningKey) -> SigningKey:
        try:
            return self.sealer.resealed(key)
        except InvalidKey:
            return key
