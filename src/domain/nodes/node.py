"""A process that serves requests, as the other ones see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

NodeId = NewType("NodeId", UUID)

MAX_NODE_NAME_CHARACTERS = 128
MAX_VERSION_CHARACTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One process. A node with several workers is several of these, with the same host in their names."""

    id: NodeId
    name: str
    """The host and the number of the process, for people."""
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenNode:
    """A process that has reported itself, and when it did so last."""

    node: Node
    started_at: datetime
    """When it reported itself first, by the clock of the database."""
    age_seconds: float
    """The time since its last report, by the clock of the database."""
