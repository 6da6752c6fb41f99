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
    AttemptKey,
    AttemptPolicy,
    DeviceId,
)
from doorward.domain.errors import TooManyAttempts

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

    async def __call__(
        self, login: str, now: datetime, device: DeviceId = UNKNOWN_DEVICES, also: Step = nothing
    ) -> AttemptKey:
        """Return what was counted, to be cleared when the proof was right. `login` is a folded login name. `also` is
        done in the same transaction, after the attempt is counted. Raise TooManyAttempts."""
        key = AttemptKey(self.logins.hash(login), device)
        try:
            async with self.storage.reading() as reading:
                self.policy.counted(await reading.attempts.get(key), now)  # refuses without writing anything
            await self._count(key, now, also)
        except TooManyAttempts:
            self.log.record(SecurityEvent.AUTHN_LOGIN_FAIL_MAX, login=login, known_device=device not in SHARED_DEVICES)
            raise
        return key

    @retried
    async def _count(self, key: AttemptKey, now: datetime, also: Step) -> None:
        async with self.storage.transaction() as tx:
            before = await tx.attempts.lock(key)
            store = tx.attempts.add if before is None else tx.attempts.save
            await store(key, self.policy.counted(before, now))
            await also(tx)
