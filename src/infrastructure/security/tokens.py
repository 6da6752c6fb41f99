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
from doorward.encoding.strict_base64 import decode_base64url
from doorward.infrastructure.security import jws
from doorward.infrastructure.security.jwk import base64url
from doorward.infrastructure.security.key_ring import OpenKey, StoredKeyRing

TYPES = frozenset({"at+jwt", "application/at+jwt"})
HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})
MAX_ISSUED_CHARACTERS = 4_000
"""Browsers drop a cookie of 4,096 bytes or more without any message; 96 bytes are for its attributes."""

LEEWAY_SECONDS = 5
"""How far the clock of another node may be ahead."""

MAX_TIMESTAMP = 10**10
"""The year 2286 in seconds. A time in milliseconds exceeds it."""

MAX_EPOCH = 2**63 - 1
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class JwtAccessTokens:
    """Issues and verifies access tokens of RFC 9068. PyJWT computes and checks signatures. All claims are read here,
    strictly and once (RFC 8725). Unknown claims are ignored, so that nodes of different versions accept each other's
    tokens."""

    def __init__(self, ring: StoredKeyRing, issuer: str, audience: str, client_id: str, lifetime: int) -> None:
        """`lifetime` is in seconds."""
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._client_id = client_id
        self._lifetime = lifetime

    def issue(self, user: User, session_id: SessionId, now: datetime, ends_at: datetime) -> IssuedToken:
        """Return a token with the roles, which are for other services. If they make it too long for a cookie, it
        contains no roles."""
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
            token if len(token) <= MAX_ISSUED_CHARACTERS else self._signed({**claims, "roles": []}, now), lifetime
        )

    def _signed(self, claims: Mapping[str, object], now: datetime) -> str:
        key = self._ring.signing(now)
        content = f"{header_of(key.signing_key.algorithm, key.signing_key.kid)}.{encode(claims)}"
        return f"{content}.{base64url(sign(key, content.encode()))}"

    def verify(self, token: str, now: datetime) -> AccessToken:
        try:
            header, payload, signature = jws.split(token)
            key = self._key_of(jws.members_of(header, jws.MAX_HEADER_VALUES))
            content = token[: len(header) + 1 + len(payload)].encode("ascii")
            if not is_signature_of(key, content, decode_base64url(signature)):
                raise InvalidToken
            accepted = self._accepted(jws.members_of(payload), now)
        except ValueError as error:
            raise InvalidToken from error
        if not self._ring.may_have_signed(key, accepted.issued_at):
            raise InvalidToken  # a token may not claim a time at which its key did not sign
        return accepted

    def _key_of(self, header: Mapping[str, object]) -> OpenKey:
        """Return the key that the header names. The key determines the algorithm; the token may only agree."""
        kid, typ = header.get("kid"), header.get("typ")
        if header.keys() != HEADER_MEMBERS or not isinstance(kid, str) or not isinstance(typ, str):
            raise InvalidToken
        key = self._ring.verifying(kid)
        if key is None or header["alg"] != key.signing_key.algorithm or typ.lower() not in TYPES:
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
        issued_at, expires_at = integer(claims, "iat", MAX_TIMESTAMP), integer(claims, "exp", MAX_TIMESTAMP)
        starts_at = integer(claims, "nbf", MAX_TIMESTAMP) if "nbf" in claims else issued_at
        present = now.timestamp()
        if not max(issued_at, starts_at) - LEEWAY_SECONDS <= present < expires_at <= issued_at + self._lifetime:
            raise InvalidToken
        return AccessToken(
            subject=UserId(identifier(claims, "sub")),
            id=TokenId(identifier(claims, "jti")),
            session_id=SessionId(identifier(claims, "sid")),
            epoch=integer(claims, "epoch", MAX_EPOCH),
            issued_at=datetime.fromtimestamp(issued_at, UTC),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
        )


def integer(claims: Mapping[str, object], name: str, largest: int) -> int:
    """Return a claim that is a JSON integer up to `largest`; `true`, `"1"` and `1.0` are none. Raise InvalidToken."""
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
    return jws.with_low_s(signature) if key.signing_key.algorithm == "ES256" else signature


def is_signature_of(key: OpenKey, content: bytes, signature: bytes) -> bool:
    if key.signing_key.algorithm == "ES256" and not jws.has_low_s(signature):
        return False
    return key.jws.verify(content, key.public, signature)


def encode(members: Mapping[str, object]) -> str:
    return base64url(json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode())


@lru_cache(maxsize=64)
def header_of(algorithm: str, kid: str) -> str:
    return encode({"alg": algorithm, "typ": "at+jwt", "kid": kid})
