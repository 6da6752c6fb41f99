from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Annotated, Self

from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.personal_data import Held, HeldBack
from doorward.domain.sessions.refresh_token import RefreshTokenHash, RotatedToken, fingerprint

MAX_ADDRESS_CHARACTERS = 45
MAX_USER_AGENT_CHARACTERS = 256
MAX_ROTATED_TOKENS = 32
"""The number of rotated tokens that a session keeps. A client that only lost a response does not rotate more often
within the grace time."""


SESSION_KEPT = "Until the session ends or has expired."


@dataclass(frozen=True, slots=True)
class Device:
    """The client of a sign-in as far as its request describes it, so that people recognise their sessions."""

    address: Annotated[str, Held("You recognise your sessions by the address.", SESSION_KEPT)] = ""
    user_agent: Annotated[str, Held("You recognise your sessions by the program.", SESSION_KEPT)] = ""

    @classmethod
    def described(cls, address: str, user_agent: str) -> Self:
        """Return the device from foreign text, without characters that cannot be printed and cut to the maximum."""
        printable = "".join(letter for letter in user_agent[: 4 * MAX_USER_AGENT_CHARACTERS] if letter.isprintable())
        return cls(address[:MAX_ADDRESS_CHARACTERS], printable[:MAX_USER_AGENT_CHARACTERS].strip())


UNKNOWN_DEVICE = Device()


class Standing(Enum):
    """The relation of a refresh token to the session that it names."""

    CURRENT = auto()
    """The token that the session is refreshed with next."""
    RETRIED = auto()
    """Rotated so recently that its holder may not have received the response."""
    REUSED = auto()
    """Rotated before the grace time: two clients have it, so it was stolen (RFC 9700, section 4.14.2)."""
    INVALID = auto()
    """Not a token of this session, or the session has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """The limits of sessions: how long one lasts, and how many an account may have."""

    idle: timedelta = timedelta(days=14)
    """How long a session lasts without a refresh."""
    absolute: timedelta = timedelta(days=90)
    """How long a session lasts in any case."""
    grace: timedelta = timedelta(seconds=10)
    """How long a rotated refresh token is answered with its successor once more."""
    max_sessions: int = 50
    """The number of sessions that one account may have."""

    def ends_at(self, started_at: datetime, last_used_at: datetime) -> datetime:
        return min(last_used_at + self.idle, started_at + self.absolute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What one sign-in began. A session lasts while its refresh token is used, but never beyond its absolute end."""

    id: Annotated[SessionId, Held("It names the session in tokens and in the audit log.", SESSION_KEPT)]
    user_id: Annotated[UserId, Held("It says whose session it is.", SESSION_KEPT)]
    started_at: Annotated[datetime, Held("A session ends some time after the sign-in.", SESSION_KEPT)]
    last_used_at: Annotated[datetime, Held("A session that is not used ends.", SESSION_KEPT)]
    device: Annotated[Device, Held("You recognise your sessions by it.", SESSION_KEPT)] = UNKNOWN_DEVICE
    token_hash: Annotated[RefreshTokenHash, HeldBack("It proves the refresh token.")] = field(repr=False)
    rotated_tokens: Annotated[Sequence[RotatedToken], HeldBack("They prove refresh tokens that were used.")] = field(
        default=(), repr=False
    )
    """The latest first; at most MAX_ROTATED_TOKENS."""
    keeps_token: Annotated[bool, Held("It tells whether a stolen token could be recognised.", SESSION_KEPT)] = False
    """Whether the latest refresh left the token as it was, as clients of the tutorial's family expect. Then a stolen
    token cannot be recognised. People see it in lists of sessions; `has_ever_rotated` decides what a client may do."""

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
        """Return the session with the next token. Its absolute end stays the same."""
        rotated = RotatedToken(fingerprint(self.token_hash), now)
        rotated_tokens = (rotated, *self.rotated_tokens)[:MAX_ROTATED_TOKENS]
        return replace(self, token_hash=token_hash, rotated_tokens=rotated_tokens, last_used_at=now, keeps_token=False)

    @property
    def has_ever_rotated(self) -> bool:
        return len(self.rotated_tokens) > 0

    def token_kept(self, now: datetime) -> Self:
        """Return the session, refreshed with the same token. Its absolute end stays the same."""
        return replace(self, last_used_at=now, keeps_token=True)

    def has_rotated(self, token_hash: RefreshTokenHash) -> bool:
        """Return whether the token is one of the rotated tokens that the session keeps."""
        return any(rotated.fingerprint == fingerprint(token_hash) for rotated in self.rotated_tokens)

    def standing(
        self, token_hash: RefreshTokenHash, *, genuine: bool, policy: SessionPolicy, now: datetime
    ) -> Standing:
        """Return the standing of a token that names this session. `genuine` states that this service issued it."""
        if self.is_over(policy, now):
            return Standing.INVALID
        if token_hash == self.token_hash:
            return Standing.CURRENT
        grace_ends_at = self.grace_ends_at(token_hash, policy)
        if grace_ends_at is not None:
            return Standing.RETRIED if now < grace_ends_at else Standing.REUSED
        return Standing.REUSED if genuine else Standing.INVALID

    def grace_ends_at(self, token_hash: RefreshTokenHash, policy: SessionPolicy) -> datetime | None:
        """Return until when a rotated token is answered again, or None if the session does not keep the token."""
        times = (each.rotated_at for each in self.rotated_tokens if each.fingerprint == fingerprint(token_hash))
        rotated_at = next(times, None)
        return None if rotated_at is None else rotated_at + policy.grace


def new_session_id(now: datetime) -> SessionId:
    return SessionId(uuid7(now))
