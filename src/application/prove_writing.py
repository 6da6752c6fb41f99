import asyncio
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.errors import StorageBusy, Unavailable

INTERVAL_SECONDS = 60.0
"""The pause after a proof, unless the next one is wanted soon."""

RETRY_SECONDS = 1.0
"""The pause after a failure, and the shortest pause of all."""

MAX_AGE_SECONDS = 180.0
"""A proof counts for so long."""

LEASE_DURATION = timedelta(minutes=1)


@final
class ProveWriting:
    """Writes to the database from time to time, and remembers whether it could. The readiness check asks for it.

    Each proof takes a lease of its own and gives it up again in one transaction. That inserts a row, deletes it and
    commits, as changes of accounts do, and leaves nothing behind.
    """

    def __init__(self, storage: Storage, clock: Clock, log: SecurityLog) -> None:
        self._storage = storage
        self._clock = clock
        self._log = log
        self._holder = secrets.token_hex(8)
        self._proven_at = float("-inf")
        self._last_cause: str | None = None
        self._wanted_soon = asyncio.Event()

    @property
    def failure(self) -> str | None:
        """Return the cause if the last proof failed or is too old, and otherwise None."""
        if self._last_cause is None and self._clock.monotonic() - self._proven_at > MAX_AGE_SECONDS:
            return "no_recent_write"
        return self._last_cause

    def prove_soon(self) -> None:
        """Make the next proof follow soon, since a request could not be served."""
        self._wanted_soon.set()

    async def run(self) -> None:
        """Prove it again and again, until cancelled."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            if self._last_cause is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL_SECONDS):
                        await self._wanted_soon.wait()
            await self.once()

    async def once(self) -> None:
        """Try to write, and remember the outcome. Raise nothing."""
        self._wanted_soon.clear()
        try:
            await self._write()
        except StorageBusy:
            return  # this proves nothing, and a busy node is ready
        except Unavailable as error:
            self._remember(error.cause)
        except Exception as error:  # noqa: BLE001 an unforeseen error must not stop the proofs
            self._remember(type(error).__name__)
        else:
            self._proven_at = self._clock.monotonic()
            self._remember(None)

    @retried
    async def _write(self) -> None:
        name, now = f"writing:{self._holder}", self._clock.now()
        async with self._storage.transaction() as tx:
            await tx.leases.take(name, self._holder, now, now + LEASE_DURATION)
            await tx.leases.give_up(name, self._holder)

    def _remember(self, cause: str | None) -> None:
        """Keep why it failed; None if it did not. Log when writing begins to fail, and when it works again."""
        before, self._last_cause = self._last_cause, cause
        if cause is not None and before is None:
            self._log.record(SecurityEvent.DATABASE_UNWRITABLE, cause=cause)
        elif cause is None and before is not None:
            self._log.record(SecurityEvent.DATABASE_WRITABLE)
