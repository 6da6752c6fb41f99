from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from doorward.domain.ids import SessionId, UserId


class End(Protocol):
    """The end of one session, or of all tokens that an account got before an epoch."""

    @property
    def session_id(self) -> SessionId | None: ...

    @property
    def user_id(self) -> UserId: ...

    @property
    def epoch(self) -> int: ...

    @property
    def until(self) -> datetime:
        """The time after which no such token is valid."""
        ...


class EndList(Protocol):
    """Some ends."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[End]: ...


@dataclass(frozen=True, slots=True)
class Ends:
    """What a revocation list contains."""

    sessions: EndList
    """The sessions that have ended."""
    accounts: EndList
    """The accounts whose tokens of an epoch before the given one are revoked."""
    cursor: str
    """Stands for a position in the change feed. A client with these ends knows all that were readable when the feed had
    this newest change, or earlier."""
    since: str | None = None
    """If not None, the ends that somebody with this cursor knows are left out."""

    def __len__(self) -> int:
        return len(self.sessions) + len(self.accounts)
