"""The change feed reports the changes of one node to all others."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from doorward.domain.ids import SessionId, UserId


class Subject(StrEnum):
    """What a change is about."""

    ACCOUNT = "account"
    ROLES = "roles"
    KEYS = "keys"
    SESSIONS = "sessions"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class Change:
    """One change that other nodes must learn of.

    A change of `account` concerns one account. A change of `roles` (a role was removed) concerns every account, and
    one of `keys` the signing keys. A change of `services` reports that a service was removed. A change of `sessions`
    reports whose access tokens are revoked: those of the session `session_id`, which has ended, or those of the account
    from the epochs before `epoch`.
    """

    subject: Subject
    user_id: UserId | None = None
    session_id: SessionId | None = None
    epoch: int | None = None
    certain: bool = True
    """False when the connection was lost during the commit: the change may have been committed or not."""

    @classmethod
    def of_account(cls, user_id: UserId) -> Self:
        return cls(Subject.ACCOUNT, user_id)

    @classmethod
    def session_ended(cls, user_id: UserId, session_id: SessionId) -> Self:
        return cls(Subject.SESSIONS, user_id, session_id)

    @classmethod
    def sessions_ended(cls, user_id: UserId, epoch: int) -> Self:
        """Return the change that revokes all access tokens which the account got before this epoch."""
        return cls(Subject.SESSIONS, user_id, epoch=epoch)


@dataclass(frozen=True, slots=True)
class SequencedChange:
    """A change as the feed contains it. Sequence numbers are assigned at the insert and visible from the commit on, so
    they may become visible out of order. Some servers hand them out in blocks, so that they say nothing about time."""

    sequence: int
    change: Change
    at: datetime
    """When it was announced, by the clock of the database."""


NUMBERS_PER_SPAN = 512
"""The changes are counted by spans of so many numbers: those from 0 on, those from NUMBERS_PER_SPAN on, and so on."""


@dataclass(frozen=True, slots=True)
class SpanCount:
    """How many changes of a part of the feed have numbers of one span."""

    span: int
    """The numbers of these changes, divided by NUMBERS_PER_SPAN."""
    number: int
    """How many changes there are, at least one."""
    newest_at: datetime
    """When the last of them was announced, by the clock of the database."""
