"""Waiting for a fetch on which the answer depends, in a thread or in a task."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final, TypeVar

from doorward.guard.refusals import Unavailable

Result = TypeVar("Result")

PATIENCE_SECONDS: Final = 10.0
"""How long a request waits for a fetch. It takes less, unless a long list comes over a slow network."""

MAX_FETCHES: Final = 3
"""The first fetch of keys and list, and one of keys that a token names; one more for a clock that jumps."""


class Pending(Exception):
    """The answer depends on a fetch that has begun."""

    def __init__(self, fetching: "Future[None]") -> None:
        super().__init__()
        self.fetching = fetching


def settled(attempt: Callable[[], Result]) -> Result:
    """Return what the attempt returns, once no fetch is pending. Raise Unavailable if that takes too long."""
    for _ in range(MAX_FETCHES):
        try:
            return attempt()
        except Pending as pending:
            if not wait([pending.fetching], PATIENCE_SECONDS).done:
                break
    raise Unavailable("The service answers too slowly.")


async def settled_async(attempt: Callable[[], Result]) -> Result:
    """Return what `settled` returns. Only this task waits, and no thread."""
    for _ in range(MAX_FETCHES):
        try:
            return attempt()
        except Pending as pending:
            waiting = asyncio.wrap_future(pending.fetching)
            try:
                done, _ = await asyncio.wait([waiting], timeout=PATIENCE_SECONDS)
            finally:
                waiting.cancel()  # the fetch itself goes on, and does not look for an event loop that may have ended
            if not done:
                break
    raise Unavailable("The service answers too slowly.")
