import asyncio
import functools
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import ParamSpec, TypeVar

from doorward.domain.errors import StorageMoved, TransactionConflict

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_TRANSACTION = timedelta(seconds=10)
"""The longest time from the announcement of a change to its commit. The change feed is read again for so long, and a
transaction that is older when it could commit is not committed."""

MAX_ATTEMPTS = 4
MAX_PAUSE_SECONDS = 0.02
"""The upper limit of the random pause. It doubles with each attempt."""


def retried(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Repeat a transaction that the database rolled back (deadlock, lost connection, concurrent change, a server that
    takes no writes any more).

    The function must contain one transaction and nothing that must not happen twice. The pause is random, so that two
    transactions that collided do not collide again. After the last attempt the refusal is raised.
    """

    @functools.wraps(work)
    async def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        for number in range(1, MAX_ATTEMPTS):
            try:
                return await work(*args, **kwargs)
            except (TransactionConflict, StorageMoved):
                await asyncio.sleep(random.uniform(0, MAX_PAUSE_SECONDS * 2**number))  # noqa: S311 jitter, no secret
        return await work(*args, **kwargs)

    return attempt
