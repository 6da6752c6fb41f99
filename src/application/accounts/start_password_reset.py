from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.errors import AccountDisabled, AddressMissing
from doorward.domain.ids import UserId
from doorward.domain.letters.letter import Letter, LetterKind


@final
@dataclass(frozen=True, slots=True)
class StartPasswordReset:
    """Orders the letter with the link to choose a new password, for an administrator, who sees neither. Nothing changes
    for the account until the link is used."""

    storage: Storage
    log: SecurityLog

    async def __call__(self, user_id: UserId, by: Actor, now: datetime) -> None:
        """Raise AccountMissing, AccountDisabled or AddressMissing. A second letter within the same minute of the clock
        is not sent."""
        await self._order(user_id, by, now)
        self.log.record(SecurityEvent.PASSWORD_RESET_REQUESTED, user_id=str(user_id), by=by.log_name)

    @retried
    async def _order(self, user_id: UserId, by: Actor, now: datetime) -> None:
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, user_id, by, self.log)
            if not user.is_enabled_at(now):
                raise AccountDisabled
            if user.email is None:
                raise AddressMissing
            await tx.letters.add(Letter.requested(LetterKind.PASSWORD_RESET, user.email, None, now))
