from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, final

from doorward.application.ports.letters import LetterContents, LinkTokens
from doorward.application.ports.sign_in_codes import SignInCodes
from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.sign_in_code import CODE_LIFE, SignInCode
from doorward.domain.accounts.user import User
from doorward.domain.letters.language import DEFAULT_LANGUAGE
from doorward.domain.letters.letter import REQUESTED, Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken
from doorward.domain.letters.undo_link import UNDO_LIFE, UndoLink

LINKS: Final[Mapping[LetterKind, LinkPurpose]] = {
    LetterKind.PASSWORD_RESET: LinkPurpose.PASSWORD_RESET,
    LetterKind.EMAIL_VERIFICATION: LinkPurpose.EMAIL_VERIFICATION,
    LetterKind.EMAIL_CHANGE: LinkPurpose.EMAIL_CHANGE,
}
"""What the link of a letter is for. Letters about a change or a new device may have a link that undoes it."""

SHORTEST: Final = timedelta(microseconds=1)
"""Two times that are stored differ by this or more."""


@final
@dataclass(frozen=True, slots=True)
class Link:
    token: str
    life: timedelta


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
            return await invitation_of(tx, letter)
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
        return (
            replace(contents, token=link.token, token_minutes=link.life // timedelta(minutes=1)) if link else contents
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
            address = await address_to_restore(tx, letter, user)
            return await self._undo_link(tx, user, address, now) if address else None
        value, token_hash = self.tokens.generate()
        new_address = letter.recipient if purpose is LinkPurpose.EMAIL_CHANGE else None
        await tx.link_tokens.put(LinkToken.issued(token_hash, purpose, user, now, new_address=new_address))
        return Link(value, purpose.life)

    async def _undo_link(self, tx: Transaction, user: User, address: Email, now: datetime) -> Link:
        value, token_hash = self.tokens.generate()
        expires_at = await undo_expiry(tx, user, address, now)
        await tx.undo_links.put(UndoLink(hash=token_hash, user_id=user.id, address=address, expires_at=expires_at))
        return Link(value, expires_at - now)

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


async def address_to_restore(tx: Transaction, letter: Letter, user: User) -> Email | None:
    """Return the address that the link of a letter about a change or a new device restores, or None for a letter
    without such a link.

    Only a verified address gets one: another may be that of somebody else, who would take over the account by it.
    """
    key = login_key(letter.recipient)
    if letter.kind in {LetterKind.PASSWORD_CHANGED, LetterKind.NEW_DEVICE}:
        return user.email if user.email_verified and user.email_key == key else None
    if letter.kind is LetterKind.EMAIL_CHANGED:
        links = await tx.undo_links.of_account(user.id)
        return next((link.address for link in links if link.address.key == key), None)
    return None


async def undo_expiry(tx: Transaction, user: User, address: Email, now: datetime) -> datetime:
    """Return when the link that restores this address expires: after UNDO_LIFE, but before the links of the addresses
    that the account had later."""
    links = await tx.undo_links.of_account(user.id)
    own = next((link for link in links if link.address.key == address.key), None)
    later = [link.expires_at - SHORTEST for link in links if own and link.expires_at > own.expires_at]
    return min((now + UNDO_LIFE, *later))


async def invitation_of(tx: Transaction, letter: Letter) -> Invitation | None:
    """Return the invitation that the letter is about. Return None if it was accepted, removed or replaced, or if the
    address has an account."""
    key = login_key(letter.recipient)
    invitation = await tx.invitations.by_address(key)
    if invitation is None or invitation.slot != letter.slot:
        return None
    _, taken = await tx.users.taken((), (key,))
    return None if taken else invitation
