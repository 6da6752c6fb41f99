"""Attempts of which the first one to succeed counts, as in Happy Eyeballs (RFC 8305, section 5)."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Attempt = Callable[[], Coroutine[Any, Any, T]]


async def first_success(
    attempts: Sequence[Attempt[T]], pause_seconds: float, dismiss: Callable[[T], None]
) -> tuple[int, T]:
    """Return the number and the result of the first attempt that succeeds.

    Each attempt begins as soon as one before it failed, and at the latest `pause_seconds` after the one before it
    began. Those that are still under way at the end are cancelled, and `dismiss` is called with a result that came
    too late. Raise an ExceptionGroup of what each attempt raised, in their order, when all have failed.
    """
    waiting = deque(enumerate(attempts))
    running: dict[asyncio.Task[T], int] = {}
    failures: dict[int, Exception] = {}
    try:
        while waiting or running:
            if waiting:
                number, attempt = waiting.popleft()
                running[asyncio.ensure_future(attempt())] = number
            pause = pause_seconds if waiting else None
            done, _ = await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=lambda each: running[each]):
                error = task.exception()
                if error is None:
                    return running.pop(task), task.result()
                if not isinstance(error, Exception):
                    raise error
                failures[running.pop(task)] = error
        raise ExceptionGroup("All attempts failed.", [failures[number] for number in sorted(failures)])
    finally:
        await end(running, dismiss)


async def end(running: dict[asyncio.Task[T], int], dismiss: Callable[[T], None]) -> None:
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
    for task in running:
        if not task.cancelled() and task.exception() is None:
            dismiss(task.result())
