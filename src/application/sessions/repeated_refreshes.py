from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, final

from doorward.domain.ids import UserId
from doorward.domain.sessions.refresh_token import RefreshTokenHash

MAX_REPETITIONS: Final = 10
"""How often one rotated refresh token is answered again by this process."""

MAX_TOKENS: Final = 10_000
"""Tokens whose repetitions are counted at the same time; about 3 MB."""


@dataclass(slots=True)
class Repetitions:
    """How often a rotated token of the account was answered again. Its grace time ends at `until`."""

    user_id: UserId
    until: datetime
    answered: int = 0

    @property
    def are_used_up(self) -> bool:
        return self.answered >= MAX_REPETITIONS


@final
@dataclass(frozen=True, slots=True)
class RepeatedRefreshes:
    """Counts how often this process answers rotated refresh tokens again within their grace time.

    A count in the database would turn each repetition into a commit. A refusal by this count costs no query.
    """

    _tokens: dict[RefreshTokenHash, Repetitions] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._tokens)

    def used_up_by(self, token_hash: RefreshTokenHash, now: datetime) -> UserId | None:
        """Return the account of a token that was answered too often, or None.

        After the grace time this is None, so that the reuse of a stolen token ends its session.
        """
        known = self._tokens.get(token_hash)
        return known.user_id if known is not None and known.are_used_up and now < known.until else None

    def admits(self, token_hash: RefreshTokenHash, user_id: UserId, until: datetime, now: datetime) -> bool:
        """Return whether the token is answered once more, and count it."""
        known = self._tokens.get(token_hash)
        if known is None:
            self._make_room(now)
            known = self._tokens[token_hash] = Repetitions(user_id, until)
        if known.are_used_up:
            return False
        known.answered += 1
        return True

    def _make_room(self, now: datetime) -> None:
        """Forget tokens whose grace time is over, from the oldest on, and the oldest one if there are too many."""
        while self._tokens:
            oldest = next(iter(self._tokens))
            if len(self._tokens) < MAX_TOKENS and now < self._tokens[oldest].until:
                return
            del self._tokens[oldest]
