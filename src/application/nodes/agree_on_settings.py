from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.nodes.living import living
from doorward.application.nodes.shared_settings import Replaced, SharedSettings, log_replaced, replace_agreed
from doorward.application.ports.security import KeySealer, SecurityLog
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.audit.source import SYSTEM
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.nodes.shared_setting import SECRET, Disagreement, disagreements


@final
@dataclass(frozen=True, slots=True)
class AgreeOnSettings:
    """Stores the settings that all nodes must share at the first start, and compares them at each later one."""

    storage: Storage
    shared: SharedSettings
    sealer: KeySealer
    log: SecurityLog

    async def __call__(self) -> Sequence[Disagreement]:
        """Return where this node differs from the others; nothing if it may start.

        What may differ for a while is replaced. When no other node is alive, a value that gives way is replaced, too,
        and so is the fingerprint of another master secret if this one decrypts every key.
        """
        async with self.storage.reading() as reading:
            agreed = await reading.agreed_settings.all()
        if all(agreed.get(each.name) == each.value for each in self.shared.all):
            return ()
        left, replaced = await self._agree()
        log_replaced(self.log, replaced, "start")
        return left

    @retried
    async def _agree(self) -> tuple[Sequence[Disagreement], Sequence[Replaced]]:
        async with self.storage.transaction() as tx:
            if left := await self._left(tx, await tx.agreed_settings.all()):
                return left, ()
            for each in self.shared.all:
                await tx.agreed_settings.agree(each.name, each.value)
            if left := await self._left(tx, await tx.agreed_settings.all()):  # another first start was faster
                return left, ()
            return (), await replace_agreed(tx, self.shared.all, SYSTEM)

    async def _left(self, tx: Transaction, agreed: Mapping[str, str]) -> Sequence[Disagreement]:
        found = [each for each in disagreements(self.shared.all, agreed) if not each.setting.may_differ]
        if not found or living(await tx.nodes.all(), self.storage):
            return found
        opens_all = all(self._opens(key) for key in await tx.keys.all())
        return [
            each
            for each in found
            if not each.setting.gives_way(each.agreed) and not (each.setting.name == SECRET and opens_all)
        ]

    def _opens(self, key: SigningKey) -> bool:
        try:
            self.sealer.check(key)
        except InvalidKey:
            return False
        return True
