"""The route of the key set, with which other services verify access tokens (RFC 8615)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, final

import msgspec
from dishka import FromDishka
from litestar import Request, get
from litestar.response.base import ASGIResponse

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import KeyRing, PublishedKey
from doorward.interfaces.http.docs.answers import ConditionalGet, json_response
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.cached_document import CachedDocument

CACHE_CONTROL: Final = "public, max-age=300"
"""Other services may use a revoked key for these 300 seconds."""


class JsonWebKey(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7517, and RFC 7518 or 8037 for the members of each kind: `crv`, `x`, `y`, or `n`, `e`."""

    kty: Literal["EC", "OKP", "RSA"]
    kid: str
    alg: Literal["ES256", "EdDSA", "RS256"]
    use: str
    crv: str | msgspec.UnsetType = msgspec.UNSET
    x: str | msgspec.UnsetType = msgspec.UNSET
    y: str | msgspec.UnsetType = msgspec.UNSET
    n: str | msgspec.UnsetType = msgspec.UNSET
    e: str | msgspec.UnsetType = msgspec.UNSET


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    keys: list[JsonWebKey]


@final
class CachedKeySet:
    """The key set, encoded again only after the keys have changed."""

    def __init__(self) -> None:
        self._keys: Sequence[PublishedKey] | None = None
        self._document = CachedDocument.of(b"", "application/json", CACHE_CONTROL)

    def of(self, keys: Sequence[PublishedKey]) -> CachedDocument:
        """Return the document of these keys."""
        if keys is not self._keys:
            body = msgspec.json.encode(KeySet(keys=[to_jwk(key) for key in keys]))
            self._document = CachedDocument.of(body, "application/json", CACHE_CONTROL)
            self._keys = keys
        return self._document


KEY_SET = CachedKeySet()


def to_jwk(key: PublishedKey) -> JsonWebKey:
    """Return a public key as a member of the key set."""
    members: Mapping[str, Any] = key.members
    return JsonWebKey(kid=key.kid, alg=key.algorithm, use="sig", **members)


@get(
    "/.well-known/jwks.json",
    operation_id="jwks",
    summary="Get the public keys that verify access tokens",
    tags=["Discovery"],
    opt={"access": PUBLIC},
    responses=json_response(KeySet),
    operation_class=ConditionalGet,
)
@inject
async def jwks(request: Request[Any, Any, Any], ring: FromDishka[KeyRing], clock: FromDishka[Clock]) -> ASGIResponse:
    """A JWK set (RFC 7517). It holds each key from one day before its first signature until the last token that it
    signed has expired. The answer has an ETag; with `If-None-Match` it is 304 while the keys are the same."""
    return KEY_SET.of(ring.published(clock.now())).answer(request.scope["headers"])
