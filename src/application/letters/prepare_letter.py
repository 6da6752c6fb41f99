from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import final

from doorward.application.ports.letters import LetterContents, LinkTokens
from doorward.application.ports.sign_in_codes import SignInCodes
from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.sign_in_code import CODE_LIFE, SignInCode
from doorward.domain.accounts.user import User
from doorward.domain.letters.letter import REQUESTED, Letter, LetterKind
from doorward.domain.letters.link_token import RESET_LIFE, LinkPurpose, LinkToken


@final
@dataclass(frozen=True, slots=True)
class PrepareLetter:
    """Decides who gets a letter and what it contains, in the transaction before each attempt to send it.

    A letter that anybody can ask for names an address only. Its account is looked up here, after the request was
    answered, so that the answer and its time do not tell which addresses have an account.
    """

    tokens: LinkTokens
    codes: SignInCodes

    async def addressee(self, tx: Transaction, letter: Letter, now: datetime) -> User | None:
        """Return the account, which is held until the transaction ends. Return None if nobody is to get the letter."""
        if letter.kind not in REQUESTED:
            return await tx.users.lock(letter.user_id) if letter.user_id else None
        key = login_key(letter.recipient)
        found = await tx.users.by_login(key)
        user = await tx.users.lock(found.id) if found else None
        return user if user and user.email.key == key and user.is_enabled_at(now) else None

    async def contents(self, tx: Transaction, letter: Letter, user: User, now: datetime) -> LetterContents:
        """Return what the letter contains. The token of a link and the code are new each time, and replace older
        ones."""
        contents = LetterContents(
            letter_id=letter.id,
            kind=letter.kind,
            recipient=letter.recipient,
            language=letter.language,
            username=user.username.value,
            written_at=letter.created_at,
            sent_at=now,
        )
        if letter.kind is LetterKind.PASSWORD_RESET:
            token = await self._reset_token(tx, user, now)
            return replace(contents, token=token, token_minutes=RESET_LIFE // timedelta(minutes=1))
        if letter.kind is LetterKind.SIGN_IN_CODE:
            code = await self._sign_in_code(tx, user, now)
            return replace(contents, code=code, token_minutes=CODE_LIFE // timedelta(minutes=1))
        return contents

    async def _reset_token(self, tx: Transaction, user: User, now: datetime) -> str:
        value, token_hash = self.tokens.generate()
        await tx.link_tokens.put(
            LinkToken(
                hash=token_hash,
                purpose=LinkPurpose.PASSWORD_RESET,
                user_id=user.id,
                address_key=user.email.key,
                expires_at=now + RESET_LIFE,
            )
        )
        return value

    async def _sign_in_code(self, tx: Transaction, user: User, now: datetime) -> str:
        value, code_hash = self.codes.generate(user)
        await tx.sign_in_codes.put(SignInCode(user_id=user.id, hash=code_hash, expires_at=now + CODE_LIFE))
        return value
