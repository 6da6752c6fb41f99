from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.errors import AccountDisabled, AddressMissing, EmailAlreadyVerified
from doorward.domain.ids import UserId
from doorward.domain.letters.letter import Letter, LetterKind


@final
@dataclass(frozen=True, slots=True)
class ResendEmailVerification:
    """Orders the letter with the link that verifies the address of an account, for an administrator."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, by: Actor, now: datetime) -> None:
        """Raise AccountMissing, AccountDisabled, AddressMissing or EmailAlreadyVerified."""
        await self._order(user_id, by, now)
        self.log.record(SecurityEvent.EMAIL_VERIFICATION_REQUESTED, user_id=str(user_id), by=by.log_name)

    @retried
    async def _order(self, user_id: UserId, by: Actor, now: datetime) -> None:
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, user_id, by, self.log)
            if not user.is_enabled_at(now):
                raise AccountDisabled
            if user.email is None:
                raise AddressMissing
            if user.email_verified:
                raise EmailAlreadyVerified
            await tx.letters.add(Letter.to_holder(LetterKind.EMAIL_VERIFICATION, user, None, now))
