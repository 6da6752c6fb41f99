"""Accounts that are disabled for a reason and until a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.ports.repositories import UserReader, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.suspension import MAX_REASON_CHARACTERS, Suspension
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

TOMORROW = NOON + timedelta(days=1, microseconds=1)
MOMENT = timedelta(microseconds=1)


@proves(UserRepository.add, "Add the account")
@proves(UserRepository.save, "Save everything")
@pytest.mark.parametrize(
    "suspension",
    [
        Suspension(),
        Suspension(reason="Sent spam.", until=TOMORROW),
        Suspension(reason="\U0001f41f" * MAX_REASON_CHARACTERS),
    ],
)
async def test_a_suspension_comes_back_as_it_was(storage: Storage, suspension: Suspension) -> None:
    ada, bob = replace(a_user("ada"), suspension=suspension), a_user("bob")
    await put(storage, ada, bob)
    assert await found(storage, ada.id) == ada
    async with storage.transaction() as tx:
        await tx.users.save(bob.disabled_now(suspension))
    assert await found(storage, bob.id) == replace(bob.disabled_now(suspension), version=1)
    async with storage.transaction() as tx:
        await tx.users.save(replace(bob.enabled(), version=1))
    assert await found(storage, bob.id) == replace(bob, version=2)


@proves(UserReader.access_of, "Return")
async def test_access_tells_until_when_an_account_is_disabled(storage: Storage) -> None:
    """AD-02."""
    ada = replace(a_user("ada"), suspension=Suspension(reason="Sent spam.", until=TOMORROW))
    await put(storage, ada)
    async with storage.reading() as reading:
        access = (await reading.users.access_of([ada.id]))[ada.id]
    assert access == ada.access
    assert [access.is_enabled_at(moment) for moment in (TOMORROW - MOMENT, TOMORROW)] == [False, True]


@proves(UserReader.count_enabled, "Return the number of accounts")
async def test_accounts_are_counted_as_enabled_from_the_end_of_their_suspension_on(storage: Storage) -> None:
    """AZ-05."""
    users = [a_user("ada", ADMIN), a_user("bob", ADMIN, disabled=True), a_user("eve", ADMIN)]
    users[2] = replace(users[2], suspension=Suspension(until=TOMORROW))
    await put(storage, *users)
    async with storage.transaction() as tx:
        counts = [await tx.users.count_enabled(ADMIN, moment) for moment in (NOON, TOMORROW - MOMENT, TOMORROW)]
    assert counts == [1, 1, 2]
