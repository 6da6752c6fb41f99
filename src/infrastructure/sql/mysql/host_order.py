"""Which host of a database is tried first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.infrastructure.sql.mysql.hosts import Host

MIN_PAUSE_SECONDS = 0.25
"""The Connection Attempt Delay of RFC 8305, section 5."""

CONNECT_TIMES_PER_PAUSE = 2
"""A host that takes so many times as long as usual counts as one that hangs."""


@final
@dataclass(slots=True)
class HostOrder:
    """The hosts of one database, shared by the pools of a process. The one that was good last is tried first."""

    hosts: Sequence[Host]
    first: int = 0
    generation: int = 0
    """Counts how often a host turned out to be the wrong one. Pools drop connections of an earlier generation."""
    keeps_order: bool = False
    """Whether each connection begins with the first host, and not with the one that was good last."""
    pause_seconds: float = MIN_PAUSE_SECONDS
    """How long a host is waited for before the next one is tried as well."""

    def in_turn(self) -> list[Host]:
        return [*self.hosts[self.first :], *self.hosts[: self.first]]

    def was_good(self, host: Host, seconds: float) -> None:
        """Begin with this host from now on. It took so long to connect."""
        if not self.keeps_order:
            self.first = self.hosts.index(host)
        self.pause_seconds = max(MIN_PAUSE_SECONDS, seconds * CONNECT_TIMES_PER_PAUSE)

    def leave(self, host: Host, generation: int) -> None:
        """Begin with the next host, and have the pools drop their connections, since a connection of that generation
        found that this host cannot be used. Connections of an earlier generation change nothing."""
        if generation != self.generation:
            return
        self.generation += 1
        if self.hosts[self.first] == host and not self.keeps_order:
            self.first = (self.first + 1) % len(self.hosts)
