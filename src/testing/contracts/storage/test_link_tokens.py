import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from doorward.application.ports.letters import LinkTokenReader, LinkTokenRepository
from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.testing.builders import a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE = timedelta(minutes=1)
ADA = a_user("ada")


def a_token(user: User = ADA, number: int = 1) -> LinkToken:
    return LinkToken(
        hash=LinkTokenHash(sha256(bytes([number])).digest()),
        purpose=LinkPurpose.PASSWORD_RESET,
        user_id=user.id,
        address_key=email_of(user).key,
        expires_at=NOON + number * MINUTE,
    )


async def found(storage: Storage, token: LinkToken) -> LinkToken | None:
    async with storage.reading() as reading:
        return await reading.link_tokens.find(token.hash)


@proves(LinkTokenReader.find, "Return the token with this")
@proves(LinkTokenReader.of_account, "Return the token of the")
async def test_a_token_is_found_by_its_exact_hash(storage: Storage) -> None:
    token = replace(a_token(), hash=LinkTokenHash(b"\0 \xffaA'\\ " * 4))
    await put(storage, ADA, token)
    assert await found(storage, token) == token
    for other in (token.hash.swapcase(), token.hash[:-1] + b"\0", b"", b"' OR '1'='1".ljust(32)):
        assert await found(storage, replace(token, hash=LinkTokenHash(other))) is None


@proves(LinkTokenRepository.put, "Store")
async def test_the_newest_token_of_an_account_replaces_the_one_before(storage: Storage) -> None:
    """RS-02."""
    grace = a_user("grace")
    await put(storage, ADA, grace, a_token(number=1), a_token(grace, number=9), a_token(number=2))
    assert await found(storage, a_token(number=1)) is None
    assert await found(storage, a_token(number=2)) == a_token(number=2)
    assert await found(storage, a_token(grace, number=9)) == a_token(grace, number=9)


@proves(LinkTokenRepository.put, "Raise")
async def test_a_token_of_no_account_is_refused(storage: Storage) -> None:
    with pytest.raises(AccountMissing):
        await put(storage, a_token())


@proves(LinkTokenRepository.spend, "Delete", "Of several")
async def test_of_fifty_who_spend_one_token_at_once_one_succeeds(storage: Storage) -> None:
    """RS-03."""
    await put(storage, ADA, a_token())

    @retried
    async def spend() -> bool:
        async with storage.transaction() as tx:
            await tx.users.lock(ADA.id)
            return await tx.link_tokens.spend(a_token().hash)

    assert sorted(await asyncio.gather(*(spend() for _ in range(50)))) == [False] * 49 + [True]


@proves(LinkTokenRepository.void, "Delete all tokens of the")
async def test_the_tokens_of_one_account_are_voided(storage: Storage) -> None:
    """RS-02."""
    grace = a_user("grace")
    await put(storage, ADA, grace, a_token(), a_token(grace, number=2))
    async with storage.transaction() as tx:
        await tx.link_tokens.void(ADA.id)
        await tx.link_tokens.void(ADA.id)
    assert await found(storage, a_token()) is None
    assert await found(storage, a_token(grace, number=2)) == a_token(grace, number=2)


@proves(Storage.transaction, "Roll back")
async def test_a_token_that_is_spent_in_vain_can_be_spent_again(storage: Storage) -> None:
    await put(storage, ADA, a_token())

    async def spend_and_fail() -> None:
        async with storage.transaction() as tx:
            assert await tx.link_tokens.spend(a_token().hash)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await spend_and_fail()
    assert await found(storage, a_token()) == a_token()


@proves(LinkTokenRepository.put, "Store")
async def test_a_token_keeps_the_address_that_is_to_be_confirmed(storage: Storage) -> None:
    """VF-02: an account has one token for each purpose."""
    token_hash = a_token().hash
    wanted = LinkToken.issued(token_hash, LinkPurpose.EMAIL_CHANGE, ADA, NOON, new_address="Ada.King@example.com")
    reset = LinkToken.issued(LinkTokenHash(bytes(32)), LinkPurpose.PASSWORD_RESET, ADA, NOON)
    await put(storage, ADA, wanted, reset)
    async with storage.reading() as reading:
        assert await reading.link_tokens.find(token_hash) == wanted
        assert await reading.link_tokens.of_account(ADA.id, LinkPurpose.EMAIL_CHANGE) == wanted
        assert await reading.link_tokens.of_account(ADA.id, LinkPurpose.PASSWORD_RESET) == reset
        assert await reading.link_tokens.of_account(ADA.id, LinkPurpose.EMAIL_VERIFICATION) is None
    replaced = replace(wanted, new_address=None)
    await put(storage, replaced)
    async with storage.reading() as reading:
        assert await reading.link_tokens.find(token_hash) == replaced


@proves(LinkTokenRepository.prune, "Delete at most `limit` tokens")
async def test_expired_tokens_are_pruned(storage: Storage) -> None:
    people = [a_user(f"user{number}") for number in range(4)]
    tokens = [a_token(user, number) for number, user in enumerate(people)]
    await put(storage, *people, *tokens)
    async with storage.transaction() as tx:
        assert await tx.link_tokens.prune(NOON + 3 * MINUTE, 2) == 2
        assert await tx.link_tokens.prune(NOON + 3 * MINUTE, 2) == 1
        assert await tx.link_tokens.prune(NOON + 3 * MINUTE, 2) == 0
    assert await found(storage, tokens[3]) == tokens[3]


@proves(UserRepository.delete, "Its letters")
async def test_the_tokens_of_a_deleted_account_go_with_it(storage: Storage) -> None:
    await put(storage, ADA, a_token())
    async with storage.transaction() as tx:
        assert await tx.users.delete(ADA.id)
    assert await found(storage, a_token()) is None


@proves(LinkTokenReader.of_user, "Return the tokens")
async def test_the_tokens_of_an_account_come_by_their_purposes(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    for number, purpose in enumerate(sorted(LinkPurpose, reverse=True)):
        token = LinkToken(
            hash=LinkTokenHash(bytes([number]) * 32),
            purpose=purpose,
            user_id=ada.id,
            address_key="ada@example.org",
            expires_at=NOON + (9 - number) * MINUTE,
        )
        async with storage.transaction() as tx:
            assert await tx.users.lock(ada.id) is not None
            await tx.link_tokens.put(token)
    async with storage.reading() as reading:
        tokens = await reading.link_tokens.of_user(ada.id)
    assert [token.purpose for token in tokens] == sorted(LinkPurpose)
