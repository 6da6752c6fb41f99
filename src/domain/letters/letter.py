"""Letters: emails that the service sends to the holders of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Self

from doorward.domain.accounts.email import Email
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.user import User
from doorward.domain.ids import LetterId, UserId, uuid7
from doorward.domain.letters.language import Language
from doorward.domain.personal_data import Held, HeldBack

LIFE = timedelta(days=1)
"""The time after which a letter that could not be sent is given up."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
MAX_DOUBLINGS = 10
MAX_REASON_CHARACTERS = 100
SLOT_SECONDS = 60
"""Of the letters that strangers can ask for, each address gets one of a kind in each minute of the clock."""


class LetterKind(StrEnum):
    """What a letter is about. Each kind has templates of that name."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 a kind of letter
    """The link to choose a new password, for the account with this address, if there is one."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 a kind of letter
    """Tells the holder of an account that its password was replaced."""
    SIGN_IN_CODE = "sign_in_code"
    """The code to sign in, for the account with this address, if there is one."""
    NEW_DEVICE = "new_device"
    """Tells the holder of an account of a sign-in from a new device. Its details are `agent` and `address`."""
    TEST = "test"
    """What an operator sends to see whether letters arrive. It is never stored."""
    EMAIL_VERIFICATION = "email_verification"
    """The link that verifies the address, for the account with this address, unless it is verified already."""
    EMAIL_IN_USE = "email_in_use"
    """Tells the holder of the account with this address that somebody tried to use it for another one."""
    EMAIL_CHANGE = "email_change"
    """The link to confirm a new address, to that address."""
    EMAIL_CHANGED = "email_changed"
    """Tells the old address that the account has another one."""
    INVITATION = "invitation"
    """The link to accept an invitation, for an address without an account."""


REQUESTED = frozenset(
    {LetterKind.PASSWORD_RESET, LetterKind.SIGN_IN_CODE, LetterKind.EMAIL_VERIFICATION, LetterKind.EMAIL_IN_USE}
)
"""Letters that anybody can ask for by an address. Their account is looked up when they are sent."""


class LetterState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


def pause_after(attempt: int, jitter: float) -> timedelta:
    """Return the time from the beginning of an attempt to the next one. It doubles with each attempt, from one minute
    up to an hour. `jitter` is from 0 to 1 and adds up to a half."""
    pause = min(FIRST_PAUSE * (1 << min(attempt - 1, MAX_DOUBLINGS)), LONGEST_PAUSE)
    return pause * (1 + jitter / 2)


LETTER_KEPT = "For a week after the letter was sent or given up."


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter that is to be sent, or the record of one that was.

    It contains neither its text nor a token. Both are made for each attempt to send it, so that the database never
    holds what opens an account. `version` grows with each change; it decides which of several senders may send.
    """

    id: Annotated[LetterId, Held("It names the letter.", LETTER_KEPT)]
    kind: Annotated[LetterKind, Held("It says what the letter is about.", LETTER_KEPT)]
    recipient: Annotated[str, Held("The letter goes to this address.", LETTER_KEPT)]
    """An email address."""
    language: Annotated[Language | None, Held("The letter is written in it.", LETTER_KEPT)]
    """The one that its request named. None stands for the locale of the account."""
    user_id: Annotated[UserId | None, Held("It says to whose account the letter belongs.", LETTER_KEPT)] = None
    """None until the account of a letter that somebody asked for by its address is looked up."""
    slot: Annotated[bytes, HeldBack("It is a hash that keeps the same letter from being ordered twice.")]
    """A SHA-256 hash. Of letters with the same slot, only the first one is stored."""
    state: Annotated[LetterState, Held("It says whether the letter was sent.", LETTER_KEPT)] = LetterState.WAITING
    attempts: Annotated[int, Held("It counts the attempts to send the letter.", LETTER_KEPT)] = 0
    reason: Annotated[str, Held("It says why the letter could not be sent.", LETTER_KEPT)] = ""
    """Why the last attempt failed; empty if none did."""
    created_at: Annotated[datetime, Held("It says when the letter was ordered.", LETTER_KEPT)]
    due_at: Annotated[datetime, Held("It says when the next attempt is made.", LETTER_KEPT)]
    expires_at: Annotated[datetime, Held("It says when the letter is given up.", LETTER_KEPT)]
    finished_at: Annotated[datetime | None, Held("It says when the letter was sent or given up.", LETTER_KEPT)] = None
    version: Annotated[int, Held("It counts the changes, so that two at once do not collide.", LETTER_KEPT)] = 0
    details: Annotated[Mapping[str, str], Held("The letter tells of these values.", LETTER_KEPT)] = field(
        default_factory=dict
    )
    """What the templates of this kind show of the event, by name. It contains no secrets."""

    @classmethod
    def requested(cls, kind: LetterKind, email: Email, language: Language | None, now: datetime) -> Self:
        """Return a letter that somebody asked for by an address that may belong to no account. A second one for the
        same address within the same minute of the clock has the same slot."""
        slot = f"{kind}\0{email.key}\0{int(now.timestamp()) // SLOT_SECONDS}".encode()
        return cls._new(kind, email.value, language, now, slot=sha256(slot).digest())

    @classmethod
    def to_new_address(cls, user: User, address: Email, language: Language | None, now: datetime) -> Self:
        """Return the letter by which the holder of an account confirms a new address. A second one of the account
        within the same minute of the clock has the same slot, whatever the address."""
        kind = LetterKind.EMAIL_CHANGE
        slot = f"{kind}\0{user.id}\0{int(now.timestamp()) // SLOT_SECONDS}".encode()
        return replace(cls._new(kind, address.value, language, now, slot=sha256(slot).digest()), user_id=user.id)

    @classmethod
    def to_holder(
        cls,
        kind: LetterKind,
        user: User,
        language: Language | None,
        now: datetime,
        details: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Return a letter that tells the holder of an account about a change or a sign-in. For an account without an
        address it has no recipient, and is removed when it is due."""
        return replace(cls._new(kind, user.address or "", language, now), user_id=user.id, details=dict(details))

    @classmethod
    def of_invitation(cls, invitation: Invitation) -> Self:
        """Return the letter with the link of an invitation."""
        email, language, slot = invitation.email, invitation.locale, invitation.slot
        return cls._new(LetterKind.INVITATION, email.value, language, invitation.created_at, slot=slot)

    @classmethod
    def _new(
        cls, kind: LetterKind, recipient: str, language: Language | None, now: datetime, *, slot: bytes | None = None
    ) -> Self:
        letter_id = LetterId(uuid7(now))
        return cls(
            id=letter_id,
            kind=kind,
            recipient=recipient,
            language=language,
            slot=slot or sha256(letter_id.bytes).digest(),
            created_at=now,
            due_at=now,
            expires_at=now + LIFE,
        )

    def is_over(self, now: datetime) -> bool:
        """Return whether the letter must not be sent any more."""
        return now >= self.expires_at

    def attempted(self, now: datetime, jitter: float, user: User | None) -> Self:
        """Return the letter as it is stored before an attempt to send it to the holder of that account, or to somebody
        without one. If the process ends during the attempt, the next one follows after the pause.

        A letter that somebody asked for goes to the address as the account has it, not as it was typed.
        """
        attempts = self.attempts + 1
        due_at = now + pause_after(attempts, jitter)
        recipient = user.address if user and self.kind in REQUESTED else self.recipient
        return replace(
            self,
            user_id=user.id if user else None,
            recipient=recipient or "",
            attempts=attempts,
            due_at=due_at,
            version=self.version + 1,
        )

    def failed(self, reason: str, now: datetime, *, final: bool = False) -> Self:
        """Return the letter after a failed attempt. It is given up if the failure is final, or if the next attempt
        would be too late."""
        failed = replace(self, reason=reason[:MAX_REASON_CHARACTERS], version=self.version + 1)
        if not final and not self.is_over(self.due_at):
            return failed
        return replace(failed, state=LetterState.GIVEN_UP, finished_at=now)

    def sent(self, now: datetime) -> Self:
        return replace(self, state=LetterState.SENT, finished_at=now, reason="", version=self.version + 1)

    def retried(self, now: datetime) -> Self:
        """Return the letter, due now and with a whole life before it."""
        return replace(
            self,
            state=LetterState.WAITING,
            attempts=0,
            due_at=now,
            expires_at=now + LIFE,
            finished_at=None,
            version=self.version + 1,
        )
