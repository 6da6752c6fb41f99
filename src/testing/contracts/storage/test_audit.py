"""The promises of the audit log's port on each storage adapter."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from doorward.application.ports.audit import AuditEntry, AuditQuery, AuditReader, AuditRecord, AuditRepository
from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.user import User
from doorward.domain.audit.sealed_entry import BEFORE_THE_FIRST, SERVICE_STREAM, AuditEntryId, StreamId
from doorward.domain.audit.source import Source
from doorward.domain.ids import uuid7
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADA, GRACE = a_user("ada"), a_user("grace")
ADAS, GRACES = StreamId(ADA.id), StreamId(GRACE.id)
EVERYTHING = AuditQuery()
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def an_entry(account: User | None = ADA, number: int = 1, by: User | None = None) -> AuditEntry:
    source = OPERATOR if by is None else Source.of_account(by.id, a_session(by).id, "192.0.2.7")
    user_id = account.id if account else None
    return AuditEntry(
        event=SecurityEvent.USER_UPDATED, by=source, account=user_id, before={"n": number - 1}, after={"n": number}
    )


async def append(storage: Storage, *entries: AuditEntry) -> None:
    """Append each entry in a transaction of its own."""
    for entry in entries:
        async with storage.transaction() as tx:
            await tx.audit.append(entry)


async def page(
    storage: Storage, query: AuditQuery = EVERYTHING, after: AuditEntryId | None = None, limit: int = 100
) -> list[AuditRecord]:
    async with storage.reading() as reading:
        return list(await reading.audit.page(query, after, limit))


async def in_order(storage: Storage) -> list[AuditRecord]:
    async with storage.reading() as reading:
        return list(await reading.audit.in_order(SERVICE_STREAM, 0, 1000))


def numbers(records: list[AuditRecord]) -> list[int]:
    return [int(str(record.after["n"])) for record in records]


def require_unbroken(records: list[AuditRecord], previous: bytes = BEFORE_THE_FIRST, last_number: int = 0) -> None:
    """The records are one stream in its order."""
    for record in records:
        entry = record.sealed
        assert entry.number == last_number + 1
        assert entry.hash == entry.hash_after(previous)
        previous, last_number = entry.hash, entry.number


@proves(AuditReader.page, "Return at most")
async def test_an_entry_is_read_as_it_was_written(storage: Storage) -> None:
    """AD-03: who, what, before and after, from where."""
    await put(storage, ADA, GRACE)
    await append(storage, an_entry(ADA, 7, by=GRACE))
    (record,) = await page(storage)
    assert (record.before, record.after, record.address, record.erased) == ({"n": 6}, {"n": 7}, "192.0.2.7", False)
    assert (record.sealed.stream, record.sealed.actor) == (ADAS, str(GRACE.id))
    assert (record.sealed.event, record.sealed.number) == ("user_updated", 1)
    assert record.sealed.session_id is not None


@proves(AuditRepository.append, "What identifies")
async def test_the_stored_bytes_do_not_contain_what_identifies_somebody(storage: Storage) -> None:
    await put(storage, ADA)
    await append(storage, an_entry(by=ADA))
    (record,) = await page(storage)
    assert b"192.0.2.7" not in record.sealed.source
    assert b'"n"' not in record.sealed.details


@proves(AuditRepository.append, "Append", "Each has the hash", "A stream begins")
@proves(AuditReader.in_order, "Return at most `limit` entries")
async def test_each_account_has_a_chain_of_its_own_and_the_service_has_one(storage: Storage) -> None:
    await put(storage, ADA, GRACE)
    await append(storage, *(an_entry(who, number) for number in (1, 2, 3) for who in (ADA, None, GRACE)))
    records = await in_order(storage)
    for stream in (SERVICE_STREAM, ADAS, GRACES):
        own = [record for record in records if record.sealed.stream == stream]
        require_unbroken(own)
        assert [record.after for record in own] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert [record.sealed.stream for record in records] == sorted(record.sealed.stream for record in records)


@proves(AuditRepository.append, "Append", "Each has the hash")
async def test_entries_of_one_transaction_follow_each_other(storage: Storage) -> None:
    await put(storage, ADA)
    async with storage.transaction() as tx:
        await tx.users.lock(ADA.id)
        await tx.audit.append(an_entry(number=1), an_entry(number=2))
        await tx.audit.append(an_entry(number=3))
    require_unbroken(await in_order(storage))
    assert numbers(await in_order(storage)) == [1, 2, 3]


@proves(Storage.transaction, "Roll back")
async def test_what_is_rolled_back_leaves_no_entry(storage: Storage) -> None:
    """AD-03: the entry is part of the transaction of its change."""
    await put(storage, ADA)
    await append(storage, an_entry())

    async def append_and_fail() -> None:
        async with storage.transaction() as tx:
            await tx.audit.append(an_entry(number=2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await append_and_fail()
    await append(storage, an_entry(number=3))
    require_unbroken(await in_order(storage))
    assert numbers(await in_order(storage)) == [1, 3]


@proves(AuditRepository.append, "Of transactions")
@pytest.mark.parametrize("locks", [True, False])
async def test_twenty_writers_of_one_stream_leave_no_gap(storage: Storage, locks: bool) -> None:
    """Those that hold the account never have to begin again; without the lock the unique number decides."""
    await put(storage, ADA)
    runs = 0

    async def write(number: int) -> None:
        nonlocal runs
        async with storage.transaction() as tx:
            runs += 1
            if locks:
                await tx.users.lock(ADA.id)
            await tx.audit.append(an_entry(number=number))

    await append(storage, an_entry(number=0))
    await asyncio.gather(*(retried(write)(number) for number in range(1, 21 if locks else 4)))
    records = await in_order(storage)
    require_unbroken(records)
    assert sorted(numbers(records)) == list(range(len(records)))
    assert len(records) == (21 if locks else 4)
    assert runs == 20 or not locks


@proves(AuditReader.page, "Return at most", "The entries of one account")
async def test_entries_are_listed_page_by_page_the_newest_first(storage: Storage) -> None:
    """AD-04."""
    await put(storage, ADA, GRACE)
    await append(storage, *(an_entry(ADA, number, by=GRACE) for number in range(1, 6)), an_entry(GRACE, 9))
    for query in (
        AuditQuery(account=ADA.id),
        AuditQuery(actor=str(GRACE.id)),
        AuditQuery(account=ADA.id, event="user_updated"),
    ):
        seen: list[AuditRecord] = []
        while found := await page(storage, query, seen[-1].sealed.id if seen else None, limit=2):
            seen += found
        assert sorted(numbers(seen), reverse=True) == [5, 4, 3, 2, 1]
        if query.account:
            assert numbers(seen) == [5, 4, 3, 2, 1]
    assert len(await page(storage, AuditQuery(event="user_updated"))) == 6
    assert len(await page(storage)) == 6
    assert await page(storage, AuditQuery(event="user_deleted")) == []
    assert await page(storage, AuditQuery(account=GRACE.id, actor=str(GRACE.id))) == []
    assert await page(storage, AuditQuery(account=ADA.id), AuditEntryId(uuid7(LATER))) == []


@proves(UserRepository.delete, "So does the key")
async def test_the_key_of_a_deleted_person_is_gone_and_the_chain_holds(storage: Storage) -> None:
    """ST-08."""
    await put(storage, ADA, GRACE)
    await append(storage, an_entry(ADA, by=ADA), an_entry(GRACE, by=ADA))
    async with storage.transaction() as tx:
        await tx.users.lock(ADA.id)
        await tx.audit.append(an_entry(ADA, 2, by=GRACE))
        await tx.users.delete(ADA.id)
    records = await in_order(storage)
    require_unbroken([record for record in records if record.sealed.stream == ADAS])
    about_ada = [record for record in records if record.sealed.stream == ADAS]
    assert [record.erased for record in about_ada] == [True, True]
    assert [record.address for record in about_ada] == [None, "192.0.2.7"]  # the second is Grace's own
    (about_grace,) = (record for record in records if record.sealed.stream == GRACES)
    assert (about_grace.address, about_grace.after) == (None, {"n": 1})
    async with storage.reading() as reading:
        assert (await reading.audit.streams([ADAS]))[ADAS].key is None


@proves(AuditRepository.append, "An entry for an account that was deleted")
async def test_an_entry_for_a_deleted_account_keeps_nothing_that_identifies(storage: Storage) -> None:
    await put(storage, ADA)
    await append(storage, an_entry(ADA, by=ADA))
    async with storage.transaction() as tx:
        await tx.users.delete(ADA.id)
    await append(storage, an_entry(ADA, 2, by=ADA))
    latest = (await page(storage, AuditQuery(account=ADA.id)))[0]
    assert (latest.sealed.number, latest.sealed.source, latest.sealed.details) == (2, b"", b"")


@proves(AuditRepository.prune, "Delete at most", "Each stream")
@proves(AuditReader.streams, "Return")
async def test_a_pruned_stream_goes_on_from_its_anchor(storage: Storage) -> None:
    await put(storage, ADA)
    await append(storage, *(an_entry(ADA, number) for number in range(1, 6)))
    before = await in_order(storage)
    async with storage.transaction() as tx:
        assert await tx.audit.prune(before[0].sealed.at - timedelta(days=1), 10) == 0
        assert await tx.audit.prune(LATER, 3) == 3
    async with storage.reading() as reading:
        anchor = (await reading.audit.streams([ADAS]))[ADAS]
    assert anchor.pruned_number in {3, 4, 5}  # ids of one millisecond have no order
    require_unbroken(await in_order(storage), anchor.pruned_hash, anchor.pruned_number)
    async with storage.transaction() as tx:
        await tx.audit.prune(LATER, 10)
    assert await in_order(storage) == []
    await append(storage, an_entry(ADA, 6))
    require_unbroken(await in_order(storage), before[4].sealed.hash, 5)


@proves(AuditRepository.prune, "A stream without")
@proves(AuditReader.streams, "Unknown")
async def test_a_deleted_account_leaves_nothing_when_its_entries_are_pruned(storage: Storage) -> None:
    await put(storage, ADA, GRACE)
    await append(storage, an_entry(ADA), an_entry(GRACE), an_entry(None))
    async with storage.transaction() as tx:
        await tx.users.delete(ADA.id)
        await tx.audit.prune(LATER, 10)
    async with storage.reading() as reading:
        left = await reading.audit.streams([ADAS, GRACES, SERVICE_STREAM])
    assert left.keys() == {GRACES, SERVICE_STREAM}


@proves(AuditRepository.append, "A stream begins")
async def test_many_accounts_get_their_first_entries_at_once(storage: Storage) -> None:
    people = [a_user(f"user{number}") for number in range(30)]
    async with storage.transaction() as tx:
        await tx.users.add_all(people)
        await tx.audit.append(*(an_entry(user) for user in people))
    assert {record.sealed.stream for record in await in_order(storage)} == {StreamId(user.id) for user in people}
    assert {record.sealed.number for record in await in_order(storage)} == {1}


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
