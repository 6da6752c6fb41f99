from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.audit.account_change import account_changed
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Operator
from doorward.domain.errors import AddressMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class VouchForEmail:
    """Verifies the address of an account because the operator says so, without a letter."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, by: Operator, now: datetime) -> None:
        """Raise AccountMissing or AddressMissing."""
        await self._save(user_id, by, now)
        self.log.record(SecurityEvent.EMAIL_VERIFIED, user_id=str(user_id), by=by.log_name)

    @retried
    async def _save(self, user_id: UserId, by: Operator, now: datetime) -> None:
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, user_id, by, self.log)
            if user.email is None:
                raise AddressMissing
            if not user.email_verified:
                verified = user.verified(now)
                await tx.users.save(verified)
                await tx.audit.append(account_changed(user, verified, by, SecurityEvent.EMAIL_VERIFIED))
