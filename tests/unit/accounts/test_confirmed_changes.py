"""Changes that need the present password: it is verified outside of the transaction, and may change until then."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import PasswordWrong, TransactionConflict
from doorward.infrastructure.memory.storage import MemoryStorage, MemoryTransaction
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal
from support.doubles import InterruptedHasher
from support.house import House

THIRD_PASSWORD = "another quiet meadow"

Change = Callable[[House, Principal], Awaitable[None]]
CHANGES = pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda house, by: house.delete_own_account(by, PASSWORD, house.clock.now()), id="deleting"),
        pytest.param(
            lambda house, by: house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now()),
            id="a new password",
        ),
    ],
)


async def signed_in(hasher: InterruptedHasher) -> tuple[House, Principal]:
    house = House(hasher=hasher)
    signed_in = await house.newly_signed_in()
    return house, a_principal(signed_in.user, signed_in.session)


async def rehash(house: House, by: Principal) -> None:
    """Store the same password with an outdated hash."""
    user = await house.stored(by.user_id)
    async with house.storage.transaction() as tx:
        await tx.users.save(user.rehashed(PasswordHash(f"$plain$0${PASSWORD}")))


@CHANGES
async def test_a_password_that_another_request_of_the_session_changed_meanwhile_confirms_nothing(
    change: Change,
) -> None:
    """AZ-07."""
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)
    hasher.interruption = lambda: house.change_password(by, PASSWORD, THIRD_PASSWORD, house.clock.now())
    with pytest.raises(PasswordWrong):
        await change(house, by)
    assert (await house.stored(by.user_id)).password_hash.endswith(THIRD_PASSWORD)
    assert house.log.of(SecurityEvent.AUTHZ_FAIL) == []


@CHANGES
async def test_a_password_that_was_only_hashed_anew_meanwhile_is_verified_again(change: Change) -> None:
    """AZ-07: as a sign-in does after the parameters of the hash have changed."""
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)

    hasher.interruption = lambda: rehash(house, by)
    await change(house, by)
    stored = house.database.tables.users.get(by.user_id)
    assert stored is None or stored.deleted_at or stored.password_hash.endswith(OTHER_PASSWORD)


async def test_a_password_that_changes_at_each_attempt_ends_in_a_conflict() -> None:
    """AZ-07."""
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)

    async def rehash() -> None:
        user = await house.stored(by.user_id)
        outdated = user.password_hash.startswith("$plain$0$")
        async with house.storage.transaction() as tx:
            await tx.users.save(user.rehashed(PasswordHash(f"$plain${int(outdated)}${PASSWORD}")))
        hasher.interruption = rehash

    hasher.interruption = rehash
    with pytest.raises(TransactionConflict):
        await house.delete_own_account(by, PASSWORD, house.clock.now())
    assert (await house.stored(by.user_id)).password_hash.endswith(PASSWORD)


class ConflictingStorage(MemoryStorage):
    """Rolls the next transactions back, so many as `conflicts` says."""

    conflicts = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with super().transaction() as tx:
            yield tx
            if self.conflicts:
                self.conflicts -= 1
                raise TransactionConflict(cause="test")


@CHANGES
async def test_a_transaction_that_is_rolled_back_confirms_no_password_again(change: Change) -> None:
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)
    house.storage = storage = ConflictingStorage(house.clock.now, house.database)
    hasher.work = hasher.hashed = 0
    storage.conflicts = 3
    await change(house, by)
    assert hasher.work == 1
    assert hasher.hashed <= 1
    stored = house.database.tables.users.get(by.user_id)
    assert stored is None or stored.deleted_at or stored.password_hash.endswith(OTHER_PASSWORD)


async def test_a_new_password_is_hashed_once_however_often_the_present_one_is_confirmed() -> None:
    """AZ-07."""
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)

    hasher.interruption = lambda: rehash(house, by)
    hasher.work = hasher.hashed = 0
    await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    assert (hasher.work, hasher.hashed) == (2, 1)
