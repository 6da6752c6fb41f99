from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.attempts import LoginHasher
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.accounts.attempts import (
    SHARED_DEVICES,
    UNKNOWN_DEVICES,
    AttemptCount,
    AttemptKey,
    AttemptPolicy,
    DeviceId,
)
from doorward.domain.errors import TooManyAttempts, TransactionConflict

Step = Callable[[Transaction], Awaitable[None]]


async def nothing(_: Transaction) -> None:
    """Do nothing else in the transaction."""


@final
@dataclass(frozen=True, slots=True)
class CountAttempt:
    """Counts an attempt to prove a password or a code before it is looked at, so that attempts at the same moment
    count, too. All nodes share the counts.

    A name that nobody has is counted like any other.
    """

    storage: Storage
    logins: LoginHasher
    policy: AttemptPolicy
    log: SecurityLog

    def key(self, login: str, device: DeviceId = UNKNOWN_DEVICES) -> AttemptKey:
        """Return under which key attempts are counted. `login` is a folded login name."""
        return AttemptKey(self.logins.hash(login), device)

    async def __call__(
        self, login: str, key: AttemptKey, before: AttemptCount | None, now: datetime, also: Step = nothing
    ) -> None:
        """Count one attempt more than there are. `before` is the count as it was just read; if it refuses the attempt,
        nothing else is done. `also` is done in the transaction that counts. Raise TooManyAttempts, which writes
        nothing."""
        try:
            first = self.policy.counted(before, now)
            if before is not None or not await self._add(key, first, also):
                await self._count(key, now, also)
        except TooManyAttempts:
            self.log.record(
                SecurityEvent.AUTHN_LOGIN_FAIL_MAX, login=login, known_device=key.device not in SHARED_DEVICES
            )
            raise

    async def _add(self, key: AttemptKey, first: AttemptCount, also: Step) -> bool:
        """Return False if there is a count by now. An attempt without one before it is the usual case, and this takes
        one statement less than `_count`."""
        try:
            async with self.storage.transaction() as tx:
                await tx.attempts.add(key, first)
                await also(tx)
        except TransactionConflict:
            return False
        return True

    @retried
    async def _count(self, key: AttemptKey, now: datetime, also: Step) -> None:
        async with self.storage.transaction() as tx:
            before = await tx.attempts.lock(key)
            store = tx.attempts.add if before is None else tx.attempts.save
            await store(key, self.policy.counted(before, now))
            await also(tx)
