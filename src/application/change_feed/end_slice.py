"""The ends that a node found at one time. Ids are kept as integers, which take half of the memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import final
from uuid import UUID

from doorward.domain.ids import SessionId, UserId


@dataclass(slots=True)
class EndSlice:
    """Ends that came together. `until` is published to services; the other times are of the monotonic clock, which
    nobody sets. Each time is that of the last end of the slice."""

    found_at: int | None
    """The time of the newest change of the feed when this node had read the ends there (`Position.at`); None before."""
    until: datetime
    added_at: float
    expires_at: float
    announced_at: datetime | None = None
    """When the last end was announced, by the clock of the database, if it was read when this node started."""
    sessions: dict[int, int] = field(default_factory=dict)
    """The accounts of the sessions that have ended, by the sessions."""
    accounts: dict[int, int] = field(default_factory=dict)
    """The first valid epochs of accounts whose earlier tokens are revoked, by the accounts."""

    def __len__(self) -> int:
        return len(self.sessions) + len(self.accounts)


@final
@dataclass(frozen=True, slots=True)
class ListedEnd:
    session_id: SessionId | None
    user_id: UserId
    epoch: int
    until: datetime


@final
class ListedSessions:
    """The sessions of some slices, as they are now. There is no object for each: with so many new objects, Python would
    look for garbage among all that it has, each time."""

    def __init__(self, slices: Sequence[EndSlice]) -> None:
        self._parts = [(each.until, list(each.sessions), list(each.sessions.values())) for each in slices]

    def __len__(self) -> int:
        return sum(len(sessions) for _, sessions, _ in self._parts)

    def __iter__(self) -> Iterator[ListedEnd]:
        for until, sessions, users in self._parts:
            for session, user in zip(sessions, users, strict=True):
                yield ListedEnd(SessionId(UUID(int=session)), UserId(UUID(int=user)), 0, until)


@final
class ListedAccounts:
    """The accounts of some slices, as they are now."""

    def __init__(self, slices: Sequence[EndSlice]) -> None:
        self._parts = [(each.until, list(each.accounts), list(each.accounts.values())) for each in slices]

    def __len__(self) -> int:
        return sum(len(accounts) for _, accounts, _ in self._parts)

    def __iter__(self) -> Iterator[ListedEnd]:
        for until, users, epochs in self._parts:
            for user, epoch in zip(users, epochs, strict=True):
                yield ListedEnd(None, UserId(UUID(int=user)), epoch, until)
