import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.sign_in_codes import SignInCodeRepository
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.sign_in_code import SignInCode, SignInCodeHash
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE = timedelta(minutes=1)
ADA = a_user("ada")


def a_code(user: User = ADA, number: int = 1) -> SignInCode:
    return SignInCode(
        user_id=user.id,
        hash=SignInCodeHash(sha256(bytes([number])).digest()),
        expires_at=NOON + number * MINUTE,
    )


async def tried(storage: Storage, user_id: UserId = ADA.id) -> SignInCode | None:
    async with storage.transaction() as tx:
        return await tx.sign_in_codes.count_try(user_id)


@proves(SignInCodeRepository.count_try, "Count a try", "Return None")
async def test_each_try_is_counted_before_the_code_is_returned(storage: Storage) -> None:
    await put(storage, ADA, a_code())
    for number in range(1, 8):
        assert await tried(storage) == replace(a_code(), tries=number)
    assert await tried(storage, a_user("eve").id) is None


@proves(SignInCodeRepository.put, "Store")
async def test_a_code_of_any_bytes_is_returned_as_it_was_stored(storage: Storage) -> None:
    code = replace(a_code(), hash=SignInCodeHash(b"\0 \xffaA'\\ " * 4))
    await put(storage, ADA, code)
    assert await tried(storage) == replace(code, tries=1)


@proves(SignInCodeRepository.put, "Store")
async def test_the_newest_code_of_an_account_replaces_the_one_before_and_its_tries(storage: Storage) -> None:
    """RS-02."""
    grace = a_user("grace")
    await put(storage, ADA, grace, a_code(number=1), a_code(grace, number=9))
    await tried(storage)
    await put(storage, a_code(number=2))
    async with storage.transaction() as tx:
        assert not await tx.sign_in_codes.spend(a_code(number=1))
    assert await tried(storage) == replace(a_code(number=2), tries=1)
    assert await tried(storage, grace.id) == replace(a_code(grace, number=9), tries=1)


@proves(SignInCodeRepository.put, "Raise")
async def test_a_code_of_no_account_is_refused(storage: Storage) -> None:
    with pytest.raises(AccountMissing):
        await put(storage, a_code())


@proves(SignInCodeRepository.count_try, "The code is held")
async def test_fifty_tries_at_once_are_all_counted(storage: Storage) -> None:
    """SI-06."""
    await put(storage, ADA, a_code())

    @retried
    async def count() -> SignInCode | None:
        return await tried(storage)

    codes = await asyncio.gather(*(count() for _ in range(50)))
    assert sorted(code.tries for code in codes if code) == list(range(1, 51))


@proves(SignInCodeRepository.spend, "Of several")
async def test_of_fifty_who_spend_one_code_at_once_one_succeeds(storage: Storage) -> None:
    """RS-03."""
    await put(storage, ADA, a_code())

    @retried
    async def spend() -> bool:
        async with storage.transaction() as tx:
            await tx.users.lock(ADA.id)
            return await tx.sign_in_codes.spend(a_code())

    assert sorted(await asyncio.gather(*(spend() for _ in range(50)))) == [False] * 49 + [True]
    assert await tried(storage) is None


@proves(SignInCodeRepository.spend, "Delete")
async def test_a_code_can_be_spent_after_others_tried_to_guess_it(storage: Storage) -> None:
    await put(storage, ADA, a_code())
    await tried(storage)
    async with storage.transaction() as tx:
        assert await tx.sign_in_codes.spend(a_code())


@proves(SignInCodeRepository.prune, "Delete at most `limit` codes")
async def test_expired_codes_are_pruned(storage: Storage) -> None:
    people = [a_user(f"user{number}") for number in range(4)]
    await put(storage, *people, *(a_code(user, number) for number, user in enumerate(people)))
    async with storage.transaction() as tx:
        assert await tx.sign_in_codes.prune(NOON + 3 * MINUTE, 2) == 2
        assert await tx.sign_in_codes.prune(NOON + 3 * MINUTE, 2) == 1
        assert await tx.sign_in_codes.prune(NOON + 3 * MINUTE, 2) == 0
    assert await tried(storage, people[3].id) is not None


@proves(UserRepository.delete, "Its letters")
async def test_the_code_of_a_deleted_account_goes_with_it(storage: Storage) -> None:
    await put(storage, ADA, a_code())
    async with storage.transaction() as tx:
        assert await tx.users.delete(ADA.id)
    assert await tried(storage) is None
