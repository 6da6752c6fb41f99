from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from application.ports.security import KeySealer, SecurityLog
from application.ports.storage import Storage
from application.transactions import retried
from domain.access.role import ADMIN
from domain.errors import InvalidKey, KeyMissing, LastSigningKey
from domain.keys.signing_key import SigningKey, signing_at


@final
@dataclass(frozen=True, slots=True)
class RemoveSigningKey:
    """The operator takes a key back, such as one that leaked: within a second every token that it signed has ended.

    A key that does not open signs nothing, and may always go.
    """

    storage: Storage
    sealer: KeySealer
    log: SecurityLog

    async def __call__(self, kid: str, now: datetime) -> None:
        """Raise KeyMissing or LastSigningKey."""
        await self._remove(kid, now)
        self.log.record("signing_key_removed", kid=kid)

    @retried
    async def _remove(self, kid: str, now: datetime) -> None:
        async with self.storage.transaction() as tx:
            await tx.roles.lock(ADMIN)  # any row that is always there: of two that remove two keys, one comes second
            self._refuse_without_key(await tx.keys.all(), kid, now)
            if not await tx.keys.remove(kid):
                raise KeyMissing

    def _refuse_without_key(self, keys: Sequence[SigningKey], kid: str, now: datetime) -> None:
        usable = [key for key in keys if self._opens(key)]
        signing = signing_at(usable, now)
        others = any(key.signs_from <= now for key in usable if key.kid != kid)
        if signing is not None and signing.kid == kid and not others:
            raise LastSigningKey

    def _opens(self, key: SigningKey) -> bool:
        try:
            self.sealer.check(key)
        except InvalidKey:
            return False
        return True
