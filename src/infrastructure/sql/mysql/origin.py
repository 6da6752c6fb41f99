"""What the pool keeps about a connection of MySQL: from which host it is, and what the server said."""

import time
from dataclasses import dataclass, field
from typing import Any, final

from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.mysql.standing import Standing

KEY = "doorward_origin"


@final
@dataclass(slots=True, kw_only=True)
class Origin:
    host: Host
    standing: Standing
    generation: int
    """That of the HostOrder when the connection was made."""
    proven_at: float = field(default_factory=time.monotonic)
    """When the server said last that it may be used."""


def keep(record: Any, origin: Origin) -> None:
    """Keep it with a connection of the pool. Called when the connection was made."""
    record.record_info[KEY] = origin


def origin_of(connection: Any) -> Origin:
    """Return the origin of a connection of the pool, which a listener kept when the connection was made."""
    origin: Origin = connection.record_info[KEY]
    return origin
