"""What clients sent and what they were answered, for the oracle to judge afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a request was for."""

    READ = "guarded GET"
    READ_AS_MODERATOR = "guarded GET that needs a role"
    READ_ACCOUNT = "GET of the own account"
    REFRESH = "refresh"
    SIGN_IN = "sign-in"
    SIGN_UP = "sign-up"
    SIGN_OUT = "sign-out"
    GRANT = "grant of a role"
    REVOKE = "revocation of a role"


GUARDED = frozenset({Kind.READ, Kind.READ_AS_MODERATOR, Kind.READ_ACCOUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request and its answer, as its client saw them. Times are seconds of the monotonic clock.

    Without an answer `status` is None, and `broken` says what happened to the connection instead.
    """

    kind: Kind
    username: str
    """Whose account the request was about."""
    started: float = 0.0
    ended: float = 0.0
    status: int | None = None
    broken: str = ""
    email: str = ""
    session_id: str = ""
    """The session of the token that was sent."""
    refresh_token: str = field(default="", repr=False)
    """The refresh token that was sent."""
    code: str = ""
    """The code of a problem document."""
    media_type: str = ""
    retry_after: str | None = None
    subject: str = ""
    """The account that the answer is about, or the subject of the access token in it."""
    expected_subject: str = ""
    """The account of the client, as far as it knows it."""
    next_session_id: str = ""
    """The session of the tokens in the answer."""
    next_access_token: str = field(default="", repr=False)
    next_refresh_token: str = field(default="", repr=False)

    @property
    def is_acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether the answer says that nothing was changed."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def is_unknown(self) -> bool:
        """Whether the client cannot know if it was done."""
        return not self.is_acknowledged and not self.is_refused

    @property
    def failed(self) -> bool:
        """Whether a client would call it an outage: no answer, or one that says to come again."""
        return self.status is None or self.status in {408, 429} or self.status >= 500

    def __str__(self) -> str:
        outcome = self.broken if self.status is None else f"{self.status} {self.code}".strip()
        return f"{self.kind} of {self.username} at {self.started:.3f}: {outcome}"


@dataclass(slots=True)
class Ledger:
    """Every request of a workload, in the order in which they ended."""

    entries: list[Entry] = field(default_factory=list)

    def of(self, *kinds: Kind) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.kind in kinds)

    def since(self, moment: float) -> list[Entry]:
        """Return what was begun at that moment or later, and has ended."""
        return [entry for entry in self.entries if entry.started >= moment]

    @property
    def secrets(self) -> set[str]:
        """Return every token that was sent or answered."""
        found = {entry.refresh_token for entry in self.entries}
        found |= {entry.next_refresh_token for entry in self.entries}
        found |= {entry.next_access_token for entry in self.entries}
        return found - {""}
