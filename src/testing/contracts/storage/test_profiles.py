"""Locales and profiles of accounts."""

from dataclasses import replace

import pytest

from doorward.application.ports.profiles import ProfileReader, ProfileRepository
from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.profile import MAX_PROFILE_BYTES, Profile
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import AccountMissing
from doorward.domain.letters.language import LANGUAGES
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.storage_access import announced, found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADA, GRACE = a_user("ada"), a_user("grace")
LONGEST = Profile.of({"\u20ac\U0001f600": "\u00e9" * ((MAX_PROFILE_BYTES - 14) // 2)})


async def profile_of(storage: Storage, user: User) -> Profile | None:
    async with storage.reading() as reading:
        return await reading.profiles.of_user(user.id)


async def replace_profile(storage: Storage, user: User, profile: Profile) -> None:
    async with storage.transaction() as tx:
        await tx.users.lock(user.id)
        await tx.profiles.put(user.id, profile)


@proves(ProfileReader.of_user, "Return")
@proves(ProfileRepository.put, "Store")
async def test_the_newest_profile_replaces_the_one_before(storage: Storage) -> None:
    await put(storage, ADA, GRACE)
    assert await profile_of(storage, ADA) is None
    for profile in (Profile("{}"), LONGEST, LONGEST, Profile('{"a":[1,2.5,null]}')):
        await replace_profile(storage, ADA, profile)
        assert await profile_of(storage, ADA) == profile
    assert await profile_of(storage, GRACE) is None


@proves(ProfileRepository.clear, "Delete the profile", "Do nothing")
async def test_a_profile_is_cleared(storage: Storage) -> None:
    await put(storage, ADA)
    await replace_profile(storage, ADA, LONGEST)
    async with storage.transaction() as tx:
        await tx.profiles.clear(ADA.id)
        await tx.profiles.clear(GRACE.id)
    assert await profile_of(storage, ADA) is None
    assert await announced(storage) == [Change.of_account(ADA.id)] * 2


@proves(ProfileRepository.put, "Raise")
async def test_an_account_that_is_not_there_gets_no_profile(storage: Storage) -> None:
    with pytest.raises(AccountMissing):
        await replace_profile(storage, ADA, LONGEST)


@proves(UserRepository.delete, "Its letters")
async def test_a_profile_goes_with_its_account(storage: Storage) -> None:
    await put(storage, ADA)
    await replace_profile(storage, ADA, LONGEST)
    async with storage.transaction() as tx:
        assert await tx.users.delete(ADA.id)
    assert await profile_of(storage, ADA) is None


@proves(UserRepository.save, "Save everything")
async def test_the_locale_is_kept_with_the_account(storage: Storage) -> None:
    await put(storage, ADA, replace(GRACE, locale="pt"))
    assert [await found(storage, user.id) for user in (ADA, GRACE)] == [ADA, replace(GRACE, locale="pt")]
    for version, locale in enumerate(LANGUAGES):
        async with storage.transaction() as tx:
            await tx.users.save(replace(ADA, locale=locale, version=version))
        assert await found(storage, ADA.id) == replace(ADA, locale=locale, version=version + 1)
