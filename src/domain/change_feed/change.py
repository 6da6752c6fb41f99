"""The change feed: how what one node decides reaches the others."""

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


@dataclass(frozen=True, slots=True)
class Change:
    """`account` names one account; `roles` (a role removed) concerns every account, `keys` the key ring. `sessions`
    tells what ended: the session `session_id`, or all of the account's that are of an epoch before `epoch`."""

    subject: Subject
    user_id: UserId | None = None
    session_id: SessionId | None = None
    epoch: int | None = None
    certain: bool = True
    """False when the connection was lost in the commit: it may have happened or not."""

    @classmethod
    def of_account(cls, user_id: UserId) -> Self:
        return cls(Subject.ACCOUNT, user_id)

    @classmethod
    def session_ended(cls, user_id: UserId, session_id: SessionId) -> Self:
        return cls(Subject.SESSIONS, user_id, session_id)

    @classmethod
    def sessions_ended(cls, user_id: UserId, epoch: int) -> Self:
        """All that the account had before this epoch of its began."""
        return cls(Subject.SESSIONS, user_id, epoch=epoch)


@dataclass(frozen=True, slots=True)
class SequencedChange:
    """A change as the feed holds it. Numbers are given at the insert and seen at the commit: out of order."""

    sequence: int
    change: Change
    at: datetime
    """When it was announced, by the database's clock."""
