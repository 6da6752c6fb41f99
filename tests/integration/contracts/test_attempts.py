import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, DeviceId, LoginHash
from doorward.domain.errors import TransactionConflict
from support.doubles import NOON

ADA, EVE = LoginHash(bytes(31) + b"a"), LoginHash(bytes(31) + b"e")
LAPTOP = DeviceId(UUID(int=7))
KEY = AttemptKey(ADA)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def count(attempts: int = 1, first: timedelta = timedelta(0), allowed: timedelta = timedelta(0)) -> AttemptCount:
    return AttemptCount(attempts=attempts, first_at=NOON + first, allowed_at=NOON + allowed)


async def put(storage: Storage, count: AttemptCount, key: AttemptKey = KEY) -> None:
    async with storage.transaction() as tx:
        store = tx.attempts.add if await tx.attempts.lock(key) is None else tx.attempts.save
        await store(key, count)


async def get(storage: Storage, key: AttemptKey = KEY) -> AttemptCount | None:
    async with storage.reading() as reading:
        return await reading.attempts.get(key)


async def test_what_was_put_is_read_by_the_login_name_and_the_device(storage: Storage) -> None:
    exact = count(7, timedelta(microseconds=1), timedelta(seconds=2, microseconds=3))
    assert await get(storage) is None
    await put(storage, count())
    await put(storage, exact)
    assert await get(storage) == exact
    assert await get(storage, AttemptKey(ADA, LAPTOP)) is None
    assert await get(storage, AttemptKey(EVE)) is None


async def test_of_many_who_count_at_once_each_counts(storage: Storage) -> None:
    """SI-06: also the first time, when there is nothing to hold yet."""

    @retried
    async def add() -> None:
        async with storage.transaction() as tx:
            before = await tx.attempts.lock(KEY)
            if before is None:
                await tx.attempts.add(KEY, count(1))
            else:
                await tx.attempts.save(KEY, count(before.attempts + 1))

    await asyncio.gather(*(add() for _ in range(20)))
    assert await get(storage) == count(20)


async def test_no_second_count_is_added(storage: Storage) -> None:
    await put(storage, count())
    with pytest.raises(TransactionConflict):
        async with storage.transaction() as tx:
            await tx.attempts.add(KEY, count(2))
    assert await get(storage) == count()


async def test_one_device_or_all_devices_are_forgotten(storage: Storage) -> None:
    keys = [AttemptKey(ADA), AttemptKey(ADA, LAPTOP), AttemptKey(EVE)]
    for key in keys:
        await put(storage, count(), key)
    async with storage.transaction() as tx:
        await tx.attempts.clear(keys[1])
        await tx.attempts.clear(keys[1])
    assert [await get(storage, key) is not None for key in keys] == [True, False, True]
    await put(storage, count(), keys[1])
    async with storage.transaction() as tx:
        assert await tx.attempts.clear_all([ADA, LoginHash(bytes(32))]) == 2
    assert [await get(storage, key) is not None for key in keys] == [False, False, True]


async def test_old_counts_are_pruned_and_large_ones_only_after_their_window(storage: Storage) -> None:
    kept = {
        AttemptKey(ADA): count(1, allowed=HOUR),
        AttemptKey(ADA, LAPTOP): count(3),
        AttemptKey(EVE): count(3, first=-HOUR, allowed=-HOUR),
    }
    pruned = {
        AttemptKey(EVE, LAPTOP): count(2, allowed=-HOUR),
        AttemptKey(LoginHash(bytes(32))): count(100, first=-2 * DAY, allowed=-DAY),
    }
    for key, value in {**kept, **pruned}.items():
        await put(storage, value, key)
    async with storage.transaction() as tx:
        assert await tx.attempts.prune(NOON, NOON - DAY, 2, 500) == 2
        assert await tx.attempts.prune(NOON, NOON - DAY, 2, 500) == 0
    assert [await get(storage, key) for key in kept] == list(kept.values())
    assert [await get(storage, key) for key in pruned] == [None, None]


async def test_at_most_so_many_counts_are_pruned_at_once(storage: Storage) -> None:
    for number in range(5):
        await put(storage, count(allowed=-HOUR), AttemptKey(LoginHash(bytes([number]) * 32)))
    async with storage.transaction() as tx:
        assert await tx.attempts.prune(NOON, NOON - DAY, 2, 3) == 3
        assert await tx.attempts.prune(NOON, NOON - DAY, 2, 3) == 2
