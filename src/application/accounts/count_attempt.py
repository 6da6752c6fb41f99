from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.attempts import LoginHasher
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.attempts import (
    UNKNOWN_DEVICES,
    AttemptKey,
    AttemptPolicy,
    DeviceId,
)
from doorward.domain.errors import TooManyAttempts


@final
@dataclass(frozen=True, slots=True)
class CountAttempt:
    """Counts an attempt to prove a password before the password is hashed, so that attempts at the same moment count,
    too. All nodes share the counts.

    A name that nobody has is counted like any other.
    """

    storage: Storage
    logins: LoginHasher
    policy: AttemptPolicy
    log: SecurityLog

    async def __call__(self, login: str, now: datetime, device: DeviceId = UNKNOWN_DEVICES) -> AttemptKey:
        """Return what was counted, to be cleared when the password was right. `login` is a folded login name. Raise
        TooManyAttempts."""
        key = AttemptKey(self.logins.hash(login), device)
        try:
            async with self.storage.reading() as reading:
                self.policy.counted(await reading.attempts.get(key), now)  # refuses without writing anything
            await self._count(key, now)
        except TooManyAttempts:
            self.log.record(SecurityEvent.AUTHN_LOGIN_FAIL_MAX, login=login, known_device=device != UNKNOWN_DEVICES)
            raise
        return key

    @retried
    async def _count(self, key: AttemptKey, now: datetime) -> None:
        async with self.storage.transaction() as tx:
            before = await tx.attempts.lock(key)
            store = tx.attempts.add if before is None else tx.attempts.save
            await store(key, self.policy.counted(before, now))
