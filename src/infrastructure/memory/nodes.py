from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorward.domain.nodes.beat import MAX_FUTURE_SECONDS, Beat
from doorward.domain.nodes.node import Node, NodeId, SeenNode
from doorward.infrastructure.memory.tables import ReportedNode, Tables


@dataclass(frozen=True, slots=True)
class MemoryHeartbeats:
    tables: Tables
    now: Callable[[], datetime]

    async def newest(self) -> Beat | None:
        at = self.tables.beat_at
        return None if at is None else Beat(at, (self.now() - at).total_seconds())

    async def beat(self, pause_seconds: float) -> bool:
        newest = await self.newest()
        if newest is not None and -MAX_FUTURE_SECONDS <= newest.age_seconds < pause_seconds:
            return False
        self.tables.beat_at = self.now()
        return True


@dataclass(frozen=True, slots=True)
class MemoryNodes:
    tables: Tables
    now: Callable[[], datetime]

    async def all(self) -> Sequence[SeenNode]:
        reported = sorted(self.tables.nodes.values(), key=lambda each: (each.reported_at, each.node.id))
        return [
            SeenNode(node=each.node, started_at=each.started_at, age_seconds=self._silence(each)) for each in reported
        ]

    async def report(self, node: Node) -> None:
        now = self.now()
        known = self.tables.nodes.get(node.id) or ReportedNode(node=node, started_at=now, reported_at=now)
        self.tables.nodes[node.id] = replace(known, reported_at=now)

    async def remove(self, node_id: NodeId) -> None:
        self.tables.nodes.pop(node_id, None)

    async def prune(self, silent_seconds: float) -> int:
        silent = [key for key, each in self.tables.nodes.items() if self._silence(each) > silent_seconds]
        for node_id in silent:
            del self.tables.nodes[node_id]
        return len(silent)

    def _silence(self, reported: ReportedNode) -> float:
        return (self.now() - reported.reported_at).total_seconds()


@dataclass(frozen=True, slots=True)
class MemoryAgreedSettings:
    tables: Tables

    async def all(self) -> Mapping[str, str]:
        return dict(sorted(self.tables.agreed_settings.items()))

    async def agree(self, name: str, value: str) -> None:
        self.tables.agreed_settings.setdefault(name, value)

    async def put(self, name: str, value: str) -> None:
        self.tables.agreed_settings[name] = value
