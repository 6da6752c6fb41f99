"""A named lock serialises the transactions that take it."""

import asyncio

import pytest

from doorward.application.ports.repositories import UserReader
from doorward.application.ports.storage import LockName, LockRepository, Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import ADMIN, Role, RoleName
from doorward.domain.errors import RoleMissing
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")


@proves(LockRepository.take, "Any other", "Afterwards")
@proves(UserReader.count_enabled, "Return the number of accounts")
async def test_a_transaction_waits_for_the_holder_of_the_lock_and_reads_what_it_committed(storage: Storage) -> None:
    ada, bob = a_user("ada", ADMIN), a_user("bob", ADMIN)
    await put(storage, ada, bob)
    held, counted = asyncio.Event(), asyncio.Event()

    @retried
    async def second() -> int:
        await held.wait()
        async with storage.transaction() as tx:
            await tx.locks.take(LockName.ADMINS)
            counted.set()
            return await tx.users.count_enabled(ADMIN, NOON)

    task = asyncio.ensure_future(second())
    async with storage.transaction() as tx:
        await tx.locks.take(LockName.ADMINS)
        held.set()
        await asyncio.sleep(0)
        await tx.users.revoke(ada.id, ADMIN)
        await tx.users.get(ada.id)
        assert not counted.is_set()
    assert await task == 1


@proves(LockRepository.take, "Hold the lock", "Afterwards")
@pytest.mark.parametrize("name", LockName)
async def test_transactions_that_take_a_lock_at_once_run_one_after_another(storage: Storage, name: LockName) -> None:
    """Each reads the counter and writes the next value, so a lost update would show. The first use has no row yet."""
    counter = RoleName("counter")
    await put(storage, Role(name=counter, description="0", created_at=NOON))

    @retried
    async def increment() -> None:
        async with storage.transaction() as tx:
            await tx.locks.take(name)
            role = await tx.roles.get(counter)
            assert role is not None
            await tx.roles.put(role.described(str(int(role.description) + 1)))

    await asyncio.gather(*(increment() for _ in range(20)))
    async with storage.reading() as reading:
        role = await reading.roles.get(counter)
    assert role is not None
    assert role.description == "20"


@proves(LockRepository.take, "A transaction may")
async def test_a_transaction_takes_the_same_lock_twice(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.locks.take(LockName.SIGNING_KEYS)
        await tx.locks.take(LockName.SIGNING_KEYS)


@proves(LockRepository.take, "Locks of different names")
async def test_locks_of_different_names_do_not_wait_for_each_other(storage: Storage, concurrent: bool) -> None:
    """Where the storage runs one transaction at a time, there is nothing to show."""
    for name in LockName:
        async with storage.transaction() as tx:
            await tx.locks.take(name)
    if concurrent:
        async with storage.transaction() as tx, storage.transaction() as other:
            await tx.locks.take(LockName.ADMINS)
            await other.locks.take(LockName.SIGNING_KEYS)


@proves(LockRepository.take, "Hold the lock")
async def test_a_transaction_that_is_rolled_back_releases_the_lock(storage: Storage) -> None:
    async def take_and_fail() -> None:
        async with storage.transaction() as tx:
            await tx.locks.take(LockName.ADMINS)
            raise RoleMissing

    for _ in range(2):
        with pytest.raises(RoleMissing):
            await take_and_fail()


@proves(LockRepository.take, "Locks of different names")
async def test_a_lock_and_a_lease_of_the_same_name_are_independent(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.locks.take(LockName.ADMINS)
        assert await tx.leases.take(LockName.ADMINS.value, "ada", NOON, NOON.replace(hour=13))
        assert not await tx.leases.take(LockName.ADMINS.value, "bob", NOON, NOON.replace(hour=13))
