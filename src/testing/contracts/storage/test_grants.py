import asyncio

import pytest

from doorward.application.ports.repositories import RoleReader, UserReader, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName
from doorward.domain.errors import AccountMissing, RoleMissing
from doorward.domain.ids import UserId, uuid7
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

NOBODY = UserId(uuid7(NOON))


@proves(UserRepository.grant, "Return False")
@proves(UserRepository, "A call that changes nothing")
async def test_granting_a_role_twice_changes_nothing_more(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    assert await grant(storage, ada, MODERATOR)
    assert not await grant(storage, ada, MODERATOR)
    assert await found(storage, ada.id) == ada.granted(MODERATOR)


@proves(UserRepository.grant, "Return False")
async def test_fifty_simultaneous_grants_of_one_role_give_it_once(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    granted = await asyncio.gather(*(grant(storage, ada, MODERATOR) for _ in range(50)))
    assert sum(granted) == 1


@proves(UserRepository.grant, "Raise")
async def test_a_grant_needs_the_account_and_the_role(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    with pytest.raises(AccountMissing):
        await grant(storage, a_user("bob"), MODERATOR)
    with pytest.raises(RoleMissing):
        await grant(storage, ada, RoleName("wizard"))
    assert await found(storage, ada.id) == ada


@proves(RoleReader, "Names")
@pytest.mark.parametrize("name", ["Admin", "ADMIN", "admin ", " admin", "ádmin", "admin\x01", "admi"])
async def test_role_names_are_compared_exactly(storage: Storage, name: str) -> None:
    """AZ-06."""
    ada = a_user("ada", ADMIN)
    await put(storage, ada)
    with pytest.raises(RoleMissing):
        await grant(storage, ada, RoleName(name))
    async with storage.transaction() as tx:
        assert not await tx.users.revoke(ada.id, RoleName(name))
        assert await tx.users.count_enabled(RoleName(name), NOON) == 0
    assert await found(storage, ada.id) == ada


@proves(UserRepository.revoke, "Return False if the account")
async def test_a_role_is_revoked_once(storage: Storage) -> None:
    ada = a_user("ada", MODERATOR)
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.users.revoke(ada.id, MODERATOR)
        assert not await tx.users.revoke(ada.id, MODERATOR)
        assert not await tx.users.revoke(NOBODY, MODERATOR)
    assert await found(storage, ada.id) == ada.revoked(MODERATOR)


@proves(UserReader.count_enabled, "Return the number of accounts")
async def test_only_enabled_accounts_are_counted(storage: Storage) -> None:
    await put(storage, a_user("ada", ADMIN), a_user("bob", ADMIN, disabled=True), a_user("carol"))
    async with storage.transaction() as tx:
        assert await tx.users.count_enabled(ADMIN, NOON) == 1
        assert await tx.users.count_enabled(USER, NOON) == 2
