from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

from doorward.application.ports.letters import LetterContents, LinkTokens
from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.user import User
from doorward.domain.letters.language import DEFAULT_LANGUAGE
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken

LINKS: Final[Mapping[LetterKind, LinkPurpose]] = {
    LetterKind.PASSWORD_RESET: LinkPurpose.PASSWORD_RESET,
    LetterKind.EMAIL_VERIFICATION: LinkPurpose.EMAIL_VERIFICATION,
}
"""What the link of a letter is for."""


@final
@dataclass(frozen=True, slots=True)
class PrepareLetter:
    """Decides who gets a letter and what it contains, in the transaction before each attempt to send it.

    A letter that anybody can ask for names an address only. Its account is looked up here, after the request was
    answered, so that the answer and its time do not tell which addresses have an account.
    """

    tokens: LinkTokens

    async def addressee(self, tx: Transaction, letter: Letter) -> User | None:
        """Return the account, which is held until the transaction ends. Return None if nobody is to get the letter."""
        if not letter.kind.is_by_address:
            return await tx.users.lock(letter.user_id) if letter.user_id else None
        key = login_key(letter.recipient)
        found = await tx.users.by_login(key)
        user = await tx.users.lock(found.id) if found else None
        if user is None or user.email.key != key or user.disabled:
            return None
        is_verified_already = letter.kind is LetterKind.EMAIL_VERIFICATION and user.email_verified
        return None if is_verified_already else user

    async def contents(self, tx: Transaction, letter: Letter, user: User, now: datetime) -> LetterContents:
        """Return what the letter contains. The token of a link is new each time, and replaces an older one."""
        purpose = LINKS.get(letter.kind)
        return LetterContents(
            letter_id=letter.id,
            kind=letter.kind,
            recipient=letter.recipient,
            language=letter.language or user.locale or DEFAULT_LANGUAGE,
            username=user.username.value,
            written_at=letter.created_at,
            sent_at=now,
            token=await self._token(tx, purpose, user, now) if purpose else None,
            token_minutes=purpose.life // timedelta(minutes=1) if purpose else 0,
        )

    async def _token(self, tx: Transaction, purpose: LinkPurpose, user: User, now: datetime) -> str:
        value, token_hash = self.tokens.generate()
        await tx.link_tokens.put(
            LinkToken(
                hash=token_hash,
                purpose=purpose,
                user_id=user.id,
                address_key=user.email.key,
                expires_at=now + purpose.life,
            )
        )
        return value
