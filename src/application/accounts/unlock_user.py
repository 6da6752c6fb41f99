from dataclasses import dataclass
from typing import final

from doorward.application.ports.attempts import LoginHasher
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Operator
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing


@final
@dataclass(frozen=True, slots=True)
class UnlockUser:
    """Forgets all counted attempts at all names with which an account signs in."""

    storage: Storage
    logins: LoginHasher
    log: SecurityLog

    async def __call__(self, user: User, by: Operator) -> None:
        """Raise AccountMissing."""
        cleared = await self._clear(user, by)
        self.log.record(SecurityEvent.USER_UNLOCKED, user_id=str(user.id), by=by.log_name, cleared=cleared)

    @retried
    async def _clear(self, user: User, by: Operator) -> int:
        async with self.storage.transaction() as tx:
            if await tx.users.lock(user.id) is None:
                raise AccountMissing
            cleared = await tx.attempts.clear_all([self.logins.hash(key) for key in user.login_keys])
            event = SecurityEvent.USER_UNLOCKED
            await tx.audit.append(AuditEntry(event=event, by=by, account=user.id, after={"cleared": cleared}))
            return cleared
