import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from doorward.application.ports.letters import UndoLinkReader, UndoLinkRepository
from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing, EmailTaken
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.domain.letters.undo_link import UndoLink
from doorward.testing.builders import a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE = timedelta(minutes=1)
ADA, GRACE = a_user("ada"), a_user("grace")
OLD, OLDER = Email.parse("Old@example.org"), Email.parse("older@example.org")


def a_link(user: User = ADA, address: Email = OLD, number: int = 1) -> UndoLink:
    return UndoLink(
        hash=LinkTokenHash(sha256(bytes([number])).digest()),
        user_id=user.id,
        address=address,
        expires_at=NOON + number * MINUTE,
    )


async def found(storage: Storage, link: UndoLink) -> UndoLink | None:
    async with storage.reading() as reading:
        return await reading.undo_links.find(link.hash)


async def is_reserved(storage: Storage, address: Email, other_than: User) -> bool:
    async with storage.reading() as reading:
        return await reading.undo_links.is_reserved(address.key, other_than.id, NOON)


@proves(UndoLinkReader.find, "Return the link with the")
async def test_a_link_is_found_by_its_exact_hash(storage: Storage) -> None:
    """VF-02."""
    link = replace(a_link(), hash=LinkTokenHash(b"\0 \xffaA'\\ " * 4))
    await put(storage, ADA, link)
    assert await found(storage, link) == link
    for other in (link.hash.swapcase(), link.hash[:-1] + b"\0", b"", b"' OR '1'='1".ljust(32)):
        assert await found(storage, replace(link, hash=LinkTokenHash(other))) is None


@proves(UndoLinkRepository.put, "Store")
@proves(UndoLinkReader.of_account, "Return the links of the")
async def test_an_account_has_one_link_for_each_address_and_the_newest_replaces_the_one_before(
    storage: Storage,
) -> None:
    """VF-02."""
    first, older, newest = a_link(number=1), a_link(address=OLDER, number=2), a_link(number=3)
    hers = a_link(GRACE, number=4)
    await put(storage, ADA, GRACE, first, older, newest, hers)
    async with storage.reading() as reading:
        assert await reading.undo_links.of_account(ADA.id) == [newest, older]
        assert await reading.undo_links.of_account(GRACE.id) == [hers]
    assert await found(storage, first) is None


@proves(UndoLinkRepository.put, "Raise")
async def test_a_link_of_no_account_is_refused(storage: Storage) -> None:
    with pytest.raises(AccountMissing):
        await put(storage, a_link())


@proves(UndoLinkReader.is_reserved, "Return")
async def test_an_address_is_reserved_for_its_account_until_the_link_expires(storage: Storage) -> None:
    """VF-02."""
    await put(storage, ADA, GRACE, a_link(number=1), a_link(address=OLDER, number=0))
    assert await is_reserved(storage, OLD, GRACE)
    assert not await is_reserved(storage, OLD, ADA)
    assert not await is_reserved(storage, OLDER, GRACE)
    assert not await is_reserved(storage, Email.parse("other@example.org"), GRACE)


@proves(UndoLinkReader.is_reserved, "Then of two")
async def test_an_address_that_is_given_up_is_taken_by_nobody_at_the_same_moment(storage: Storage) -> None:
    """VF-02: who asks after storing sees what the other transaction reserved."""
    new = ADA.with_email(Email.parse("new@example.org"))
    thief = a_user("grace").with_email(email_of(ADA))
    await put(storage, ADA)

    @retried
    async def give_up() -> None:
        async with storage.transaction() as tx:
            held = await tx.users.lock(ADA.id)
            assert held is not None
            await tx.users.save(replace(new, version=held.version))
            await tx.undo_links.put(a_link(address=email_of(ADA)))

    @retried
    async def take() -> None:
        async with storage.transaction() as tx:
            await tx.users.add(thief)
            if await tx.undo_links.is_reserved(email_of(thief).key, thief.id, NOON):
                raise EmailTaken

    outcomes = await asyncio.gather(give_up(), *(take() for _ in range(5)), return_exceptions=True)
    assert outcomes[0] is None
    assert {type(outcome) for outcome in outcomes[1:]} == {EmailTaken}


@proves(UndoLinkRepository.void, "Delete all links of the")
async def test_the_links_of_one_account_are_voided(storage: Storage) -> None:
    """VF-02."""
    hers = a_link(GRACE, number=3)
    await put(storage, ADA, GRACE, a_link(), a_link(address=OLDER, number=2), hers)
    async with storage.transaction() as tx:
        await tx.undo_links.void(ADA.id)
    async with storage.reading() as reading:
        assert await reading.undo_links.of_account(ADA.id) == []
    assert await found(storage, hers) == hers


@proves(UndoLinkRepository.void_since, "Delete this link, and those")
async def test_a_link_is_voided_with_those_that_do_not_expire_before_it(storage: Storage) -> None:
    """VF-02."""
    addresses = [Email.parse(f"user{number}@example.org") for number in range(4)]
    older, used, newer = [a_link(address=addresses[number], number=number) for number in range(1, 4)]
    twin = replace(used, address=addresses[0], hash=LinkTokenHash(bytes(32)))
    hers = a_link(GRACE, number=4)
    await put(storage, ADA, GRACE, older, used, twin, newer, hers)
    async with storage.transaction() as tx:
        await tx.undo_links.void_since(used)
    async with storage.reading() as reading:
        assert await reading.undo_links.of_account(ADA.id) == [older]
        assert await reading.undo_links.of_account(GRACE.id) == [hers]


@proves(UndoLinkRepository.prune, "Delete at most `limit` links")
async def test_expired_links_are_pruned(storage: Storage) -> None:
    links = [a_link(address=Email.parse(f"user{number}@example.org"), number=number) for number in range(4)]
    await put(storage, ADA, *links)
    async with storage.transaction() as tx:
        assert await tx.undo_links.prune(NOON + 3 * MINUTE, 2) == 2
        assert await tx.undo_links.prune(NOON + 3 * MINUTE, 2) == 1
        assert await tx.undo_links.prune(NOON + 3 * MINUTE, 2) == 0
    assert await found(storage, links[3]) == links[3]


@proves(UserRepository.delete, "Its letters")
async def test_the_links_of_a_deleted_account_go_with_it(storage: Storage) -> None:
    await put(storage, ADA, a_link())
    async with storage.transaction() as tx:
        assert await tx.users.delete(ADA.id)
    assert await found(storage, a_link()) is None
