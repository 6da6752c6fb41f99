"""Accounts that came from another system: their aliases, those without an address, and which of them came."""

from dataclasses import replace

import pytest

from doorward.application.ports.adoption import AdoptionReader, AdoptionRepository
from doorward.application.ports.repositories import UserReader, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.user import User
from doorward.domain.errors import TransactionConflict, UsernameTaken
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.storage_access import found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")


def adopted(name: str, alias: str | None = None) -> User:
    made = Alias.parse(alias) if alias else None
    return replace(a_user(name), email=None, alias=made, external_id=f"{name} there")


async def by_login(storage: Storage, typed: str) -> User | None:
    async with storage.reading() as reading:
        return await reading.users.by_login(login_key(typed))


@proves(UserRepository.add, "Add the account")
@proves(UserRepository.save, "Save everything")
async def test_an_account_without_an_address_is_stored_and_gets_one_later(storage: Storage) -> None:
    first, second = adopted("ada"), adopted("bob")
    await put(storage, first, second)
    assert [await found(storage, user.id) for user in (first, second)] == [first, second]
    for typed in ("", f"NONE:{first.id}", f"none:{first.id}"):
        assert await by_login(storage, typed) is None
    async with storage.transaction() as tx:
        await tx.users.save(first.with_email(Email.parse("ada@example.org")))
    assert await by_login(storage, "ada@example.org") == await found(storage, first.id)
    async with storage.reading() as reading:
        assert [user.id for user in await reading.user_pages.by_email("ada@", None, 9)] == [first.id]


@proves(UserReader.by_login, "If there is none")
async def test_an_alias_signs_in_however_it_is_typed(storage: Storage) -> None:
    jorg = adopted("jorg", "J\u00f6rg M\u00fcller")
    await put(storage, jorg, adopted("other", "J\u00f6rg Muller"))
    for typed in ("J\u00f6rg M\u00fcller", " j\u00f6rg m\u00fcller ", "JO\u0308RG MU\u0308LLER", "jorg"):
        assert await by_login(storage, typed) == jorg
    assert await by_login(storage, "J\u00f6rg  M\u00fcller") is None


@proves(UserRepository.add, "Raise UsernameTaken")
@proves(UserReader.aliases_taken, "Return which of these keys")
async def test_an_alias_belongs_to_one_account(storage: Storage) -> None:
    await put(storage, adopted("jorg", "J\u00f6rg"), adopted("lena"))
    for again in (adopted("second", "J\u00d6RG"), adopted("jorg", "B\u00f6rg")):
        with pytest.raises(UsernameTaken):
            await put(storage, again)
        async with storage.transaction() as tx:
            with pytest.raises(UsernameTaken):
                await tx.users.add_all([again])
    async with storage.reading() as reading:
        assert await reading.users.aliases_taken(["j\u00f6rg", "b\u00f6rg", "jorg"]) == {"j\u00f6rg"}
        assert await reading.users.aliases_taken([]) == frozenset()


@proves(AdoptionReader.known, "Return which of these accounts")
@proves(UserReader.aliases_taken, "Return which of these keys")
async def test_a_deleted_account_leaves_its_alias_free_and_stays_adopted(storage: Storage) -> None:
    jorg = adopted("jorg", "J\u00f6rg")
    await put(storage, jorg)
    async with storage.transaction() as tx:
        await tx.adoptions.add_all("tutorial", ["17"])
    async with storage.transaction() as tx:
        assert await tx.users.delete(jorg.id)
    await put(storage, adopted("jorg", "J\u00f6rg"))
    async with storage.reading() as reading:
        assert await reading.adoptions.known("tutorial", ["17", "18"]) == {"17"}


@proves(AdoptionRepository.add_all, "Note")
@proves(AdoptionReader.known, "Return which of these accounts")
async def test_what_came_is_known_by_its_source_and_exact_id(storage: Storage) -> None:
    ids = [f"id {number}" for number in range(1_100)]
    async with storage.transaction() as tx:
        await tx.adoptions.add_all("django", ids)
    async with storage.reading() as reading:
        assert await reading.adoptions.known("django", [*ids, "ID 1", "id 1 ", "id 1100"]) == {*ids}
        assert await reading.adoptions.known("Django", ids) == frozenset()
        assert await reading.adoptions.known("django", []) == frozenset()


@proves(AdoptionRepository.add_all, "Raise TransactionConflict")
async def test_nobody_is_adopted_twice(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.adoptions.add_all("tutorial", ["1"])
    with pytest.raises(TransactionConflict):
        async with storage.transaction() as tx:
            await tx.adoptions.add_all("tutorial", ["2", "1"])
    async with storage.reading() as reading:
        assert await reading.adoptions.known("tutorial", ["1", "2"]) == {"1"}
