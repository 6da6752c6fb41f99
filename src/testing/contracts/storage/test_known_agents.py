import pytest

from doorward.application.ports.known_agents import KnownAgentsRepository
from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.sessions.known_agents import MAX_FAMILIES
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADA = a_user("ada")


async def remember(storage: Storage, *families: str, user: User = ADA) -> None:
    async with storage.transaction() as tx:
        await tx.known_agents.remember(user.id, families)


async def known(storage: Storage, user: User = ADA) -> list[str]:
    async with storage.transaction() as tx:
        return list(await tx.known_agents.of_user(user.id))


@proves(KnownAgentsRepository.of_user, "Return the families of user")
@proves(KnownAgentsRepository.remember, "Replace")
async def test_what_is_remembered_last_takes_the_place_of_what_was_before(storage: Storage) -> None:
    grace = a_user("grace")
    await put(storage, ADA, grace)
    assert await known(storage) == []
    await remember(storage, "curl")
    await remember(storage, "Firefox (Linux)", "curl", "")
    await remember(storage, "okhttp", user=grace)
    assert await known(storage) == ["Firefox (Linux)", "curl", ""]
    assert await known(storage, grace) == ["okhttp"]


@proves(KnownAgentsRepository.of_user, "Return the families of user")
@pytest.mark.parametrize(
    "families", [[""], ["", ""], ["caf\u00e9 \U0001f511", "a'b\"c\\", "%s"], ["x" * 64] * MAX_FAMILIES]
)
async def test_families_are_returned_as_they_were_stored(storage: Storage, families: list[str]) -> None:
    await put(storage, ADA)
    await remember(storage, *families)
    assert await known(storage) == families


@proves(KnownAgentsRepository.remember, "Raise")
async def test_the_families_of_no_account_are_refused(storage: Storage) -> None:
    with pytest.raises(AccountMissing):
        await remember(storage, "curl")


@proves(UserRepository.delete, "Its letters")
async def test_what_is_remembered_of_a_deleted_account_goes_with_it(storage: Storage) -> None:
    await put(storage, ADA)
    await remember(storage, "curl")
    async with storage.transaction() as tx:
        assert await tx.users.delete(ADA.id)
    assert await known(storage) == []
