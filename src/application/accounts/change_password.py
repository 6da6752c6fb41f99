from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.store_new_password import store_new_password
from doorward.application.audit.account_change import password_changed
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import MAX_ATTEMPTS, retried
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import TransactionConflict
from doorward.domain.letters.language import Language
from doorward.domain.sessions.ending import other_sessions


@final
@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Sets a new password that the holder of the account chose. The session of the request continues, all others
    end, and the links of letters become void. A letter tells the holder of the account."""

    storage: Storage
    hasher: PasswordHasher
    confirm: ConfirmPassword
    rules: PasswordRules
    log: SecurityLog

    async def __call__(
        self, by: Principal, current: str, new: str, now: datetime, language: Language | None = None
    ) -> None:
        """Raise PasswordWrong, TooManyAttempts, PasswordRefused, HashingBusy or InvalidToken.

        The present password is confirmed again only if the account has another hash by then.
        """
        password_hash: PasswordHash | None = None
        for _ in range(MAX_ATTEMPTS):
            confirmed = await self.confirm(by, current, now)
            checked = self.rules.check(new, confirmed.names)
            password_hash = password_hash or await self.hasher.hash(checked)
            ended = await self._save(by, confirmed.password_hash, password_hash, language, now)
            if ended is not None:
                self.log.record(
                    SecurityEvent.AUTHN_PASSWORD_CHANGE,
                    user_id=str(by.user_id),
                    by=by.log_name,
                    session_id=str(by.session_id),
                    ended=ended,
                )
                return
        raise TransactionConflict(cause="password_changed")

    @retried
    async def _save(
        self,
        by: Principal,
        confirmed: PasswordHash,
        password_hash: PasswordHash,
        language: Language | None,
        now: datetime,
    ) -> int | None:
        """Return how many sessions ended, or None if `confirmed` is not the hash of the account any more."""
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, by.user_id, by, self.log)
            if user.password_hash != confirmed:
                return None
            await store_new_password(tx, user.with_chosen_password(password_hash), language, now)
            ended = await tx.sessions.end(other_sessions(await tx.sessions.of_user(user.id), by.session_id))
            await tx.audit.append(password_changed(user, by, ended))
            return ended
