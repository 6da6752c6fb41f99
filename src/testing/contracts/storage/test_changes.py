from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from doorward.application.ports.repositories import ChangeReader, ChangeRepository, SessionRepository, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import NUMBERS_PER_SPAN, Change, SequencedChange, SpanCount, Subject
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
EVER = datetime(1971, 1, 1, tzinfo=UTC)


def in_order(rows: Sequence[SequencedChange]) -> Sequence[SequencedChange]:
    return sorted(rows, key=lambda row: (row.at, row.sequence))


def counted(rows: Sequence[SequencedChange]) -> Iterator[SpanCount]:
    for span in {row.sequence // NUMBERS_PER_SPAN for row in rows}:
        times = [row.at for row in rows if row.sequence // NUMBERS_PER_SPAN == span]
        yield SpanCount(span, len(times), max(times))


async def some(storage: Storage, number: int) -> Sequence[SequencedChange]:
    """So many changes of as many accounts, each in a transaction of its own."""
    users = [a_user(f"user{count}") for count in range(number)]
    await put(storage, *users)
    for user in users:
        await grant(storage, user, MODERATOR)
    async with storage.reading() as reading:
        feed = await reading.changes.latest(number)
    assert [row.change for row in feed] == [Change.of_account(user.id) for user in users]
    return feed


@proves(ChangeReader.latest, "Return the `count` changes")
async def test_a_new_feed_is_empty(storage: Storage) -> None:
    async with storage.reading() as reading:
        assert await reading.changes.latest(10) == []
        assert await reading.changes.counts(EVER) == []
        assert await reading.changes.between(0, 10, EVER) == []


@proves(ChangeReader, "Sequence numbers")
async def test_numbers_are_positive_and_differ(storage: Storage) -> None:
    sequences = [row.sequence for row in await some(storage, 5)]
    assert len(set(sequences)) == 5
    assert min(sequences) > 0


@proves(ChangeReader.between, "Return the changes")
async def test_the_changes_between_two_numbers_include_both(storage: Storage) -> None:
    feed = await some(storage, 4)
    numbers = [row.sequence for row in feed]
    async with storage.reading() as reading:
        assert in_order(await reading.changes.between(numbers[1], numbers[2], EVER)) == feed[1:3]
        assert in_order(await reading.changes.between(0, numbers[3] + 900, EVER)) == feed
        assert await reading.changes.between(numbers[3] + 1, numbers[3] + 900, EVER) == []
        late = in_order(await reading.changes.between(0, numbers[3], feed[2].at))
    assert late == [row for row in feed if row.at >= feed[2].at]


@proves(ChangeReader.counts, "Return for each span", "A span")
async def test_changes_are_counted_by_spans_of_numbers(storage: Storage) -> None:
    feed = await some(storage, 2)
    ada = a_user("ada")
    own = [a_session(ada) for _ in range(NUMBERS_PER_SPAN)]
    await put(storage, ada, *own)
    async with storage.transaction() as tx:
        await tx.sessions.end(own)
    async with storage.reading() as reading:
        feed = await reading.changes.latest(NUMBERS_PER_SPAN + 2)
        counts = await reading.changes.counts(EVER)
        late = await reading.changes.counts(feed[1].at)
        assert await reading.changes.counts(feed[-1].at + timedelta(microseconds=1)) == []
    assert len(counts) >= 2
    assert set(counts) == {*counted(feed)}
    assert set(late) == {*counted([row for row in feed if row.at >= feed[1].at])}


@proves(ChangeReader.latest, "Return the `count` changes", "Changes of the same time")
async def test_the_latest_changes_are_in_ascending_order(storage: Storage) -> None:
    feed = await some(storage, 4)
    ada = a_user("ada")
    own = [a_session(ada) for _ in range(3)]
    await put(storage, ada, *own)
    async with storage.transaction() as tx:
        await tx.sessions.end(own)
    async with storage.reading() as reading:
        assert (await reading.changes.latest(1000))[:4] == feed
        latest = await reading.changes.latest(5)
    assert latest == in_order(latest)
    assert latest[:2] == feed[2:]


@proves(ChangeRepository.prune, "Delete at most `limit` changes")
async def test_pruning_deletes_old_changes_but_never_the_latest(storage: Storage) -> None:
    feed = await some(storage, 5)
    async with storage.transaction() as tx:
        assert await tx.changes.prune(FOREVER, 2) == 2
        assert await tx.changes.latest(10) == feed[2:]
        assert await tx.changes.prune(FOREVER, 100) == 2
        assert await tx.changes.prune(FOREVER, 100) == 0
        assert await tx.changes.latest(10) == feed[4:]


@proves(ChangeRepository.prune, "Delete at most `limit` changes")
async def test_pruning_keeps_young_changes(storage: Storage) -> None:
    feed = await some(storage, 3)
    async with storage.transaction() as tx:
        assert await tx.changes.prune(EVER, 100) == 0
        assert await tx.changes.latest(3) == feed


@proves(ChangeReader, "Sequence numbers")
async def test_each_number_is_used_once(storage: Storage) -> None:
    """Not even when everything that may be forgotten was, and not when a transaction that had it was rolled back."""
    feed = await some(storage, 2)
    async with storage.transaction() as tx:
        await tx.changes.prune(FOREVER, 100)
    ada = a_user("ada")
    await put(storage, ada)
    await grant(storage, ada, MODERATOR)
    async with storage.reading() as reading:
        (latest,) = await reading.changes.latest(1)
    assert latest.sequence > feed[-1].sequence


@proves(UserRepository, "Each of `save`")
async def test_the_feed_announces_a_deleted_account(storage: Storage) -> None:
    ada: User = a_user("ada")
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.users.delete(ada.id)
    assert await found(storage, ada.id) is None
    async with storage.reading() as reading:
        rows = await reading.changes.latest(10)
    assert [row.change for row in rows] == [Change.of_account(ada.id), Change.sessions_ended(ada.id, 1)]


@proves(SessionRepository.end, "Announce")
@proves(SessionRepository.revoke_tokens, "Announce")
async def test_the_feed_names_the_sessions_that_ended(storage: Storage) -> None:
    ada = a_user("ada")
    ended = a_session(ada)
    await put(storage, ada, ended, a_session(ada))
    async with storage.transaction() as tx:
        await tx.sessions.end([ended])
        await tx.sessions.end_all(ada.id, 3)
    async with storage.reading() as reading:
        feed = await reading.changes.latest(10)
        assert in_order(await reading.changes.between(0, feed[-1].sequence, EVER)) == feed
    assert [row.change for row in feed] == [Change.session_ended(ada.id, ended.id), Change.sessions_ended(ada.id, 3)]


@proves(ChangeReader.ended_since, "Return at most", "They were announced")
async def test_the_ends_since_a_moment_are_found_part_by_part_and_nothing_else(storage: Storage) -> None:
    users = [a_user(f"user{count}") for count in range(4)]
    own = [a_session(users[0]) for _ in range(3)]
    await put(storage, *users, *own)
    async with storage.transaction() as tx:
        await tx.sessions.end(own)
    for epoch, user in enumerate(users, 1):
        async with storage.transaction() as tx:
            await tx.sessions.end_all(user.id, epoch)
            await tx.users.grant(user.id, MODERATOR, NOON)
            await tx.users.revoke(user.id, MODERATOR)
    async with storage.reading() as reading:
        ends = [row for row in await reading.changes.latest(30) if row.change.subject is Subject.SESSIONS]
        assert [row.change.epoch for row in ends] == [None, None, None, 1, 2, 3, 4]
        assert await reading.changes.ended_since(EVER, 0, 9) == ends
        for number, row in enumerate(ends):
            assert await reading.changes.ended_since(row.at, row.sequence, 2) == ends[number + 1 : number + 3]


@proves(ChangeReader, "Changes are dated")
async def test_changes_are_dated_by_the_clock_of_the_storage(storage: Storage) -> None:
    """Within a day of this machine's, whatever time zones are about."""
    feed = await some(storage, 2)
    now = datetime.now(UTC)
    assert all(abs(row.at - now) < timedelta(days=1) for row in feed)
    async with storage.transaction() as tx:
        assert await tx.changes.prune(now - timedelta(days=1), 100) == 0
        assert await tx.changes.prune(now + timedelta(days=1), 100) == 1
