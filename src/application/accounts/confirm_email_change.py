from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.audit.account_change import account_changed
from doorward.application.letters.links import holder_of, spend_link
from doorward.application.ports.letters import LinkTokens
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import EmailTaken, InvalidLink
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkTokenHash
from doorward.domain.letters.undo_link import UNDO_LIFE, UndoLink

PURPOSE = LinkPurpose.EMAIL_CHANGE


@final
@dataclass(frozen=True, slots=True)
class ConfirmEmailChange:
    """Gives an account the new address that its holder asked for, to whoever has the token of the letter to it.

    The new address is verified. All other links become void. The old address is told by letter; if it was verified,
    that letter has a link that undoes the change. The sessions of the account go on.
    """

    storage: Storage
    tokens: LinkTokens
    log: SecurityLog

    async def __call__(
        self, token: str, language: Language | None, now: datetime, by: Source = UNKNOWN_VISITOR
    ) -> None:
        """Raise InvalidLink, or EmailTaken if another account got the address meanwhile."""
        token_hash = self.tokens.hash_of(token)
        holder = await holder_of(self.storage, token_hash, PURPOSE, now) if token_hash else None
        if token_hash is None or holder is None or not await self._change(token_hash, holder, language, now, by):
            self.log.record(
                SecurityEvent.LINK_REFUSED, purpose=PURPOSE.value, user_id=str(holder.id) if holder else None
            )
            raise InvalidLink
        self.log.record(SecurityEvent.EMAIL_CHANGED, user_id=str(holder.id), by=PURPOSE.value)

    @retried
    async def _change(
        self, token_hash: LinkTokenHash, holder: User, language: Language | None, now: datetime, by: Source
    ) -> bool:
        async with self.storage.transaction() as tx:
            spent = await spend_link(tx, token_hash, PURPOSE, holder, now)
            if spent is None or spent.token.new_address is None:
                return False
            user, address = spent.user, Email.parse(spent.token.new_address)
            changed = user.with_email(address).verified(now)
            await tx.users.save(changed)
            if await tx.undo_links.is_reserved(address.key, user.id, now):
                raise EmailTaken
            await tx.audit.append(account_changed(user, changed, by, SecurityEvent.EMAIL_CHANGED))
            await tx.link_tokens.void(user.id)
            if user.email is not None and user.email.key != address.key:
                await self._tell(tx, user, user.email, language, now)
        return True

    async def _tell(self, tx: Transaction, user: User, old: Email, language: Language | None, now: datetime) -> None:
        """Tell the old address. The token of its link is made when the letter is sent; until then nobody knows it."""
        if user.email_verified:
            _, unknown = self.tokens.generate()
            await tx.undo_links.put(UndoLink(hash=unknown, user_id=user.id, address=old, expires_at=now + UNDO_LIFE))
        await tx.letters.add(Letter.to_holder(LetterKind.EMAIL_CHANGED, user, language, now))
