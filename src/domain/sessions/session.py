from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Self

from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.sessions.refresh_token import RefreshTokenHash, SpentToken, mark

LONGEST_ADDRESS = 45
LONGEST_USER_AGENT = 256
MOST_SPENT = 32
"""Spent tokens that a session remembers. Whoever rotates more often than that within the grace time is no client with
a lost answer."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in came from, as far as the request tells; for people to recognise their sessions by."""

    address: str = ""
    user_agent: str = ""

    @classmethod
    def described(cls, address: str, user_agent: str) -> Self:
        """From foreign text: what is not printable goes, what is too long is cut."""
        printable = "".join(letter for letter in user_agent[: 4 * LONGEST_USER_AGENT] if letter.isprintable())
        return cls(address[:LONGEST_ADDRESS], printable[:LONGEST_USER_AGENT].strip())


UNKNOWN_DEVICE = Device()


class Standing(Enum):
    """What a refresh token is to its session."""

    CURRENT = auto()
    RETRIED = auto()
    """Spent, but so recently that its holder may not have got the answer."""
    REUSED = auto()
    """Spent, and too long ago: it is in two hands."""
    VOID = auto()
    """None of this session's, or the session is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=90)
    grace: timedelta = timedelta(seconds=10)
    """For how long a spent refresh token gets its successor once more."""
    max_sessions: int = 50
    """The number of sessions that one account may have."""

    def ends_at(self, started_at: datetime, last_used_at: datetime) -> datetime:
        return min(last_used_at + self.idle, started_at + self.absolute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What one sign-in began. It lasts while its refresh token is used, but never beyond its absolute end."""

    id: SessionId
    user_id: UserId
    started_at: datetime
    last_used_at: datetime
    device: Device = UNKNOWN_DEVICE
    token_hash: RefreshTokenHash = field(repr=False)
    spent: Sequence[SpentToken] = field(default=(), repr=False)
    """The latest first, at most MOST_SPENT."""

    @classmethod
    def opened(
        cls, session_id: SessionId, user_id: UserId, token_hash: RefreshTokenHash, device: Device, now: datetime
    ) -> Self:
        return cls(
            id=session_id, user_id=user_id, started_at=now, last_used_at=now, device=device, token_hash=token_hash
        )

    def ends_at(self, policy: SessionPolicy) -> datetime:
        return policy.ends_at(self.started_at, self.last_used_at)

    def is_over(self, policy: SessionPolicy, now: datetime) -> bool:
        return self.ends_at(policy) <= now

    def rotated(self, token_hash: RefreshTokenHash, now: datetime) -> Self:
        """Its token is spent, `token_hash` is the next one's. The absolute end stays where it was."""
        spent = (SpentToken(mark(self.token_hash), now), *self.spent)[:MOST_SPENT]
        return replace(self, token_hash=token_hash, spent=spent, last_used_at=now)

    def has_spent(self, token_hash: RefreshTokenHash) -> bool:
        """Among those that it remembers."""
        return any(spent.mark == mark(token_hash) for spent in self.spent)

    def standing(
        self, token_hash: RefreshTokenHash, *, genuine: bool, policy: SessionPolicy, now: datetime
    ) -> Standing:
        """Of a token that names this session; `genuine` when we made it."""
        if self.is_over(policy, now):
            return Standing.VOID
        if token_hash == self.token_hash:
            return Standing.CURRENT
        for spent in self.spent:
            if spent.mark == mark(token_hash):
                return Standing.RETRIED if now < spent.at + policy.grace else Standing.REUSED
        return Standing.REUSED if genuine else Standing.VOID


def new_session_id(now: datetime) -> SessionId:
    return SessionId(uuid7(now))
