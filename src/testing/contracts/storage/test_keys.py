import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.ports.repositories import KeyReader, KeyRepository
from doorward.application.ports.storage import LockRepository, Storage
from doorward.domain.access.role import ADMIN
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import AccountMissing, KeyExists
from doorward.domain.ids import UserId, uuid7
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import SigningKey
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON, ListLog, PlainSealer
from doorward.testing.storage_access import announced, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

KEY = SigningKey(
    kid="NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    algorithm="ES256",
    sealed=bytes(range(256)) * 32,
    created_at=NOON,
    signs_from=NOON + timedelta(microseconds=1),
)


@proves(KeyReader.all, "Return all keys in the")
async def test_a_key_comes_back_as_it_was(storage: Storage) -> None:
    await put(storage, KEY)
    async with storage.reading() as reading:
        assert await reading.keys.all() == [KEY]


@proves(KeyRepository.add, "Raise KeyExists")
async def test_a_key_is_added_once(storage: Storage) -> None:
    await put(storage, KEY)
    with pytest.raises(KeyExists):
        await put(storage, replace(KEY, sealed=b"other"))
    async with storage.reading() as reading:
        assert await reading.keys.all() == [KEY]


@proves(KeyReader, "Ids")
async def test_key_ids_are_compared_exactly(storage: Storage) -> None:
    other = replace(KEY, kid=KEY.kid.swapcase())
    await put(storage, KEY, other)
    async with storage.reading() as reading:
        assert {key.kid for key in await reading.keys.all()} == {KEY.kid, other.kid}


@proves(KeyReader.all, "Return all keys in the")
async def test_keys_are_returned_in_the_order_in_which_they_sign(storage: Storage) -> None:
    moments = [timedelta(seconds=1), timedelta(microseconds=5), timedelta(days=-1), timedelta(microseconds=5)]
    keys = [replace(KEY, kid=f"key{n}", signs_from=NOON + moment) for n, moment in enumerate(moments)]
    await put(storage, *keys)
    async with storage.reading() as reading:
        assert [key.kid for key in await reading.keys.all()] == ["key2", "key1", "key3", "key0"]


@proves(KeyRepository.add, "Add the key")
async def test_a_new_key_is_announced(storage: Storage) -> None:
    await put(storage, KEY)
    assert await announced(storage) == [Change(Subject.KEYS)]


@proves(LockRepository.take, "Any other transaction")
async def test_nodes_that_start_together_make_one_key(storage: Storage) -> None:
    ensure = EnsureSigningKey(storage, PlainSealer(), KeyRotation(), ListLog())
    await asyncio.gather(*(ensure(NOON) for _ in range(10)))
    async with storage.reading() as reading:
        assert len(await reading.keys.all()) == 1


@proves(LockRepository.take, "Any other transaction")
async def test_nodes_that_rotate_together_make_one_key(storage: Storage) -> None:
    """TK-21."""
    await put(storage, replace(KEY, sealed=KEY.kid.encode()))
    maintain = MaintainSigningKeys(storage, PlainSealer(), KeyRotation(), ListLog())
    await asyncio.gather(*(maintain(NOON + timedelta(days=90)) for _ in range(10)))
    async with storage.reading() as reading:
        assert len(await reading.keys.all()) == 2


@proves(KeyRepository.save, "Save how", "Announce")
async def test_saving_a_key_changes_its_seal_and_its_time_to_sign_and_is_announced(storage: Storage) -> None:
    other = replace(KEY, kid=KEY.kid.swapcase(), signs_from=NOON + timedelta(days=1))
    await put(storage, KEY, other)
    async with storage.transaction() as tx:
        changed = replace(other, sealed=b"anew", signs_from=NOON)
        assert await tx.keys.save(replace(changed, algorithm="RS256", created_at=NOON + timedelta(days=9)))
        assert not await tx.keys.save(replace(KEY, kid="another"))
    async with storage.reading() as reading:
        assert await reading.keys.all() == [changed, KEY]
    assert await announced(storage) == [Change(Subject.KEYS)] * 3


@proves(KeyRepository.remove, "Return", "Announce")
async def test_a_removed_key_is_gone_and_its_removal_is_announced_once(storage: Storage) -> None:
    other = replace(KEY, kid=KEY.kid.swapcase())
    await put(storage, KEY, other)
    async with storage.transaction() as tx:
        assert await tx.keys.remove(KEY.kid)
        assert not await tx.keys.remove(KEY.kid)
    async with storage.reading() as reading:
        assert await reading.keys.all() == [other]
    assert await announced(storage) == [Change(Subject.KEYS)] * 3


@proves(Storage.transaction, "Roll back")
async def test_a_removed_key_comes_back_when_the_transaction_fails(storage: Storage) -> None:
    await put(storage, KEY)

    async def remove_and_fail() -> None:
        async with storage.transaction() as tx:
            await tx.keys.remove(KEY.kid)
            await tx.users.grant(UserId(uuid7(NOON)), ADMIN, NOON)

    with pytest.raises(AccountMissing):
        await remove_and_fail()
    async with storage.reading() as reading:
        assert await reading.keys.all() == [KEY]
