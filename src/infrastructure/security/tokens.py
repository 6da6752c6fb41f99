import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from doorward.application.ports.security import IssuedToken
from doorward.domain.access.principal import AccessToken
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidToken
from doorward.domain.ids import SessionId, TokenId, UserId, uuid7
from doorward.infrastructure.security import jws
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.key_ring import OpenKey, StoredKeyRing

TYPES = frozenset({"at+jwt", "application/at+jwt"})
HEADER = frozenset({"alg", "typ", "kid"})
LONGEST_ISSUED = 4_000
"""Characters. A cookie of 4,096 bytes or more is dropped by browsers without a word, and 96 are for its attributes."""

LEEWAY = 5
"""Seconds that another node's clock may be ahead of ours."""

LATEST = 10**10
"""Times are seconds; this is the year 2286, and a thousandth of today in milliseconds."""

LARGEST_EPOCH = 2**63 - 1
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class JwtAccessTokens:
    """Access tokens as RFC 9068. PyJWT signs and checks signatures; whatever else a token says is read here, strictly
    and once (RFC 8725). Unknown claims are passed over, so that nodes of two versions understand each other."""

    def __init__(self, ring: StoredKeyRing, issuer: str, audience: str, client_id: str, lifetime: int) -> None:
        """`lifetime` in seconds."""
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._client_id = client_id
        self._lifetime = lifetime

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        """Roles are told for the sake of other services, the guard reads none of them. An account with so many that the
        token would be too long for a cookie gets one that names no role."""
        issued_at = int(now.timestamp())
        lifetime = max(min(self._lifetime, int(ends_at.timestamp()) - issued_at), 1)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user.id),
            "exp": issued_at + lifetime,
            "iat": issued_at,
            "jti": str(uuid7(now)),
            "client_id": self._client_id,
            "sid": str(session_id),
            "roles": sorted(user.roles),
            "epoch": user.epoch,
        }
        token = self._signed(claims, now)
        return IssuedToken(
            token if len(token) <= LONGEST_ISSUED else self._signed({**claims, "roles": []}, now), lifetime
        )

    def _signed(self, claims: Mapping[str, object], now: datetime) -> str:
        key = self._ring.signing(now)
        content = f"{header_of(key.stored.algorithm, key.stored.kid)}.{encode(claims)}"
        return f"{content}.{base64url(sign(key, content.encode()))}"

    def verify(self, token: str, now: datetime) -> AccessToken:
        try:
            header, payload, signature = jws.split(token)
            key = self._key_of(jws.parse(jws.decode(header)))
            content = token[: len(header) + 1 + len(payload)].encode("ascii")
            if not signed(key, content, jws.decode(signature)):
                raise InvalidToken
            accepted = self._accepted(jws.parse(jws.decode(payload)), now)
        except (ValueError, RecursionError) as error:
            raise InvalidToken from error
        if not self._ring.may_have_signed(key, accepted.issued_at):
            raise InvalidToken  # so that with its last token, `lifetime` seconds later, a key has ended
        return accepted

    def _key_of(self, header: Mapping[str, object]) -> OpenKey:
        """The key decides about the algorithm; the token may only agree."""
        kid, typ = header.get("kid"), header.get("typ")
        if header.keys() != HEADER or not isinstance(kid, str) or not isinstance(typ, str):
            raise InvalidToken
        key = self._ring.verifying(kid)
        if key is None or header["alg"] != key.stored.algorithm or typ.lower() not in TYPES:
            raise InvalidToken
        return key

    def _accepted(self, claims: Mapping[str, object], now: datetime) -> AccessToken:
        ours = (
            claims.get("iss") == self._issuer
            and claims.get("aud") == self._audience
            and claims.get("client_id") == self._client_id
        )
        roles = claims.get("roles")
        if not ours or not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise InvalidToken
        issued_at, expires_at = integer(claims, "iat", LATEST), integer(claims, "exp", LATEST)
        starts_at = integer(claims, "nbf", LATEST) if "nbf" in claims else issued_at
        present = now.timestamp()
        if not max(issued_at, starts_at) - LEEWAY <= present < expires_at <= issued_at + self._lifetime:
            raise InvalidToken
        return AccessToken(
            subject=UserId(identifier(claims, "sub")),
            id=TokenId(identifier(claims, "jti")),
            session_id=SessionId(identifier(claims, "sid")),
            epoch=integer(claims, "epoch", LARGEST_EPOCH),
            issued_at=datetime.fromtimestamp(issued_at, UTC),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
        )


def integer(claims: Mapping[str, object], name: str, largest: int) -> int:
    """A JSON integer: `true`, `"1"` and `1.0` are none."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= largest:
        raise InvalidToken
    return value


def identifier(claims: Mapping[str, object], name: str) -> UUID:
    value = claims.get(name)
    if not isinstance(value, str) or not CANONICAL_UUID.fullmatch(value):
        raise InvalidToken
    return UUID(value)


def sign(key: OpenKey, content: bytes) -> bytes:
    signature = key.jws.sign(content, key.private)
    return jws.low(signature) if key.stored.algorithm == "ES256" else signature


def signed(key: OpenKey, content: bytes, signature: bytes) -> bool:
    if key.stored.algorithm == "ES256" and not jws.is_low(signature):
        return False
    return key.jws.verify(content, key.public, signature)


def encode(members: Mapping[str, object]) -> str:
    return base64url(json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode())


@lru_cache(maxsize=64)
def header_of(algorithm: str, kid: str) -> str:
    return encode({"alg": algorithm, "typ": "at+jwt", "kid": kid})
