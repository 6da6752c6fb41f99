from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

from doorward.application.ports.letters import LetterContents, LinkTokens
from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.invitation import Invitation
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

    async def addressee(self, tx: Transaction, letter: Letter) -> User | Invitation | None:
        """Return the account, which is held until the transaction ends, or the invitation that the letter is about.
        Return None if nobody is to get the letter."""
        if letter.kind is LetterKind.INVITATION:
            return await invitation_of(tx, letter)
        if not letter.kind.is_by_address:
            return await tx.users.lock(letter.user_id) if letter.user_id else None
        key = login_key(letter.recipient)
        found = await tx.users.by_login(key)
        user = await tx.users.lock(found.id) if found else None
        if user is None or user.email.key != key or user.disabled:
            return None
        is_verified_already = letter.kind is LetterKind.EMAIL_VERIFICATION and user.email_verified
        return None if is_verified_already else user

    async def contents(self, tx: Transaction, letter: Letter, to: User | Invitation, now: datetime) -> LetterContents:
        """Return what the letter contains. The token of a link is new each time, and replaces an older one."""
        if isinstance(to, Invitation):
            return await self._invitation(tx, letter, to, now)
        purpose = LINKS.get(letter.kind)
        return LetterContents(
            letter_id=letter.id,
            kind=letter.kind,
            recipient=letter.recipient,
            language=letter.language or to.locale or DEFAULT_LANGUAGE,
            username=to.username.value,
            written_at=letter.created_at,
            sent_at=now,
            token=await self._token(tx, purpose, to, now) if purpose else None,
            token_minutes=purpose.life // timedelta(minutes=1) if purpose else 0,
        )

    async def _invitation(
        self, tx: Transaction, letter: Letter, invitation: Invitation, now: datetime
    ) -> LetterContents:
        token, token_hash = self.tokens.generate()
        await tx.invitations.set_token(invitation.id, token_hash)
        return LetterContents(
            letter_id=letter.id,
            kind=letter.kind,
            recipient=letter.recipient,
            language=letter.language or DEFAULT_LANGUAGE,
            username="",
            written_at=letter.created_at,
            sent_at=now,
            token=token,
            token_minutes=(invitation.expires_at - now) // timedelta(minutes=1),
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


async def invitation_of(tx: Transaction, letter: Letter) -> Invitation | None:
    """Return the invitation that the letter is about. Return None if it was accepted, removed or replaced, or if the
    address has an account."""
    key = login_key(letter.recipient)
    invitation = await tx.invitations.by_address(key)
    if invitation is None or invitation.slot != letter.slot:
        return None
    _, taken = await tx.users.taken((), (key,))
    return None if taken else invitation
