from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.attempts import LoginHasher
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import MAX_ATTEMPTS, retried
from doorward.domain.accounts.attempts import (
    UNKNOWN_DEVICES,
    AttemptCount,
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
        for _ in range(MAX_ATTEMPTS):
            async with self.storage.reading() as reading:
                before = await reading.attempts.get(key)
            try:
                after = self.policy.counted(before, now)
            except TooManyAttempts:
                self.log.record(SecurityEvent.AUTHN_LOGIN_FAIL_MAX, login=login, known_device=device != UNKNOWN_DEVICES)
                raise
            if await self._put(key, before, after):
                return key
        raise TooManyAttempts(1)  # many attempts at the same moment

    @retried
    async def _put(self, key: AttemptKey, before: AttemptCount | None, after: AttemptCount) -> bool:
        async with self.storage.transaction() as tx:
            return await tx.attempts.put(key, before, after)
