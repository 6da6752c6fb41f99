from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.store_new_password import store_new_password
from doorward.application.audit.account_change import password_changed
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
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash


@final
@dataclass(frozen=True, slots=True)
class ResetPassword:
    """Sets a new password for whoever has the token of a letter. Nobody is signed in.

    All sessions of the account end, every access token is refused, and the links of letters become void. The counted
    attempts to sign in are forgotten. A letter tells the holder of the account.
    """

    storage: Storage
    hasher: PasswordHasher
    rules: PasswordRules
    tokens: LinkTokens
    logins: LoginHasher
    log: SecurityLog

    async def __call__(
        self, token: str, new: str, language: Language, now: datetime, by: Source = UNKNOWN_VISITOR
    ) -> None:
        """Raise InvalidLink, PasswordRefused or HashingBusy. A password that is refused does not use up the token."""
        token_hash = self.tokens.hash_of(token)
        holder = await self._holder(token_hash, now) if token_hash else None
        if token_hash is None or holder is None:
            raise self._refuse()
        checked = self.rules.check(new, holder.names)
        password_hash = await self.hasher.hash(checked)
        ended = await self._reset(token_hash, holder.with_password(password_hash), language, now, by)
        if ended is None:
            raise self._refuse(holder)
        self.log.record(SecurityEvent.AUTHN_PASSWORD_CHANGE, user_id=str(holder.id), by="password_reset", ended=ended)

    async def _holder(self, token_hash: LinkTokenHash, now: datetime) -> User | None:
        """Return the account for which the token is valid, without using it."""
        async with self.storage.reading() as reading:
            token = await reading.link_tokens.find(token_hash)
            user = await reading.users.get(token.user_id) if token else None
        return user if user and is_valid(token, user, now) else None

    @retried
    async def _reset(
        self, token_hash: LinkTokenHash, renewed: User, language: Language, now: datetime, by: Source
    ) -> int | None:
        """Give the account the password of `renewed`. Return how many sessions ended, or None if the token is not valid
        any more."""
        async with self.storage.transaction() as tx:
            user = await tx.users.lock(renewed.id)
            token = await tx.link_tokens.find(token_hash)
            if user is None or not is_valid(token, user, now) or not await tx.link_tokens.spend(token_hash):
                return None
            changed = user.with_password(renewed.password_hash)
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


def is_valid(token: LinkToken | None, user: User, now: datetime) -> bool:
    return token is not None and token.is_valid_for(LinkPurpose.PASSWORD_RESET, user, now)
