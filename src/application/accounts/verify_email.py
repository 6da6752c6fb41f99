from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.audit.account_change import account_changed
from doorward.application.letters.links import holder_of, spend_link
from doorward.application.ports.letters import LinkTokens
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import InvalidLink
from doorward.domain.letters.link_token import LinkPurpose, LinkTokenHash

PURPOSE = LinkPurpose.EMAIL_VERIFICATION


@final
@dataclass(frozen=True, slots=True)
class VerifyEmail:
    """Verifies the address of an account for whoever has the token of a letter. Nobody is signed in, and nothing else
    changes."""

    storage: Storage
    tokens: LinkTokens
    log: SecurityLog

    async def __call__(self, token: str, now: datetime, by: Source = UNKNOWN_VISITOR) -> None:
        """Raise InvalidLink."""
        token_hash = self.tokens.hash_of(token)
        holder = await holder_of(self.storage, token_hash, PURPOSE, now) if token_hash else None
        if token_hash is None or holder is None or not await self._verify(token_hash, holder, now, by):
            self.log.record(
                SecurityEvent.LINK_REFUSED, purpose=PURPOSE.value, user_id=str(holder.id) if holder else None
            )
            raise InvalidLink
        self.log.record(SecurityEvent.EMAIL_VERIFIED, user_id=str(holder.id), by=PURPOSE.value)

    @retried
    async def _verify(self, token_hash: LinkTokenHash, holder: User, now: datetime, by: Source) -> bool:
        async with self.storage.transaction() as tx:
            spent = await spend_link(tx, token_hash, PURPOSE, holder, now)
            if spent is not None and not spent.user.email_verified:
                verified = spent.user.verified(now)
                await tx.users.save(verified)
                await tx.audit.append(account_changed(spent.user, verified, by, SecurityEvent.EMAIL_VERIFIED))
        return spent is not None
