import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from doorward.application.ports.invitations import InvitationReader, InvitationRepository
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import ADMIN, USER, RoleName
from doorward.domain.accounts.invitation import INVITATION_LIFE, Invitation
from doorward.domain.ids import InvitationId, UserId, uuid7
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.testing.builders import an_invitation
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE = timedelta(minutes=1)


def a_hash(number: int = 1) -> LinkTokenHash:
    return LinkTokenHash(sha256(bytes([number])).digest())


async def page(storage: Storage, after: InvitationId | None = None, limit: int = 9) -> list[Invitation]:
    async with storage.reading() as reading:
        return list(await reading.invitations.page(after, limit))


async def set_token(storage: Storage, invitation: Invitation, token_hash: LinkTokenHash) -> bool:
    async with storage.transaction() as tx:
        return await tx.invitations.set_token(invitation.id, token_hash)


@proves(InvitationReader.find, "Return the invitation whose link")
@proves(InvitationReader.by_address, "Return")
@proves(InvitationReader, "They are stored")
async def test_an_invitation_comes_back_as_it_was(storage: Storage) -> None:
    roles = frozenset(RoleName(f"{number:02}".replace("0", "a", 1) + "x" * 60) for number in range(32))
    whole = replace(
        an_invitation("Grace+news@Example.org"),
        roles=frozenset({USER, ADMIN}) | roles,
        locale="pt",
        invited_by=UserId(uuid7(NOON)),
        token_hash=LinkTokenHash(b"\0 \xff'" * 8),
    )
    await put(storage, an_invitation(), whole)
    async with storage.reading() as reading:
        assert await reading.invitations.by_address("grace+news@example.org") == whole
        assert await reading.invitations.find(LinkTokenHash(b"\0 \xff'" * 8)) == whole
        assert await reading.invitations.by_address("Grace+news@example.org") is None
        assert await reading.invitations.find(a_hash()) is None


@proves(InvitationRepository.put, "Store the invitation in place")
async def test_the_newest_invitation_of_an_address_replaces_the_one_before(storage: Storage) -> None:
    """RS-02."""
    first, other, second = an_invitation(), an_invitation("grace@example.org"), an_invitation("ADA@example.org", 1)
    await put(storage, first, other)
    assert await set_token(storage, first, a_hash())
    await put(storage, second)
    assert await page(storage) == [other, second] if other.id < second.id else [second, other]
    async with storage.reading() as reading:
        assert await reading.invitations.find(a_hash()) is None


@proves(InvitationRepository.put, "Store the invitation in place")
async def test_of_many_invitations_of_one_address_at_once_one_stays(storage: Storage) -> None:
    @retried
    async def invite(minute: int) -> None:
        async with storage.transaction() as tx:
            await tx.invitations.put(an_invitation(minute=minute))

    await asyncio.gather(*(invite(minute) for minute in range(6)))
    assert len(await page(storage)) == 1


@proves(InvitationRepository.set_token, "Replace the token of the")
async def test_the_newest_token_replaces_the_one_before(storage: Storage) -> None:
    """RS-02."""
    invitation = an_invitation()
    await put(storage, invitation)
    assert await set_token(storage, invitation, a_hash(1))
    assert await set_token(storage, invitation, a_hash(2))
    assert not await set_token(storage, an_invitation(), a_hash(3))
    async with storage.reading() as reading:
        assert await reading.invitations.find(a_hash(1)) is None
        assert await reading.invitations.find(a_hash(2)) == replace(invitation, token_hash=a_hash(2))


@proves(InvitationRepository.spend, "Delete", "Of several")
async def test_of_fifty_who_spend_one_token_at_once_one_succeeds(storage: Storage) -> None:
    """RS-03."""
    await put(storage, replace(an_invitation(), token_hash=a_hash()))

    @retried
    async def spend() -> bool:
        async with storage.transaction() as tx:
            return await tx.invitations.spend(a_hash())

    assert sorted(await asyncio.gather(*(spend() for _ in range(50)))) == [False] * 49 + [True]
    assert await page(storage) == []


@proves(InvitationReader.page, "Return at most `limit` invitations")
async def test_invitations_are_listed_page_by_page(storage: Storage) -> None:
    """AD-04."""
    invitations = [an_invitation(f"user{number}@example.org", number) for number in range(5)]
    await put(storage, *reversed(invitations))
    assert await page(storage) == invitations
    assert await page(storage, limit=2) == invitations[:2]
    assert await page(storage, invitations[1].id, 2) == invitations[2:4]
    assert await page(storage, invitations[4].id) == []


@proves(InvitationRepository.remove, "Return whether there was such")
async def test_an_invitation_is_removed_once(storage: Storage) -> None:
    invitation = an_invitation()
    await put(storage, invitation)
    async with storage.transaction() as tx:
        assert await tx.invitations.remove(invitation.id)
        assert not await tx.invitations.remove(invitation.id)
    assert await page(storage) == []


@proves(InvitationRepository.prune, "Delete at most `limit` invitations")
@proves(InvitationReader, "They are stored")
async def test_expired_invitations_are_pruned(storage: Storage) -> None:
    invitations = [an_invitation(f"user{number}@example.org", number) for number in range(4)]
    await put(storage, *invitations)
    last = NOON + INVITATION_LIFE + 3 * MINUTE
    async with storage.transaction() as tx:
        assert await tx.invitations.prune(last, 2) == 2
        assert await tx.invitations.prune(last, 2) == 1
        assert await tx.invitations.prune(last, 2) == 0
    assert await page(storage) == invitations[3:]
