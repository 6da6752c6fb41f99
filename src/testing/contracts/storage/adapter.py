"""What the contract tests have to know of a storage adapter."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from doorward.application.ports.storage import Storage

ServerAddress = tuple[str, int]
"""Host and port of a server."""


async def nothing() -> None:
    """Do nothing: the default of the hooks that an adapter may leave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedAdapter:
    """A storage adapter and its database, as the contract tests use them. The fixture `storage_adapter` returns it."""

    opened: Callable[[ServerAddress | None, float], Storage]
    """Return a new storage on the database. It is called in a running event loop, several times for one database.

    The first parameter is `address`, or that of a proxy before it. The second is how many seconds the storage may wait
    for its server, a connection or a lock. An adapter whose limits cannot be set may ignore it."""
    migrated: Callable[[], Awaitable[None]] = nothing
    """Make the tables. It is called once, before anything else."""
    emptied: Callable[[], Awaitable[None]] = nothing
    """Bring the database to its first state, which has the three built-in roles and nothing else. It is called before
    each test, when no storage is open."""
    concurrent: bool = False
    """Whether several transactions write at the same time. If not, they run one after the other."""
    address: ServerAddress | None = None
    """Where the server of the database listens, without TLS. None if it is not reached by TCP: the tests of a server
    that fails are skipped then."""
    guard_seconds: float = 60
    """A call that takes longer has no limit, and fails its test. It is far more than the limit of any call, since the
    machine may be busy."""
