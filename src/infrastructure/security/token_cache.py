from datetime import UTC, datetime, timedelta
from typing import final

from doorward.application.ports.security import AccessTokens, IssuedToken
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId
from doorward.infrastructure.security.key_ring import StoredKeyRing

MOST = 12_288
"""Tokens, of about a kilobyte each."""

PERIOD = timedelta(seconds=10)
"""A token that was not shown in this period or the last one is hardly in use any more: its client has refreshed it."""


@final
class CachedAccessTokens:
    """Remembers the tokens that were found good and are in use, so that a repeated request costs no signature check.

    The key is the whole token, byte for byte: nothing is believed of a token that was not verified as it stands. What
    is remembered is what the token says, not what its account may do; it lasts until the token expires, the keys
    change, or the token is not shown for a whole period. Tokens that were refused are not remembered.
    """

    def __init__(self, tokens: AccessTokens, ring: StoredKeyRing, most: int = MOST) -> None:
        self._tokens = tokens
        self._ring = ring
        self._most = most
        self._generation = ring.generation
        self._shown: dict[str, AccessToken] = {}
        """In this period."""
        self._shown_before: dict[str, AccessToken] = {}
        """In the last one, and not in this."""
        self._period_ends = datetime.min.replace(tzinfo=UTC)

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        return self._tokens.issue(user, session_id, now, ends_at)

    def verify(self, token: str, now: datetime) -> AccessToken:
        if self._generation != self._ring.generation:
            self._shown.clear()
            self._shown_before.clear()
            self._generation = self._ring.generation
        if now >= self._period_ends:
            self._begin_period(now)
        known = self._shown.get(token)
        if known is None:
            return self._first_shown(token, now)
        if known.expires_at <= now:
            del self._shown[token]
            raise InvalidToken
        return known

    def _begin_period(self, now: datetime) -> None:
        self._shown_before = self._shown if now < self._period_ends + PERIOD else {}
        self._shown = {}
        self._period_ends = now + PERIOD

    def _first_shown(self, token: str, now: datetime) -> AccessToken:
        known = self._shown_before.pop(token, None)
        if known is None or known.expires_at <= now:
            known = self._tokens.verify(token, now)
        if self.size >= self._most:
            oldest = self._shown_before or self._shown
            del oldest[next(iter(oldest))]
        self._shown[token] = known
        return known

    @property
    def size(self) -> int:
        """Tokens that are remembered."""
        return len(self._shown) + len(self._shown_before)
