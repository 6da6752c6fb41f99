from datetime import UTC, datetime, timedelta
from typing import final

from doorward.application.ports.security import AccessTokens, IssuedToken
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId
from doorward.infrastructure.security.key_ring import StoredKeyRing

MAX_TOKENS = 12_288
"""The maximum of cached tokens. Each takes about one kilobyte."""

PERIOD = timedelta(seconds=10)
"""A token that was not used in this period or the last one is dropped: its client has probably refreshed it."""


@final
class CachedAccessTokens:
    """Caches the tokens in use that were verified, so that a repeated request needs no signature check.

    The key is the whole token, byte for byte. The cache contains what the token says and not what its account may do.
    An entry lasts until the token expires, the keys change, or the token was not used for a whole period. Refused
    tokens are not cached.
    """

    def __init__(self, tokens: AccessTokens, ring: StoredKeyRing, max_tokens: int = MAX_TOKENS) -> None:
        self._tokens = tokens
        self._ring = ring
        self._max_tokens = max_tokens
        self._generation = ring.generation
        self._used: dict[str, AccessToken] = {}
        """The tokens that were used in this period."""
        self._used_before: dict[str, AccessToken] = {}
        """The tokens that were used in the last period and not in this one."""
        self._period_ends = datetime.min.replace(tzinfo=UTC)

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        return self._tokens.issue(user, session_id, now, ends_at)

    def verify(self, token: str, now: datetime) -> AccessToken:
        if self._generation != self._ring.generation:
            self._used.clear()
            self._used_before.clear()
            self._generation = self._ring.generation
        if now >= self._period_ends:
            self._begin_period(now)
        known = self._used.get(token)
        if known is None:
            return self._first_use(token, now)
        if known.expires_at <= now:
            del self._used[token]
            raise InvalidToken
        return known

    def _begin_period(self, now: datetime) -> None:
        self._used_before = self._used if now < self._period_ends + PERIOD else {}
        self._used = {}
        self._period_ends = now + PERIOD

    def _first_use(self, token: str, now: datetime) -> AccessToken:
        known = self._used_before.pop(token, None)
        if known is None or known.expires_at <= now:
            known = self._tokens.verify(token, now)
        if self.size >= self._max_tokens:
            oldest = self._used_before or self._used
            del oldest[next(iter(oldest))]
        self._used[token] = known
        return known

    @property
    def size(self) -> int:
        """The number of cached tokens."""
        return len(self._used) + len(self._used_before)
