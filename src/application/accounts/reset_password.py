from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.store_new_password import store_new_password
from doorward.application.audit.account_change import password_changed
from doorward.application.letters.links import holder_of, spend_link
from doorward.application.ports.attempts import LoginHasher
from doorward.application.ports.letters import LinkTokens
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import InvalidLink
from doorward.domain.letters.language import Language
from doorward.domain.letters.link_token import LinkPurpose, LinkTokenHash

PURPOSE = LinkPurpose.PASSWORD_RESET


@final
@dataclass(frozen=True, slots=True)
class ResetPassword:
    """Sets a new password for whoever has the token of a letter. Nobody is signed in.

    Whoever reads the mail of the address owns the account, also if somebody else signed up with it. So the address is
    verified, and nothing stays of what was there before: all sessions end, every access token is refused, and the other
    links become void. The counted attempts to sign in are forgotten. A letter tells the holder of the account.
    """

    storage: Storage
    hasher: PasswordHasher
    rules: PasswordRules
    tokens: LinkTokens
    logins: LoginHasher
    log: SecurityLog

    async def __call__(
        self, token: str, new: str, language: Language | None, now: datetime, by: Source = UNKNOWN_VISITOR
    ) -> None:
        """Raise InvalidLink, PasswordRefused or HashingBusy. A password that is refused does not use up the token."""
        token_hash = self.tokens.hash_of(token)
        holder = await holder_of(self.storage, token_hash, PURPOSE, now) if token_hash else None
        if token_hash is None or holder is None:
            raise self._refuse()
        checked = self.rules.check(new, holder.names)
        password_hash = await self.hasher.hash(checked)
        ended = await self._reset(token_hash, holder.with_password(password_hash), language, now, by)
        if ended is None:
            raise self._refuse(holder)
        self.log.record(SecurityEvent.AUTHN_PASSWORD_CHANGE, user_id=str(holder.id), by="password_reset", ended=ended)

    @retried
    async def _reset(
        self, token_hash: LinkTokenHash, renewed: User, language: Language | None, now: datetime, by: Source
    ) -> int | None:
        """Give the account the password of `renewed`. Return how many sessions ended, or None if the token is not valid
        any more."""
        async with self.storage.transaction() as tx:
            spent = await spend_link(tx, token_hash, PURPOSE, renewed, now)
            if spent is None:
                return None
            user = spent.user
            changed = user.with_password(renewed.password_hash).verified(now)
            await store_new_password(tx, changed, language, now)
            await tx.attempts.clear_all([self.logins.hash(key) for key in user.login_keys])
            ended = await tx.sessions.end_all(user.id, changed.epoch)
            await tx.audit.append(password_changed(user, by, ended))
            return ended

    def _refuse(self, holder: User | None = None) -> InvalidLink:
        self.log.record(
            SecurityEvent.PASSWORD_RESET_FAIL, reason="invalid_link", user_id=str(holder.id) if holder else None
        )
        return InvalidLink()
