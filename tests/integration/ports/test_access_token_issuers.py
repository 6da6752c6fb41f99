"""The contract of AccessTokens on JWT with each algorithm, with the cache before it, and on the double."""

import asyncio
from functools import cache

import pytest

from doorward.application.ports.security import AccessTokens
from doorward.domain.keys.signing_key import Algorithm
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.token_cache import CachedAccessTokens
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.testing.contracts.access_tokens import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import NOON, PlainTokens
from support.contract_doubles import fails_for_doubles

ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "EdDSA", "RS256")


@cache
def ring_with(algorithm: Algorithm) -> StoredKeyRing:
    async def filled() -> StoredKeyRing:
        storage, sealer = MemoryStorage(), AesKeySealer(MasterSecret(b"a master secret for tests alone"))
        async with storage.transaction() as tx:
            await tx.keys.add(sealer.generate(NOON, algorithm))
        ring = StoredKeyRing(storage, sealer)
        await ring.reload()
        return ring

    return asyncio.run(filled())


def jwt_tokens(ring: StoredKeyRing) -> JwtAccessTokens:
    return JwtAccessTokens(ring, "https://auth.example.org/a", "doorward-api", "doorward-web", lifetime=900)


@pytest.fixture(params=[*ALGORITHMS, "cached", "double"])
def access_tokens(request: pytest.FixtureRequest) -> AccessTokens:
    match request.param:
        case "double":
            fails_for_doubles(request, "test_a_token_with_another_character_anywhere_is_refused")
            return PlainTokens()
        case "cached":
            ring = ring_with("ES256")
            return CachedAccessTokens(jwt_tokens(ring), ring)
        case algorithm:
            return jwt_tokens(ring_with(algorithm))
