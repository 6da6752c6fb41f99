import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import final

from doorward.application.nodes.living import report_seconds
from doorward.application.nodes.shared_settings import SharedSettings
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.errors import Unavailable
from doorward.domain.nodes.node import Node
from doorward.domain.nodes.shared_setting import Disagreement, disagreements

FIRST_SECONDS = 1.0
"""The time before the first report. What ends sooner is no node."""

LEAVE_SECONDS = 1.0
"""The longest that a stop waits for the database."""


@final
class ReportNode:
    """Tells the other nodes that this process is alive, and notices when the settings that all share were changed."""

    def __init__(self, storage: Storage, node: Node, shared: SharedSettings, log: SecurityLog) -> None:
        self._storage = storage
        self._node = node
        self._shared = shared
        self._log = log
        self._has_reported = False
        self._differing: Sequence[Disagreement] = ()

    async def run(self) -> None:
        """Report again and again, until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            await self.once()
            await asyncio.sleep(report_seconds(self._storage) * random.uniform(0.9, 1.1))  # noqa: S311 jitter

    async def once(self) -> None:
        """Report once. Raise nothing."""
        try:
            differing = await self._report()
        except Unavailable:
            return  # the change feed or the proof of writing reports it
        except Exception as error:  # noqa: BLE001 an unforeseen error must not stop the reports
            self._log.record(SecurityEvent.MAINTENANCE_FAILED, reason=type(error).__name__, work="report_node")
            return
        if differing != self._differing:
            for each in differing:
                setting = each.setting
                self._log.record(
                    SecurityEvent.SETTINGS_DIFFER, setting=setting.name, own=setting.value, agreed=each.agreed
                )
        self._differing = differing

    async def leave(self) -> None:
        """Tell the others that this process ends. Raise nothing, and do not wait for long."""
        if self._has_reported:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._remove()

    @retried
    async def _report(self) -> Sequence[Disagreement]:
        async with self._storage.transaction() as tx:
            await tx.nodes.report(self._node)
            agreed = await tx.agreed_settings.all()
        self._has_reported = True
        return disagreements(self._shared.all, agreed)

    @retried
    async def _remove(self) -> None:
        async with self._storage.transaction() as tx:
            await tx.nodes.remove(self._node.id)
