"""What `SqlConnection` needs of a pool of connections, and how long it waits for the database.

`asynchronous.py` and `sqlite.py` are the pools.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

from doorward.infrastructure.sql.round_trip import MAX_ALLOWANCE_SECONDS
from doorward.infrastructure.sql.waiting import WALL_CLOCK_FACTOR, WaitLimit

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait for the database. The time that Doorward itself needs to compute does not count.

    Each wait may take longer for a distant database: by the allowance in `round_trip.py`.
    """

    wait_seconds: float = 1.5
    """For all answers of the database in one block before the commit. The commit has the same limit again, and so has
    a connection that is made."""
    first_connect_seconds: float = 5.0
    """For a connection while nothing is known about the distance."""
    pool_wait_seconds: float = 1.0
    """Until another caller returns a connection. It is part of `wait_seconds`."""
    lock_wait_seconds: float = 1.0
    """For a lock that another transaction holds. MySQL takes whole seconds."""
    max_waiting_per_connection: int = 100
    """How many callers may wait for a connection, for each connection of the pool. Further ones are refused."""

    @property
    def longest_seconds(self) -> float:
        """Return after how long nobody waits for a statement any more, however far away the database is and however
        busy the processor."""
        return self.wait_seconds * WALL_CLOCK_FACTOR + MAX_ALLOWANCE_SECONDS


Work: TypeAlias = Callable[[Connection], T]


class Session(Protocol):
    """One connection of a pool that nobody else uses until it is released.

    Raises the errors of SQLAlchemy and the driver, and TimeoutError when the database takes longer than the limits.
    """

    async def run(self, work: Work[T], *, many_rows: bool = False) -> T:
        """Return the result of `work`, which runs statements on the connection of SQLAlchemy and waits for nothing
        else."""
        ...

    async def begin(self) -> None: ...

    async def commit(self, work: Work[None] | None) -> None:
        """Do the work, if there is any, and commit. If the work raises, the transaction is rolled back or can be."""
        ...

    async def roll_back(self) -> None: ...

    async def renew(self) -> None:
        """Use another connection from now on, in the place of this one, which was lost. No other caller gets the place
        meanwhile. Raise as `Connections.session` does."""
        ...

    async def release(self) -> None:
        """Return the connection to the pool, or close it if it is broken or still busy. Never raise."""
        ...


class Connections(Protocol):
    """A pool of connections of one kind: for transactions, or for reading."""

    @property
    def limits(self) -> Limits: ...

    @property
    def in_use(self) -> int:
        """Return the number of connections in use."""
        ...

    @property
    def allowance_seconds(self) -> float:
        """Return how much longer than the limits a block may wait, because the database is far away."""
        ...

    async def session(self, limit: WaitLimit) -> Session:
        """Return a connection from the pool, or a new one. All waits of the session count against `limit`."""
        ...

    async def close(self) -> None: ...
