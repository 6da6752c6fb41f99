"""The ports of what several nodes on one database must know of each other."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from doorward.domain.nodes.beat import Beat
from doorward.domain.nodes.node import Node, NodeId, SeenNode


class HeartbeatReader(Protocol):
    """The heartbeat of the database: one row that tells how old a reading is. All times are of the database's clock."""

    async def newest(self) -> Beat | None:
        """Return the newest beat that this reading sees, or None if there was none yet."""
        ...


class HeartbeatRepository(HeartbeatReader, Protocol):
    async def beat(self, pause_seconds: float) -> bool:
        """Write a beat and return True, or return False if the newest one is younger than `pause_seconds`. If several
        try at the same time, exactly one succeeds.

        The caller cannot see it, but a beat of the future is replaced, too: the clock that dated it was wrong.
        """
        ...


class NodeReader(Protocol):
    """The processes that serve requests."""

    async def all(self) -> Sequence[SeenNode]:
        """Return every process that has reported itself and was not removed, the oldest report first."""
        ...


class NodeRepository(NodeReader, Protocol):
    async def report(self, node: Node) -> None:
        """Store that the process is alive now. It counts as started since its first report."""
        ...

    async def remove(self, node_id: NodeId) -> None:
        """Remove the process, if it is there."""
        ...

    async def prune(self, silent_seconds: float) -> int:
        """Remove the processes whose last report is older, and return how many there were."""
        ...


class AgreedSettingReader(Protocol):
    """The settings that all nodes on one database must share, as the first one of them had them."""

    async def all(self) -> Mapping[str, str]:
        """Return the values by the names of the settings."""
        ...


class AgreedSettingRepository(AgreedSettingReader, Protocol):
    async def agree(self, name: str, value: str) -> None:
        """Store the value unless the setting has one. If several try at the same time, exactly one value is stored."""
        ...

    async def put(self, name: str, value: str) -> None:
        """Store the value in place of any other."""
        ...
