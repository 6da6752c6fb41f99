import asyncio
from datetime import timedelta

import pytest

from doorward.application.ports.storage import LeaseRepository, Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import USER
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId, uuid7
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)


async def take(storage: Storage, holder: str, now: timedelta, name: str = "pruning") -> bool:
    """For a minute."""
    async with storage.transaction() as tx:
        return await tx.leases.take(name, holder, NOON + now, NOON + now + MINUTE)


@proves(LeaseRepository.take, "Return True")
async def test_a_lease_that_nobody_holds_can_be_taken(storage: Storage) -> None:
    assert await take(storage, "ada", 0 * MINUTE)


@proves(LeaseRepository, "Unlike a lock")
@proves(LeaseRepository.take, "The lease is taken")
async def test_a_held_lease_is_free_when_its_time_is_up_and_not_before(storage: Storage) -> None:
    assert await take(storage, "ada", 0 * MINUTE)
    assert not await take(storage, "bob", MINUTE - MOMENT)
    assert await take(storage, "bob", MINUTE)
    assert not await take(storage, "ada", MINUTE)


@proves(LeaseRepository.take, "It is also taken")
async def test_a_holder_whose_clock_was_far_ahead_keeps_nobody_out(storage: Storage) -> None:
    assert await take(storage, "ada", 500_000 * MINUTE)
    assert await take(storage, "bob", 0 * MINUTE)


@proves(LeaseRepository.take, "The lease is taken")
async def test_the_holder_of_a_lease_can_extend_it(storage: Storage) -> None:
    assert await take(storage, "ada", 0 * MINUTE)
    assert await take(storage, "ada", MINUTE / 2)
    assert await take(storage, "ada", MINUTE / 2)
    assert not await take(storage, "bob", MINUTE)
    assert await take(storage, "bob", 1.5 * MINUTE)


@proves(LeaseRepository.take, "Return True")
async def test_a_holder_that_was_late_has_lost_the_lease(storage: Storage) -> None:
    await take(storage, "ada", 0 * MINUTE)
    await take(storage, "bob", 2 * MINUTE)
    assert not await take(storage, "ada", 2 * MINUTE)


async def give_up(storage: Storage, holder: str) -> None:
    async with storage.transaction() as tx:
        await tx.leases.give_up("pruning", holder)


@proves(LeaseRepository.give_up, "End the lease `name` if")
async def test_only_the_holder_can_give_up_a_lease(storage: Storage) -> None:
    await give_up(storage, "ada")
    assert await take(storage, "ada", 0 * MINUTE)
    await give_up(storage, "bob")
    assert not await take(storage, "bob", MINUTE / 2)
    await give_up(storage, "ada")
    assert await take(storage, "bob", MINUTE / 2)


@proves(LeaseRepository.take, "Names")
async def test_leases_of_different_names_are_independent(storage: Storage) -> None:
    assert await take(storage, "ada", 0 * MINUTE)
    assert await take(storage, "bob", 0 * MINUTE, name="rotation")
    assert await take(storage, "bob", 0 * MINUTE, name="Pruning")


@proves(LeaseRepository.take, "Names")
@pytest.mark.parametrize("other", ["ADA", "ada ", "ada\x01"])
async def test_holders_whose_names_differ_in_one_byte_are_different(storage: Storage, other: str) -> None:
    assert await take(storage, "ada", 0 * MINUTE)
    assert not await take(storage, other, 0 * MINUTE)


@proves(Storage.transaction, "Roll back")
async def test_a_lease_that_a_failed_transaction_took_is_free(storage: Storage) -> None:
    async def take_and_fail() -> None:
        async with storage.transaction() as tx:
            assert await tx.leases.take("pruning", "ada", NOON, NOON + MINUTE)
            await tx.users.grant(UserId(uuid7(NOON)), USER, NOON)

    with pytest.raises(AccountMissing):
        await take_and_fail()
    assert await take(storage, "bob", 0 * MINUTE)


@proves(LeaseRepository.take, "If several")
async def test_of_many_that_take_a_lease_at_once_one_gets_it(storage: Storage) -> None:
    """The first time, when there is nothing yet; and each time after it, when the one before has let it go by."""

    @retried
    async def attempt(holder: int, now: timedelta) -> bool:
        return await take(storage, f"node{holder}", now)

    for number in range(5):
        answers = await asyncio.gather(*(attempt(holder, number * MINUTE) for holder in range(20)))
        assert sorted(answers) == [False] * 19 + [True]


@proves(LeaseRepository.give_up, "End the lease")
async def test_nobody_gives_up_a_lease_that_is_not_there(storage: Storage) -> None:
    async with storage.transaction() as tx:
        for holder in ("ada", ""):
            await tx.leases.give_up("pruning", holder)
        assert await tx.leases.take("pruning", "bob", NOON, NOON + MINUTE)
