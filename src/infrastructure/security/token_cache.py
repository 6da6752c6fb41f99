from datetime import datetime
from typing import final

from application.ports.security import AccessTokens, IssuedToken
from domain.access.principal import AccessToken
from domain.accounts.user import User
from domain.errors import InvalidToken
from domain.ids import SessionId
from infrastructure.security.key_ring import StoredKeyRing

MOST = 12_288
"""Tokens, of about a kilobyte each."""


@final
class CachedAccessTokens:
    """Remembers the tokens that were found good, so that a repeated request costs no signature check.

    The key is the whole token, byte for byte: nothing is believed of a token that was not verified as it stands. What
    is remembered is what the token says, not what its account may do; it lasts until the token expires or the keys
    change. Tokens that were refused are not remembered.
    """

    def __init__(self, tokens: AccessTokens, ring: StoredKeyRing, most: int = MOST) -> None:
        self._tokens = tokens
        self._ring = ring
        self._most = most
        self._generation = ring.generation
        self._good: dict[str, AccessToken] = {}

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        return self._tokens.issue(user, session_id, now, ends_at)

    def verify(self, token: str, now: datetime) -> AccessToken:
        if self._generation != self._ring.generation:
            self._good.clear()
            self._generation = self._ring.generation
        known = self._good.get(token)
        if known is None:
            verified = self._tokens.verify(token, now)
            if len(self._good) >= self._most:
                del self._good[next(iter(self._good))]
            self._good[token] = verified
            return verified
        if known.expires_at <= now:
            del self._good[token]
            raise InvalidToken
        return known
