import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from doorward.infrastructure.sql.mysql.racing import first_success

AT_ONCE, NEVER = 0.0, 3600.0
"""Pauses before the next attempt."""

Attempt = Callable[[], Coroutine[Any, Any, str]]


class Attempts:
    """Attempts that say what became of them."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.dismissed: list[str] = []

    async def succeeding(self, name: str) -> str:
        self.begun.append(name)
        return name

    async def failing(self, name: str) -> str:
        self.begun.append(name)
        raise ConnectionRefusedError(name)

    async def hanging(self, name: str) -> str:
        self.begun.append(name)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        return name

    async def stubborn(self, name: str) -> str:
        """Succeeds although it is cancelled."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
        return name

    async def first(self, attempts: list[Attempt], pause: float) -> tuple[int, str]:
        return await first_success(attempts, pause, self.dismissed.append)


async def test_the_first_attempt_is_enough_when_it_succeeds() -> None:
    tried = Attempts()
    attempts: list[Attempt] = [partial(tried.succeeding, "a"), partial(tried.succeeding, "b")]
    assert await tried.first(attempts, NEVER) == (0, "a")
    assert tried.begun == ["a"]


async def test_after_a_failure_the_next_one_follows_at_once() -> None:
    tried = Attempts()
    attempts: list[Attempt] = [partial(tried.failing, "a"), partial(tried.failing, "b"), partial(tried.succeeding, "c")]
    assert await tried.first(attempts, NEVER) == (2, "c")


async def test_one_that_hangs_does_not_make_the_others_wait() -> None:
    tried = Attempts()
    attempts: list[Attempt] = [partial(tried.hanging, "a"), partial(tried.hanging, "b"), partial(tried.succeeding, "c")]
    assert await tried.first(attempts, AT_ONCE) == (2, "c")
    assert sorted(tried.cancelled) == ["a", "b"]


async def test_a_result_that_comes_too_late_is_dismissed() -> None:
    tried = Attempts()
    attempts: list[Attempt] = [partial(tried.stubborn, "a"), partial(tried.succeeding, "b")]
    assert await tried.first(attempts, AT_ONCE) == (1, "b")
    assert tried.dismissed == ["a"]


async def test_all_failures_are_raised_in_their_order() -> None:
    tried = Attempts()
    with pytest.raises(ExceptionGroup) as failed:
        await tried.first([partial(tried.failing, "a"), partial(tried.failing, "b")], AT_ONCE)
    assert [str(each) for each in failed.value.exceptions] == ["a", "b"]


async def test_a_cancelled_caller_leaves_nothing_running() -> None:
    tried = Attempts()
    waiting = asyncio.ensure_future(tried.first([partial(tried.hanging, "a"), partial(tried.hanging, "b")], AT_ONCE))
    while len(tried.begun) < 2:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sorted(tried.cancelled) == ["a", "b"]
