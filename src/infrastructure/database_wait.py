"""Waits at a start for a database that cannot be reached yet, and says so."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar, final

from doorward.application.ports.clock import Clock
from doorward.infrastructure.settings.database_not_ready import DatabaseNotReady

T = TypeVar("T")

FIRST_PAUSE_SECONDS: Final = 0.25
MAX_PAUSE_SECONDS: Final = 2.0
"""The pause between two attempts doubles up to this."""

REPORT_INTERVAL_SECONDS: Final = 10.0
"""The first failure is logged at once, and then one in this time."""


@final
@dataclass(frozen=True, slots=True)
class DatabaseWait:
    """Repeats what cannot reach the database, for at most `patience_seconds`."""

    clock: Clock
    patience_seconds: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def __call__(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return the result of the attempt, which is repeated while it raises DatabaseNotReady.

        Raise it when the time is over, and every other error at once.
        """
        began = self.clock.monotonic()
        report_after, pause = 0.0, FIRST_PAUSE_SECONDS
        while True:
            try:
                return await attempt()
            except DatabaseNotReady as not_ready:
                waited = self.clock.monotonic() - began
                if waited + pause > self.patience_seconds:
                    raise
                if waited >= report_after:
                    self._report(not_ready, waited)
                    report_after = waited + REPORT_INTERVAL_SECONDS
            await self.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def _report(self, not_ready: DatabaseNotReady, waited: float) -> None:
        import structlog  # noqa: PLC0415 a service in memory does without

        structlog.get_logger().warning(
            "database_awaited",
            reason=str(not_ready),
            waited_seconds=round(waited, 1),
            limit_seconds=self.patience_seconds,
        )
