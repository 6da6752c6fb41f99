from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.audit.account_change import account_changed
from doorward.application.ports.letters import LinkTokens
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.password import Password, PasswordHash
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import InvalidLink
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash

PURPOSE = "undo"


@final
@dataclass(frozen=True, slots=True)
class UndoChange:
    """Takes an account back for whoever has the link of a letter about a change that was not theirs.

    The account gets the address of the letter back. All sessions end, every access token is refused, and all other
    links become void, except those that restore an address which the account had before this one: a thief who uses the
    link of their own address does not take the link of the owner away. Nobody knows the password any more; the token
    that is returned sets a new one.
    """

    storage: Storage
    hasher: PasswordHasher
    tokens: LinkTokens
    log: SecurityLog

    async def __call__(self, token: str, now: datetime, by: Source = UNKNOWN_VISITOR) -> str:
        """Return a token for a new password, as the link of a letter has it. Raise InvalidLink, HashingBusy, or
        EmailTaken if the operator or an admin gave the address to another account."""
        token_hash = self.tokens.hash_of(token)
        holder = await self._holder(token_hash, now) if token_hash else None
        if token_hash is None or holder is None:
            raise self._refuse()
        unknown, _ = self.tokens.generate()
        password_hash = await self.hasher.hash(Password.typed(unknown))
        reset_token = await self._undo(token_hash, holder, password_hash, now, by)
        if reset_token is None:
            raise self._refuse(holder)
        self.log.record(SecurityEvent.CHANGE_UNDONE, user_id=str(holder.id))
        return reset_token

    async def _holder(self, token_hash: LinkTokenHash, now: datetime) -> User | None:
        async with self.storage.reading() as reading:
            link = await reading.undo_links.find(token_hash)
            user = await reading.users.get(link.user_id) if link else None
        return user if link and user and link.is_valid_for(user, now) else None

    @retried
    async def _undo(
        self, token_hash: LinkTokenHash, holder: User, password_hash: PasswordHash, now: datetime, by: Source
    ) -> str | None:
        async with self.storage.transaction() as tx:
            user = await tx.users.lock(holder.id)
            link = await tx.undo_links.find(token_hash)
            if user is None or link is None or not link.is_valid_for(user, now):
                return None
            restored = user.with_email(link.address).verified(now).with_password(password_hash)
            await tx.users.save(restored)
            await tx.audit.append(account_changed(user, restored, by, SecurityEvent.CHANGE_UNDONE))
            await tx.undo_links.void_since(link)
            await tx.link_tokens.void(user.id)
            await tx.sessions.end_all(user.id, restored.epoch)
            value, reset_hash = self.tokens.generate()
            await tx.link_tokens.put(LinkToken.issued(reset_hash, LinkPurpose.PASSWORD_RESET, restored, now))
        return value

    def _refuse(self, holder: User | None = None) -> InvalidLink:
        self.log.record(SecurityEvent.LINK_REFUSED, purpose=PURPOSE, user_id=str(holder.id) if holder else None)
        return InvalidLink()
