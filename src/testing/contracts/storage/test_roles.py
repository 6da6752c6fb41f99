from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.ports.repositories import RoleReader, RoleRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN, BUILT_IN, MODERATOR, USER, Role, RoleName
from doorward.domain.change_feed.change import Change, Subject
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

EDITOR = Role(name=RoleName("editor"), description="Écrit — and \U0001f58b", created_at=NOON)


@proves(Storage, "A new storage")
async def test_a_new_storage_has_the_built_in_roles(storage: Storage) -> None:
    async with storage.reading() as reading:
        stored = await reading.roles.all()
    assert [role.name for role in stored] == [ADMIN, MODERATOR, USER]
    assert {role.name for role in stored} == BUILT_IN


@proves(RoleReader.get, "Return")
async def test_a_role_comes_back_as_it_was(storage: Storage) -> None:
    await put(storage, EDITOR)
    async with storage.reading() as reading:
        assert await reading.roles.get(EDITOR.name) == EDITOR


@proves(RoleReader.all, "Return all roles in the")
async def test_roles_are_returned_in_the_order_of_their_names(storage: Storage) -> None:
    names = [RoleName(name) for name in ("b", "b.a", "b-a", "b_a", "b1", "ba", "zz", "a")]
    await put(storage, *(Role(name=name, created_at=NOON) for name in names))
    async with storage.reading() as reading:
        assert [role.name for role in await reading.roles.all()] == sorted({*names, *BUILT_IN})


@proves(RoleRepository.put, "Add the role", "Return True")
async def test_a_role_is_added_once_and_later_its_description_is_replaced(storage: Storage) -> None:
    async with storage.transaction() as tx:
        assert await tx.roles.put(EDITOR)
        assert not await tx.roles.put(EDITOR)
        assert not await tx.roles.put(replace(EDITOR, description="Edits.", created_at=NOON.replace(year=2030)))
        assert await tx.roles.get(EDITOR.name) == replace(EDITOR, description="Edits.")


@proves(RoleRepository.put, "Add the role")
async def test_a_description_may_be_long(storage: Storage) -> None:
    long = replace(EDITOR, description="\U0001f58b" * 4000)
    await put(storage, long)
    async with storage.reading() as reading:
        assert await reading.roles.get(EDITOR.name) == long


@proves(RoleReader, "Names")
@pytest.mark.parametrize("name", ["Admin", "admin ", "ádmin", "admin\x01", "' OR 1=1 --", ""])
async def test_a_role_is_found_by_its_exact_name(storage: Storage, name: str) -> None:
    """AZ-06, ST-03."""
    async with storage.transaction() as tx:
        assert await tx.roles.get(RoleName(name)) is None
        assert not await tx.roles.remove(RoleName(name))
    async with storage.reading() as reading:
        assert len(await reading.roles.all()) == len(BUILT_IN)


@proves(RoleRepository.remove, "Remove")
async def test_removing_a_role_removes_every_grant_of_it(storage: Storage) -> None:
    await put(storage, EDITOR)
    ada, bob = a_user("ada", EDITOR.name, MODERATOR), a_user("bob", EDITOR.name)
    await put(storage, ada, bob)
    async with storage.transaction() as tx:
        assert await tx.roles.remove(EDITOR.name)
        assert not await tx.roles.remove(EDITOR.name)
    assert await found(storage, ada.id) == ada.revoked(EDITOR.name)
    assert await found(storage, bob.id) == bob.revoked(EDITOR.name)
    async with storage.reading() as reading:
        assert await reading.roles.get(EDITOR.name) is None


@proves(RoleRepository.remove, "Remove")
async def test_a_role_that_is_added_again_is_held_by_nobody(storage: Storage) -> None:
    await put(storage, EDITOR)
    ada = a_user("ada", EDITOR.name)
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.roles.remove(EDITOR.name)
    await put(storage, EDITOR)
    assert await found(storage, ada.id) == ada.revoked(EDITOR.name)


@proves(RoleRepository.remove, "It is announced")
async def test_a_removed_role_is_one_change_for_everybody(storage: Storage) -> None:
    await put(storage, EDITOR)
    await put(storage, a_user("ada", EDITOR.name), a_user("bob", EDITOR.name))
    async with storage.transaction() as tx:
        await tx.roles.remove(EDITOR.name)
        await tx.roles.remove(RoleName("wizard"))
    assert await announced(storage) == [Change(Subject.ROLES)]


@proves(Storage, "A new storage contains")
async def test_the_roles_of_a_new_storage_have_a_time_of_creation(storage: Storage) -> None:
    async with storage.reading() as reading:
        roles = await reading.roles.all()
    assert len(roles) == 3
    assert all(role.created_at.utcoffset() == timedelta(0) for role in roles)
