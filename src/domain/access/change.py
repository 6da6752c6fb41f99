"""The change feed: how what one node decides reaches the others."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from domain.ids import UserId


class Subject(StrEnum):
    """What a change is about. Sessions join here when they come."""

    ACCOUNT = "account"
    ROLES = "roles"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Change:
    """`account` names one account; `roles` (a role removed) concerns every account, `keys` the key ring."""

    subject: Subject
    user_id: UserId | None = None

    @classmethod
    def of_account(cls, user_id: UserId) -> Self:
        return cls(Subject.ACCOUNT, user_id)


@dataclass(frozen=True, slots=True)
class SequencedChange:
    """A change as the feed holds it. Numbers are given at the insert and seen at the commit: out of order."""

    sequence: int
    change: Change
