import asyncio
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest

from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.ports.attempts import AttemptReader, AttemptRepository
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, AttemptPolicy, DeviceId, LoginHash
from doorward.domain.errors import TooManyAttempts, TransactionConflict
from doorward.testing import storage_access
from doorward.testing.builders import LOGINS, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON, ListLog

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADA, EVE = LoginHash(sha256(b"ada").digest()), LoginHash(sha256(b"eve").digest())
LAPTOP = DeviceId(UUID(bytes=bytes(range(240, 256))))
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


@proves(AttemptReader.get, "Return")
async def test_a_stored_count_is_found_by_the_login_name_and_the_device(storage: Storage) -> None:
    exact = count(7, timedelta(microseconds=1), timedelta(seconds=2, microseconds=3))
    assert await get(storage) is None
    await put(storage, count())
    await put(storage, exact)
    assert await get(storage) == exact
    assert await get(storage, AttemptKey(ADA, LAPTOP)) is None
    assert await get(storage, AttemptKey(EVE)) is None


@proves(AttemptReader.with_user, "Return the count, and the")
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("login", ["ada", "ada@example.org", "nobody"])
async def test_a_count_and_an_account_are_read_at_once_if_they_exist(
    storage: Storage, login: str, counted: bool
) -> None:
    ada = a_user("ada", MODERATOR)
    await storage_access.put(storage, ada, a_user("eve"))
    await put(storage, count(5), AttemptKey(EVE))
    await put(storage, count(6), AttemptKey(ADA, LAPTOP))
    if counted:
        await put(storage, count(7))
    async with storage.reading() as reading:
        found = await reading.attempts.with_user(KEY, login)
    assert found == (count(7) if counted else None, None if login == "nobody" else ada)


@proves(AttemptRepository.lock, "Read the count", "If there is none")
@proves(AttemptRepository.save, "Replace the count")
async def test_each_of_many_simultaneous_attempts_is_counted(storage: Storage) -> None:
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


@proves(AttemptRepository.lock, "Read the count")
async def test_of_many_simultaneous_attempts_only_the_free_ones_are_let_through(storage: Storage) -> None:
    """SI-06: all of them read that there was none before, and each adds the first one."""
    count_attempt = CountAttempt(storage, LOGINS, AttemptPolicy(), ListLog())
    key = count_attempt.key("ada")
    answers = await asyncio.gather(*(count_attempt("ada", key, None, NOON) for _ in range(20)), return_exceptions=True)
    assert answers.count(None) == 3
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 17


@proves(AttemptRepository.add, "Raise TransactionConflict, at the latest")
async def test_no_second_count_is_added(storage: Storage) -> None:
    await put(storage, count())
    with pytest.raises(TransactionConflict):
        async with storage.transaction() as tx:
            await tx.attempts.add(KEY, count(2))
    assert await get(storage) == count()


@proves(AttemptRepository.clear, "Forget the attempts of one")
@proves(AttemptRepository.clear_all, "Forget the attempts of all")
async def test_the_counts_of_one_device_or_of_all_devices_can_be_deleted(storage: Storage) -> None:
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


@proves(AttemptRepository.prune, "Delete at most", "Of those")
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


@proves(AttemptRepository.prune, "Delete at most")
async def test_pruning_deletes_at_most_the_given_number_of_counts(storage: Storage) -> None:
    for number in range(5):
        await put(storage, count(allowed=-HOUR), AttemptKey(LoginHash(bytes([number]) * 32)))
    async with storage.transaction() as tx:
        assert await tx.attempts.prune(NOON, NOON - DAY, 2, 3) == 3
        assert await tx.attempts.prune(NOON, NOON - DAY, 2, 3) == 2


@proves(AttemptReader.with_user, "Return the count")
async def test_a_transaction_reads_a_count_with_its_account_too(storage: Storage) -> None:
    ada, key = a_user("ada"), AttemptKey(LoginHash(b"1" * 32))
    await storage_access.put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.attempts.with_user(key, "ada") == (None, ada)
        assert await tx.attempts.with_user(key, "nobody") == (None, None)
