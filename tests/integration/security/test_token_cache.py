"""A good token is checked once; what is remembered never outlives the token or its key."""

from datetime import datetime, timedelta

import pytest

from doorward.domain.access.principal import AccessToken
from doorward.domain.errors import InvalidToken
from doorward.domain.keys.signing_key import SigningKey
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.token_cache import PERIOD, CachedAccessTokens
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.testing.builders import a_user, issued
from doorward.testing.doubles import NOON

SECOND = timedelta(seconds=1)
SEALER = AesKeySealer(MasterSecret(b"a master secret for tests alone"))


class CountedTokens(JwtAccessTokens):
    """Counts its signature checks."""

    checks = 0

    def verify(self, token: str, now: datetime) -> AccessToken:
        self.checks += 1
        return super().verify(token, now)


async def ready(max_tokens: int = 10) -> tuple[CachedAccessTokens, CountedTokens, StoredKeyRing, MemoryStorage]:
    storage = MemoryStorage()
    async with storage.transaction() as tx:
        await tx.keys.add(SEALER.generate(NOON))
    ring = StoredKeyRing(storage, SEALER)
    await ring.reload()
    tokens = CountedTokens(ring, "https://door.example", "doorward", "doorward", 900)
    return CachedAccessTokens(tokens, ring, max_tokens), tokens, ring, storage


async def test_a_repeated_request_costs_no_signature_check() -> None:
    cached, tokens, _, _ = await ready()
    token = issued(cached, a_user()).value
    first = cached.verify(token, NOON)
    assert cached.verify(token, NOON + SECOND) is first
    assert tokens.checks == 1


async def test_what_is_remembered_ends_when_the_token_does() -> None:
    """TK-08."""
    cached, _, _, _ = await ready()
    token = issued(cached, a_user()).value
    cached.verify(token, NOON + 899 * SECOND)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            cached.verify(token, NOON + 900 * SECOND)


async def test_a_token_in_use_stays_remembered_and_one_that_is_not_shown_for_a_period_does_not() -> None:
    cached, tokens, _, _ = await ready()
    used, refreshed = issued(cached, a_user()).value, issued(cached, a_user()).value
    cached.verify(refreshed, NOON)
    for period in range(4):
        cached.verify(used, NOON + period * PERIOD)
    assert tokens.checks == 2
    assert cached.size == 1
    cached.verify(refreshed, NOON + 4 * PERIOD)
    cached.verify(used, NOON + 4 * PERIOD)
    assert tokens.checks == 3


async def test_after_a_long_silence_nothing_is_remembered() -> None:
    cached, tokens, _, _ = await ready()
    token = issued(cached, a_user()).value
    for at in (NOON, NOON + 2 * PERIOD):
        cached.verify(token, at)
    assert tokens.checks == 2


@pytest.mark.parametrize("others_at", [(885,), (870, 896)], ids=["in this period", "in the last one"])
async def test_what_expires_is_refused_whenever_it_was_shown_last(others_at: tuple[int, ...]) -> None:
    """TK-08."""
    cached, _, _, _ = await ready()
    token, other = issued(cached, a_user()).value, issued(cached, a_user(), NOON + 60 * SECOND).value
    for second, shown in sorted([(885, token), *((second, other) for second in others_at)]):
        cached.verify(shown, NOON + second * SECOND)
    with pytest.raises(InvalidToken):
        cached.verify(token, NOON + 900 * SECOND)


async def test_a_token_that_differs_in_one_character_is_another_token() -> None:
    """TK-10, TK-15: the key is the whole token."""
    cached, tokens, _, _ = await ready()
    token = issued(cached, a_user()).value
    cached.verify(token, NOON)
    for position in (5, len(token) // 2, len(token) - 1):
        other = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        with pytest.raises(InvalidToken):
            cached.verify(other, NOON)
    assert tokens.checks == 4


async def test_when_the_keys_change_every_token_is_checked_again() -> None:
    """Else a key that was taken back would go on to open doors."""
    cached, tokens, ring, storage = await ready()
    token = issued(cached, a_user()).value
    cached.verify(token, NOON)
    await ring.reload()
    cached.verify(token, NOON)
    assert tokens.checks == 1, "the same keys are no change"
    async with storage.transaction() as tx:
        await tx.keys.add(SEALER.generate(NOON))
    await ring.reload()
    cached.verify(token, NOON)
    assert tokens.checks == 2
    storage.database.tables.keys.clear()
    async with storage.transaction() as tx:
        await tx.keys.add(SEALER.generate(NOON))
    await ring.reload()
    with pytest.raises(InvalidToken):
        cached.verify(token, NOON)


async def test_memory_is_bounded_and_refused_tokens_take_none() -> None:
    """TK-13."""
    cached, tokens, _, _ = await ready(max_tokens=2)
    ada = a_user()
    given = [issued(cached, ada).value for _ in range(3)]
    for token in given:
        cached.verify(token, NOON)
    for _ in range(10):
        with pytest.raises(InvalidToken):
            cached.verify("a.b.c", NOON)
    assert cached.size == 2
    checks = tokens.checks
    cached.verify(given[2], NOON)
    assert tokens.checks == checks, "the newest are kept"
    cached.verify(given[1], NOON + PERIOD)
    cached.verify(given[0], NOON + PERIOD)
    assert cached.size == 2
    cached.verify(given[1], NOON + PERIOD)
    assert tokens.checks == checks + 1, "what is not shown makes room first"


async def test_a_retired_key_ends_with_the_last_token_that_it_may_have_signed() -> None:
    """Also for somebody who stole it, and goes on signing with it."""
    cached, _, ring, storage = await ready()
    stolen = await others_with(ring.all()[0].signing_key)
    async with storage.transaction() as tx:
        await tx.keys.add(SEALER.generate(NOON + 60 * SECOND))
    await ring.reload()
    last, late = NOON + 64 * SECOND, NOON + 65 * SECOND
    in_time, too_late = issued(stolen, a_user(), last).value, issued(stolen, a_user(), late).value
    cached.verify(in_time, last)
    cached.verify(in_time, last + 899 * SECOND)
    for token, now in ((in_time, last + 900 * SECOND), (too_late, late), (too_late, late - 5 * SECOND)):
        with pytest.raises(InvalidToken):
            cached.verify(token, now)


async def test_a_key_that_may_not_sign_yet_opens_nothing() -> None:
    cached, _, ring, storage = await ready()
    key = SEALER.generate(NOON + 60 * SECOND)
    early = await others_with(key)
    async with storage.transaction() as tx:
        await tx.keys.add(key)
    await ring.reload()
    for at, now in ((59, 59), (54, 60), (60, 54)):
        with pytest.raises(InvalidToken):
            cached.verify(issued(early, a_user(), NOON + at * SECOND).value, NOON + now * SECOND)
    cached.verify(issued(early, a_user(), NOON + 60 * SECOND).value, NOON + 55 * SECOND)


async def test_what_a_key_signs_first_is_good_also_when_it_begins_within_a_second() -> None:
    """Tokens tell their time in whole seconds."""
    cached, _, ring, storage = await ready()
    begins = NOON + 60 * SECOND + timedelta(microseconds=999_999)
    async with storage.transaction() as tx:
        await tx.keys.add(SEALER.generate(begins))
    await ring.reload()
    assert ring.signing(begins).signing_key.signs_from == begins
    cached.verify(issued(cached, a_user(), begins).value, begins)


async def others_with(key: SigningKey) -> JwtAccessTokens:
    """Somebody else who has this key and no other, and signs with it at all times."""
    storage = MemoryStorage()
    async with storage.transaction() as tx:
        await tx.keys.add(key)
    ring = StoredKeyRing(storage, SEALER)
    await ring.reload()
    return JwtAccessTokens(ring, "https://door.example", "doorward", "doorward", 900)
