from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.nodes.living import living
from doorward.application.nodes.shared_settings import SharedSettings
from doorward.application.ports.storage import Storage
from doorward.domain.nodes.beat import Beat
from doorward.domain.nodes.node import SeenNode
from doorward.domain.nodes.shared_setting import Disagreement, disagreements


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    alive: Sequence[SeenNode]
    disagreements: Sequence[Disagreement]
    """Where this program differs from what the nodes have agreed on."""
    beat: Beat | None = None
    """The newest heartbeat; None if there was none yet, or if there is none where all data are in one place."""


@final
@dataclass(frozen=True, slots=True)
class ListNodes:
    """Lists the processes that serve on this database, and compares the settings that all of them share. It reads as
    the service does, so that the heartbeat tells how old its reads are."""

    storage: Storage
    shared: SharedSettings

    async def __call__(self) -> Nodes:
        async with self.storage.reading() as reading:
            agreed = await reading.agreed_settings.all()
            alive = living(await reading.nodes.all(), self.storage)
            beat = await reading.heartbeats.newest() if self.storage.reads_can_be_old else None
        return Nodes(alive=alive, disagreements=disagreements(self.shared.all, agreed), beat=beat)
