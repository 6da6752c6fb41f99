from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final, final

from doorward.application.ports.letters import LetterContents, LinkTokens
from doorward.application.ports.sign_in_codes import SignInCodes
from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.sign_in_code import CODE_LIFE, SignInCode
from doorward.domain.accounts.user import User
from doorward.domain.letters.language import DEFAULT_LANGUAGE
from doorward.domain.letters.letter import REQUESTED, Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.domain.letters.undo_link import UNDO_LIFE, UndoLink

LINKS: Final[Mapping[LetterKind, LinkPurpose]] = {
    LetterKind.PASSWORD_RESET: LinkPurpose.PASSWORD_RESET,
    LetterKind.EMAIL_VERIFICATION: LinkPurpose.EMAIL_VERIFICATION,
    LetterKind.EMAIL_CHANGE: LinkPurpose.EMAIL_CHANGE,
}
"""What the link of a letter is for. Letters about a change or a new device may have a link that undoes it."""


@final
@dataclass(frozen=True, slots=True)
class Link:
    token: str
    life: timedelta

    @property
    def minutes(self) -> int:
        """Return the life in minutes, of which the last one may have begun while the letter waited for its turn."""
        return ceil(self.life / timedelta(minutes=1))


@final
@dataclass(frozen=True, slots=True)
class PrepareLetter:
    """Decides who gets a letter and what it contains, in the transaction before each attempt to send it.

    A letter that anybody can ask for names an address only. Its account is looked up here, after the request was
    answered, so that the answer and its time do not tell which addresses have an account.
    """

    tokens: LinkTokens
    codes: SignInCodes
    verification: EmailVerification

    async def addressee(self, tx: Transaction, letter: Letter, now: datetime) -> User | Invitation | None:
        """Return the account, which is held until the transaction ends, or the invitation that the letter is about.
        Return None if nobody is to get the letter."""
        if letter.kind is LetterKind.INVITATION:
            return await invitation_of(tx, letter, now)
        if letter.kind in REQUESTED:
            return await account_with_address(tx, letter, now)
        user = await tx.users.lock(letter.user_id) if letter.user_id and letter.recipient else None
        if user is None or letter.kind is not LetterKind.EMAIL_CHANGE:
            return user
        wanted = await tx.link_tokens.of_account(user.id, LinkPurpose.EMAIL_CHANGE)
        is_wanted = wanted is not None and wanted.new_address == letter.recipient
        return user if is_wanted and user.is_enabled_at(now) else None

    async def contents(self, tx: Transaction, letter: Letter, to: User | Invitation, now: datetime) -> LetterContents:
        """Return what the letter contains. The token of a link and the code are new each time, and replace older
        ones."""
        if isinstance(to, Invitation):
            return await self._invitation(tx, letter, to, now)
        user, owner = to, await other_owner(tx, letter, to)
        contents = LetterContents(
            letter_id=letter.id,
            kind=LetterKind.EMAIL_IN_USE if owner else self._kind(letter, user),
            recipient=letter.recipient,
            language=letter.language or user.locale or DEFAULT_LANGUAGE,
            username=(owner or user).username.value,
            written_at=letter.created_at,
            sent_at=now,
            details=letter.details,
        )
        if contents.kind is LetterKind.SIGN_IN_CODE:
            code = await self._sign_in_code(tx, user, now)
            return replace(contents, code=code, token_minutes=CODE_LIFE // timedelta(minutes=1))
        link = await self._link(tx, contents.kind, letter, user, now)
        return replace(contents, token=link.token, token_minutes=link.minutes) if link else contents

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

    def _kind(self, letter: Letter, user: User) -> LetterKind:
        """Return the kind of the letter, or that of the letter that must come first.

        An address must be verified before a code signs in. Otherwise the owner of an address would sign in to an
        account that somebody else made with it, and whose password that person knows.
        """
        first_to_verify = letter.kind is LetterKind.SIGN_IN_CODE and not user.email_verified
        return LetterKind.EMAIL_VERIFICATION if first_to_verify and self.verification.writes_letters else letter.kind

    async def _link(self, tx: Transaction, kind: LetterKind, letter: Letter, user: User, now: datetime) -> Link | None:
        purpose = LINKS.get(kind)
        if purpose is None:
            return await self._undo_link(tx, letter, user, now)
        value, token_hash = self.tokens.generate()
        new_address = letter.recipient if purpose is LinkPurpose.EMAIL_CHANGE else None
        await tx.link_tokens.put(LinkToken.issued(token_hash, purpose, user, now, new_address=new_address))
        return Link(value, purpose.life)

    async def _undo_link(self, tx: Transaction, letter: Letter, user: User, now: datetime) -> Link | None:
        value, token_hash = self.tokens.generate()
        link = await undo_link_of(tx, letter, user, token_hash, now)
        if link is None:
            return None
        await tx.undo_links.put(link)
        return Link(value, link.expires_at - now)

    async def _sign_in_code(self, tx: Transaction, user: User, now: datetime) -> str:
        value, code_hash = self.codes.generate(user)
        await tx.sign_in_codes.put(SignInCode(user_id=user.id, hash=code_hash, expires_at=now + CODE_LIFE))
        return value


async def account_with_address(tx: Transaction, letter: Letter, now: datetime) -> User | None:
    """Return the enabled account that has the address of the letter, if the letter is for it."""
    key = login_key(letter.recipient)
    found = await tx.users.by_login(key)
    user = await tx.users.lock(found.id) if found else None
    if user is None or user.email_key != key or not user.is_enabled_at(now):
        return None
    is_verified_already = letter.kind is LetterKind.EMAIL_VERIFICATION and user.email_verified
    return None if is_verified_already else user


async def other_owner(tx: Transaction, letter: Letter, user: User) -> User | None:
    """Return another account that has the new address to which the letter goes."""
    if letter.kind is not LetterKind.EMAIL_CHANGE:
        return None
    found = await tx.users.by_login(login_key(letter.recipient))
    return found if found and found.id != user.id else None


async def undo_link_of(
    tx: Transaction, letter: Letter, user: User, token_hash: LinkTokenHash, now: datetime
) -> UndoLink | None:
    """Return the link of a letter about a change or a new device, or None for a letter without such a link.

    Only a verified address gets one: another may be that of somebody else, who would take over the account by it. The
    link of an address that was given up expires as it was decided then, however late the letter is sent.
    """
    key = login_key(letter.recipient)
    if letter.kind in {LetterKind.PASSWORD_CHANGED, LetterKind.NEW_DEVICE}:
        if user.email is None or not user.email_verified or user.email.key != key:
            return None
        return UndoLink(hash=token_hash, user_id=user.id, address=user.email, expires_at=now + UNDO_LIFE)
    if letter.kind is LetterKind.EMAIL_CHANGED:
        links = await tx.undo_links.of_account(user.id)
        lasting = (link for link in links if link.address.key == key and now < link.expires_at)
        return next((replace(link, hash=token_hash) for link in lasting), None)
    return None


async def invitation_of(tx: Transaction, letter: Letter, now: datetime) -> Invitation | None:
    """Return the invitation that the letter is about. Return None if it was accepted, removed or replaced, if it has
    expired, or if the address has an account."""
    key = login_key(letter.recipient)
    invitation = await tx.invitations.by_address(key)
    if invitation is None or invitation.slot != letter.slot or now >= invitation.expires_at:
        return None
    _, taken = await tx.users.taken((), (key,))
    return None if taken else invitation
