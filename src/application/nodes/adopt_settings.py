from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.nodes.shared_settings import Replaced, SharedSettings, log_replaced, replace_agreed
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Operator


@final
@dataclass(frozen=True, slots=True)
class AdoptSettings:
    """Makes the settings of this node those of all nodes on the database. Nodes with others no longer start."""

    storage: Storage
    shared: SharedSettings
    log: SecurityLog

    async def __call__(self, by: Operator) -> Sequence[Replaced]:
        """Return what was replaced."""
        replaced = await self._adopt(by)
        log_replaced(self.log, replaced, by.log_name)
        return replaced

    @retried
    async def _adopt(self, by: Operator) -> Sequence[Replaced]:
        async with self.storage.transaction() as tx:
            return await replace_agreed(tx, self.shared.all, by)
