"""Changes that need the present password: it is verified outside of the transaction, and may change until then."""

from collections.abc import Awaitable, Callable

import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import PasswordWrong, TransactionConflict
from support.builders import OTHER_PASSWORD, PASSWORD, House, a_principal
from support.doubles import InterruptedHasher

THIRD_PASSWORD = "another quiet meadow"

Change = Callable[[House, Principal], Awaitable[None]]
CHANGES = pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda house, by: house.delete_own_account(by, PASSWORD), id="deleting"),
        pytest.param(lambda house, by: house.change_password(by, PASSWORD, OTHER_PASSWORD), id="a new password"),
    ],
)


async def signed_in(hasher: InterruptedHasher) -> tuple[House, Principal]:
    house = House(hasher=hasher)
    signed_in = await house.newly_signed_in()
    return house, a_principal(signed_in.user, signed_in.session)


@CHANGES
async def test_a_password_that_another_request_of_the_session_changed_meanwhile_confirms_nothing(
    change: Change,
) -> None:
    """AZ-07."""
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)
    hasher.interruption = lambda: house.change_password(by, PASSWORD, THIRD_PASSWORD)
    with pytest.raises(PasswordWrong):
        await change(house, by)
    assert (await house.stored(by.user_id)).password_hash.endswith(THIRD_PASSWORD)
    assert house.log.of(SecurityEvent.AUTHZ_FAIL) == []


@CHANGES
async def test_a_password_that_was_only_hashed_anew_meanwhile_is_verified_again(change: Change) -> None:
    """AZ-07: as a sign-in does after the parameters of the hash have changed."""
    hasher = InterruptedHasher()
    house, by = await signed_in(hasher)

    async def rehash() -> None:
        user = await house.stored(by.user_id)
        async with house.storage.transaction() as tx:
            await tx.users.save(user.rehashed(PasswordHash(f"$plain$0${PASSWORD}")))

    hasher.interruption = rehash
    await change(house, by)
    stored = house.database.tables.users.get(by.user_id)
    assert stored is None or stored.password_hash.endswith(OTHER_PASSWORD)


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
        await house.delete_own_account(by, PASSWORD)
    assert (await house.stored(by.user_id)).password_hash.endswith(PASSWORD)
