from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.nodes.node import Node, NodeId, SeenNode
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.tables import nodes
from doorward.infrastructure.sql.types import seconds_since, utc_now

SILENCE = seconds_since(nodes.c.reported_at)
ALL = select(nodes, SILENCE.label("age")).order_by(nodes.c.reported_at, nodes.c.id)
RENEW = update(nodes).where(nodes.c.id == bindparam("node")).values(reported_at=utc_now())
ADD = insert(nodes).values(
    id=bindparam("node", type_=nodes.c.id.type),
    name=bindparam("called"),
    version=bindparam("release"),
    started_at=utc_now(),
    reported_at=utc_now(),
)
REMOVE = delete(nodes).where(nodes.c.id == bindparam("node"))
PRUNE = delete(nodes).where(bindparam("silent") < SILENCE)


@final
@dataclass(frozen=True, slots=True)
class SqlNodes:
    connection: SqlConnection

    async def all(self) -> Sequence[SeenNode]:
        return [to_seen_node(row) for row in await self.connection.rows(ALL)]

    async def report(self, node: Node) -> None:
        if not await self.connection.change(RENEW, {"node": node.id}):
            await self.connection.change(ADD, {"node": node.id, "called": node.name, "release": node.version})

    async def remove(self, node_id: NodeId) -> None:
        await self.connection.change(REMOVE, {"node": node_id})

    async def prune(self, silent_seconds: float) -> int:
        return await self.connection.change(PRUNE, {"silent": silent_seconds})


def to_seen_node(row: SqlRow) -> SeenNode:
    node = Node(id=NodeId(row.id), name=row.name, version=row.version)
    return SeenNode(node=node, started_at=row.started_at, age_seconds=float(row.age))
