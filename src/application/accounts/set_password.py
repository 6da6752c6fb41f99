from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.store_new_password import store_new_password
from doorward.application.audit.account_change import password_changed
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Operator
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class SetPassword:
    """Sets the password of an account for the operator. Every session ends, every access token is refused, and
    the links of letters become void. A letter tells the holder of the account."""

    storage: Storage
    hasher: PasswordHasher
    rules: PasswordRules
    log: SecurityLog

    async def __call__(self, user_id: UserId, password: str, now: datetime, by: Operator) -> None:
        """Raise AccountMissing or PasswordRefused."""
        async with self.storage.reading() as reading:
            user = await reading.users.get(user_id)
        if user is None:
            raise AccountMissing
        checked = self.rules.check(password, user.names)
        await self._save(user_id, await self.hasher.hash(checked), now, by)
        self.log.record(SecurityEvent.AUTHN_PASSWORD_CHANGE, user_id=str(user_id), by=by.log_name)

    @retried
    async def _save(self, user_id: UserId, password_hash: PasswordHash, now: datetime, by: Operator) -> None:
        async with self.storage.transaction() as tx:
            user = await tx.users.lock(user_id)
            if user is None:
                raise AccountMissing
            changed = user.with_password(password_hash)
            await store_new_password(tx, changed, None, now)
            ended = await tx.sessions.end_all(user_id, changed.epoch)
            await tx.audit.append(password_changed(user, by, ended))
