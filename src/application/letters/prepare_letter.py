from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from doorward.application.ports.letters import LetterContents, LinkTokens
from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.user import User
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import RESET_LIFE, LinkPurpose, LinkToken


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
        if letter.kind is not LetterKind.PASSWORD_RESET:
            return await tx.users.lock(letter.user_id) if letter.user_id and letter.recipient else None
        key = login_key(letter.recipient)
        found = await tx.users.by_login(key)
        user = await tx.users.lock(found.id) if found else None
        return user if user and user.email and user.email.key == key and not user.disabled else None

    async def contents(self, tx: Transaction, letter: Letter, user: User, now: datetime) -> LetterContents:
        """Return what the letter contains. The token of a link is new each time, and replaces an older one."""
        with_link = letter.kind is LetterKind.PASSWORD_RESET
        return LetterContents(
            letter_id=letter.id,
            kind=letter.kind,
            recipient=letter.recipient,
            language=letter.language,
            username=user.username.value,
            written_at=letter.created_at,
            sent_at=now,
            token=await self._reset_token(tx, user, now) if with_link else None,
            token_minutes=RESET_LIFE // timedelta(minutes=1) if with_link else 0,
        )

    async def _reset_token(self, tx: Transaction, user: User, now: datetime) -> str:
        value, token_hash = self.tokens.generate()
        await tx.link_tokens.put(
            LinkToken(
                hash=token_hash,
                purpose=LinkPurpose.PASSWORD_RESET,
                user_id=user.id,
                address_key=user.email.key if user.email else "",
                expires_at=now + RESET_LIFE,
            )
        )
        return value
