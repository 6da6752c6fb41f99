import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME
from doorward.domain.errors import StorageUnavailable
from doorward.domain.keys.signing_key import CLOCK_TOLERANCE, PROPAGATION_TIME, SigningKey
from doorward.infrastructure.memory.storage import MemoryReading, MemoryStorage
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.testing.doubles import NOON
from support.jwt.material import pem_of

SEALER = AesKeySealer(MasterSecret(b"a master secret for tests alone"))
SECOND = timedelta(seconds=1)


class FailingStorage(MemoryStorage):
    """Goes away when it is told to."""

    away = False

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        if self.away:
            raise StorageUnavailable(cause="test")
        async with super().reading() as reading:
            yield reading


class SlowStorage(MemoryStorage):
    """Its first reader has read, and then takes until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.has_read = asyncio.Event()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryReading]:
        async with super().reading() as reading:
            yield reading
        if not self.has_read.is_set():
            self.has_read.set()
            await self.go_on.wait()


async def add(storage: MemoryStorage, key: SigningKey) -> SigningKey:
    async with storage.transaction() as tx:
        await tx.keys.add(key)
    return key


async def test_a_ring_that_was_never_filled_calls_no_token_good_or_bad() -> None:
    ring = StoredKeyRing(MemoryStorage(), SEALER)
    with pytest.raises(StorageUnavailable):
        ring.verifying("any")
    with pytest.raises(StorageUnavailable):
        ring.signing(NOON)


async def test_a_key_is_known_as_soon_as_it_is_read_and_signs_when_its_time_has_come() -> None:
    """Every node can verify with a key before any node signs with it."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    old = await add(storage, SEALER.generate(NOON))
    new = await add(storage, SEALER.seal(pem_of(Ed25519PrivateKey.generate()), NOON, NOON + 10 * SECOND))
    await ring.reload()
    assert {old.kid, new.kid} == {key.signing_key.kid for key in ring.all()}
    opened = ring.verifying(new.kid)
    assert opened is not None
    assert opened.signing_key.algorithm == "EdDSA"
    assert ring.signing(NOON + 9 * SECOND).signing_key == old
    assert ring.signing(NOON + 10 * SECOND) is opened
    assert ring.verifying(old.kid) is not None


async def test_a_reload_finds_new_keys_and_opens_no_known_one_again() -> None:
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    first = await add(storage, SEALER.generate(NOON))
    await ring.reload()
    before = ring.verifying(first.kid)
    second = await add(storage, SEALER.generate(NOON + SECOND))
    assert ring.verifying(second.kid) is None
    await ring.reload()
    assert ring.verifying(first.kid) is before
    assert ring.verifying(second.kid) is not None


async def test_looking_up_a_kid_asks_no_storage() -> None:
    """TK-13: ten thousand unknown kids reach nothing but a dict."""
    storage = FailingStorage()
    ring = StoredKeyRing(storage, SEALER)
    key = await add(storage, SEALER.generate(NOON))
    await ring.reload()
    storage.away = True
    assert not any(ring.verifying(f"{key.kid}{number}") for number in range(10_000))
    assert ring.signing(NOON).signing_key == key


async def test_a_reload_that_fails_leaves_the_ring_as_it_was() -> None:
    storage = FailingStorage()
    ring = StoredKeyRing(storage, SEALER)
    key = await add(storage, SEALER.generate(NOON))
    await ring.reload()
    storage.away = True
    with pytest.raises(StorageUnavailable):
        await ring.reload()
    storage.away = False
    await add(storage, replace(SEALER.generate(NOON), sealed=b"\x01 nothing that opens"))
    with pytest.raises(StartRefused, match="DOORWARD_SECRET_KEY"):
        await ring.reload()
    assert ring.signing(NOON).signing_key == key
    assert len(ring.all()) == 1


async def test_a_slow_reload_does_not_undo_a_later_one() -> None:
    storage = SlowStorage()
    ring = StoredKeyRing(storage, SEALER)
    slow = asyncio.create_task(ring.reload())
    await storage.has_read.wait()
    key = await add(storage, SEALER.generate(NOON))
    later = asyncio.create_task(ring.reload())
    for _ in range(10):
        await asyncio.sleep(0)
    storage.go_on.set()
    await asyncio.gather(slow, later)
    assert ring.verifying(key.kid) is not None


async def test_reloads_at_the_same_time_end_with_what_is_stored() -> None:
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)

    async def one_more(age: int) -> None:
        await add(storage, SEALER.generate(NOON + age * SECOND))
        await ring.reload()

    await asyncio.gather(*(one_more(age) for age in range(8)))
    assert len(ring.all()) == 8


async def test_an_open_key_shows_nothing_private() -> None:
    """LG-03."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    await add(storage, SEALER.generate(NOON))
    await ring.reload()
    assert "Private" not in repr(ring.signing(NOON))


async def test_a_key_that_cannot_be_opened_leaves_the_others_usable_and_succeeds_none() -> None:
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    good = await add(storage, SEALER.generate(NOON))
    broken = await add(storage, replace(SEALER.generate(NOON + SECOND), sealed=b"\x01 nothing that opens"))
    with pytest.raises(StartRefused, match=f"keys revoke (-- )?{broken.kid}$"):
        await ring.reload()
    later = NOON + 3600 * SECOND
    assert ring.signing(later).signing_key == good
    assert ring.may_have_signed(ring.signing(later), later)
    assert ring.verifying(broken.kid) is None
    await ring.reload()  # said once; nothing has changed since


async def test_keys_whose_rows_vanish_are_dropped() -> None:
    """Also when somebody deleted them by hand, and no feed told."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    first, second = await add(storage, SEALER.generate(NOON)), await add(storage, SEALER.generate(NOON + SECOND))
    await ring.reload()
    generation = ring.generation
    del storage.database.tables.keys[second.kid]
    await ring.reload()
    assert ring.verifying(second.kid) is None
    assert ring.signing(NOON + SECOND).signing_key == first
    assert ring.generation == generation + 1
    del storage.database.tables.keys[first.kid]
    await ring.reload()
    assert ring.all() == ()
    with pytest.raises(StorageUnavailable):
        ring.signing(NOON)


async def test_what_is_published_is_public_in_order_and_the_same_while_the_keys_are() -> None:
    """TK-20, TK-21: a key is published as soon as it is known, long before it signs."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    with pytest.raises(StorageUnavailable):
        ring.published(NOON)
    first = await add(storage, SEALER.generate(NOON))
    await ring.reload()
    before = ring.published(NOON)
    later = await add(storage, SEALER.generate(NOON, "EdDSA").beginning(NOON + 86_400 * SECOND))
    await ring.reload()
    found = ring.published(NOON)
    assert [(key.kid, key.algorithm) for key in found] == [(first.kid, "ES256"), (later.kid, "EdDSA")]
    assert [set(key.members) for key in found] == [{"kty", "crv", "x", "y"}, {"kty", "crv", "x"}]
    assert found[:1] == before
    await ring.reload()
    assert ring.published(NOON + 60 * SECOND) is found


async def test_a_key_is_published_until_it_is_gone() -> None:
    """TK-21."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    first, second = await add(storage, SEALER.generate(NOON)), await add(storage, SEALER.generate(NOON + SECOND))
    await ring.reload()
    gone = second.signs_from + PROPAGATION_TIME + MAX_ACCESS_TOKEN_LIFETIME + CLOCK_TOLERANCE
    assert [key.kid for key in ring.published(gone - SECOND)] == [first.kid, second.kid]
    assert [key.kid for key in ring.published(gone)] == [second.kid]
    of_longer_tokens = StoredKeyRing(storage, SEALER, MAX_ACCESS_TOKEN_LIFETIME + 2 * SECOND)
    await of_longer_tokens.reload()
    assert [key.kid for key in of_longer_tokens.published(gone + SECOND)] == [first.kid, second.kid]
    assert [key.kid for key in of_longer_tokens.published(gone + 2 * SECOND)] == [second.kid]


async def test_a_key_that_was_opened_stays_usable_when_its_row_is_sealed_under_a_secret_to_come() -> None:
    """ST-05: nodes are told of a new master secret one after the other."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    key = await add(storage, SEALER.generate(NOON))
    await ring.reload()
    before = ring.signing(NOON)
    changed = replace(key, sealed=b"\x01 under another secret", signs_from=NOON - SECOND)
    async with storage.transaction() as tx:
        await tx.keys.save(changed)
    await ring.reload()
    assert ring.signing(NOON).signing_key == changed
    assert ring.signing(NOON).private is before.private
    with pytest.raises(StartRefused, match="another DOORWARD_SECRET_KEY"):
        await StoredKeyRing(storage, SEALER).reload()


async def test_an_opened_key_is_none_of_another_algorithm() -> None:
    """TK-02."""
    storage = MemoryStorage()
    ring = StoredKeyRing(storage, SEALER)
    key = await add(storage, SEALER.generate(NOON))
    await ring.reload()
    storage.database.tables.keys[key.kid] = replace(key, algorithm="EdDSA")
    with pytest.raises(StartRefused):
        await ring.reload()
    assert ring.all() == ()
