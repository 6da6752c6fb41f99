"""Where a time, a number or an order ends: what is exactly at a bound, and what is kept beside a change."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.ports.attempts import AttemptReader, AttemptRepository
from doorward.application.ports.audit import AuditEntry, AuditQuery, AuditReader, AuditRepository
from doorward.application.ports.letters import LetterRepository, LinkTokenReader
from doorward.application.ports.repositories import ChangeRepository
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import LeaseRepository, Storage, Transaction
from doorward.application.ports.user_pages import UserPages
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, LoginHash
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.audit.sealed_entry import StreamId
from doorward.domain.errors import TransactionConflict
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@proves(LetterRepository.save, "Save everything but")
async def test_a_saved_letter_keeps_its_slot_and_the_time_of_its_creation(storage: Storage) -> None:
    letter = Letter.requested(LetterKind.PASSWORD_RESET, Email.parse("ada@example.org"), "de", NOON)
    other = Letter.requested(LetterKind.PASSWORD_RESET, Email.parse("bob@example.org"), "de", NOON + HOUR)
    await put(storage, letter)
    sent = letter.sent(NOON + MINUTE)
    async with storage.transaction() as tx:
        assert await tx.letters.save(replace(sent, slot=other.slot, created_at=other.created_at))
        assert not await tx.letters.add(replace(other, slot=letter.slot))
        assert await tx.letters.add(other)
    async with storage.reading() as reading:
        assert await reading.letters.get(letter.id) == sent


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


@proves(AttemptRepository.prune, "Delete at most", "Of those, keep")
async def test_counts_that_are_exactly_as_old_as_the_bound_are_kept(storage: Storage) -> None:
    few_at_the_bound = AttemptCount(attempts=1, first_at=NOON - HOUR, allowed_at=NOON)
    many_at_the_bound = AttemptCount(attempts=9, first_at=NOON - HOUR, allowed_at=NOON - MINUTE)
    async with storage.transaction() as tx:
        await tx.attempts.add(AttemptKey(LoginHash(b"1" * 32)), few_at_the_bound)
        await tx.attempts.add(AttemptKey(LoginHash(b"2" * 32)), many_at_the_bound)
        assert await tx.attempts.prune(NOON, NOON - HOUR, 2, 9) == 0
        assert await tx.attempts.prune(NOON + MINUTE, NOON - MINUTE, 2, 9) == 2


@proves(ChangeRepository.prune, "Delete at most")
async def test_changes_that_are_exactly_as_old_as_the_bound_are_kept(storage: Storage) -> None:
    users = [a_user(name) for name in ("ada", "bob")]
    await put(storage, *users)
    for user in users:
        await grant(storage, user, MODERATOR)
    async with storage.transaction() as tx:
        first, _ = await tx.changes.latest(2)
        assert await tx.changes.prune(first.at, 9) == 0
        assert await tx.changes.prune(first.at + MINUTE, 9) == 1


def an_entry(account: User, number: int) -> AuditEntry:
    return AuditEntry(event=SecurityEvent.USER_UPDATED, by=OPERATOR, account=account.id, after={"n": number})


@proves(AuditRepository.prune, "Delete at most")
async def test_entries_that_are_exactly_as_old_as_the_bound_are_kept(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.audit.append(an_entry(ada, 1))
    async with storage.transaction() as tx:
        (entry,) = await tx.audit.page(AuditQuery(), None, 9)
        assert await tx.audit.prune(entry.sealed.at, 9) == 0
        assert await tx.audit.prune(entry.sealed.at + MINUTE, 9) == 1


@proves(AuditReader.in_order, "Return at most")
async def test_entries_follow_the_one_with_the_given_number_in_its_stream(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.audit.append(*(an_entry(ada, number) for number in range(1, 5)))
    async with storage.reading() as reading:
        for number in range(5):
            following = await reading.audit.in_order(StreamId(ada.id), number, 2)
            assert [each.sealed.number for each in following] == list(range(1, 5))[number : number + 2]


@proves(AuditReader.page, "The entries of one account")
async def test_entries_of_several_accounts_are_listed_by_their_times_and_not_by_their_numbers(
    storage: Storage,
) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    await put(storage, ada, bob)
    for account, number in (*((ada, number) for number in range(1, 12)), (bob, 1)):
        async with storage.transaction() as tx:
            await tx.audit.append(an_entry(account, number))
    async with storage.reading() as reading:
        times = [each.sealed.at for each in await reading.audit.page(AuditQuery(), None, 20)]
    milliseconds = [time.replace(microsecond=time.microsecond // 1000 * 1000) for time in times]
    assert len(times) == 12
    assert milliseconds == sorted(milliseconds, reverse=True)


@proves(UserPages, "A page has at most")
async def test_a_page_has_no_more_accounts_than_were_asked_for(storage: Storage) -> None:
    await put(storage, *map(a_user, ["ada", "bob", "carl"]))
    async with storage.reading() as reading:
        pages = reading.user_pages
        assert len(await pages.by_username("", None, 2)) == 2
        assert len(await pages.by_email("", None, 2)) == 2
        assert len(await pages.by_creation(None, 2, latest_first=True)) == 2


@proves(LeaseRepository.give_up, "End the lease")
async def test_nobody_gives_up_a_lease_that_is_not_there(storage: Storage) -> None:
    async with storage.transaction() as tx:
        for holder in ("ada", ""):
            await tx.leases.give_up("pruning", holder)
        assert await tx.leases.take("pruning", "bob", NOON, NOON + MINUTE)


@proves(Storage, "StorageUnavailable and TransactionConflict")
async def test_each_conflict_names_its_cause_for_the_log(storage: Storage) -> None:
    ada, key = a_user("ada"), AttemptKey(LoginHash(b"1" * 32))
    count = AttemptCount(attempts=1, first_at=NOON, allowed_at=NOON)
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.attempts.add(key, count)
        await tx.adoptions.add_all("tutorial", ["1"])
    conflicts: list[Callable[[Transaction], Awaitable[object]]] = [
        lambda tx: tx.attempts.add(key, count),
        lambda tx: tx.adoptions.add_all("tutorial", ["1"]),
        lambda tx: tx.users.add(replace(a_user("bob"), id=ada.id)),
        lambda tx: tx.users.save(replace(ada, version=7)),
    ]
    for conflict in conflicts:
        with pytest.raises(TransactionConflict) as refused:
            await run(storage, conflict)
        assert refused.value.cause


async def run(storage: Storage, change: Callable[[Transaction], Awaitable[object]]) -> None:
    async with storage.transaction() as tx:
        await change(tx)


@proves(AttemptReader.with_user, "Return the count")
async def test_a_transaction_reads_a_count_with_its_account_too(storage: Storage) -> None:
    ada, key = a_user("ada"), AttemptKey(LoginHash(b"1" * 32))
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.attempts.with_user(key, "ada") == (None, ada)
        assert await tx.attempts.with_user(key, "nobody") == (None, None)


@proves(Storage, "A new storage contains")
async def test_the_roles_of_a_new_storage_have_a_time_of_creation(storage: Storage) -> None:
    async with storage.reading() as reading:
        roles = await reading.roles.all()
    assert len(roles) == 3
    assert all(role.created_at.utcoffset() == timedelta(0) for role in roles)
