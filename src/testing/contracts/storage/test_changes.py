from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from doorward.application.ports.repositories import ChangeReader, ChangeRepository, SessionRepository, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change, SequencedChange, Subject
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, grant, put, sessions_of

pytestmark = pytest.mark.asyncio(loop_scope="function")

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
EVER = datetime(1971, 1, 1, tzinfo=UTC)


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


@proves(ChangeReader.latest, "Return the last `count` changes")
async def test_a_new_feed_is_empty(storage: Storage) -> None:
    async with storage.reading() as reading:
        assert await reading.changes.latest(10) == []
        assert await reading.changes.since(0, 10) == []
        assert await reading.changes.among([]) == []


@proves(ChangeReader, "Sequence numbers", "Later announcements")
async def test_changes_are_numbered_in_ascending_order(storage: Storage) -> None:
    sequences = [row.sequence for row in await some(storage, 5)]
    assert sequences == sorted(set(sequences))
    assert sequences[0] > 0


@proves(ChangeReader.since, "Return at most `limit` changes")
async def test_the_changes_since_a_number_include_that_number(storage: Storage) -> None:
    feed = await some(storage, 4)
    async with storage.reading() as reading:
        assert await reading.changes.since(feed[1].sequence, 10) == feed[1:]
        assert await reading.changes.since(feed[1].sequence, 2) == feed[1:3]
        assert await reading.changes.since(feed[3].sequence + 1, 10) == []


@proves(ChangeReader.among, "Return the changes with exactly")
async def test_the_requested_numbers_are_found_and_no_others(storage: Storage) -> None:
    feed = await some(storage, 4)
    numbers = [feed[3].sequence, feed[1].sequence, feed[3].sequence + 900]
    async with storage.reading() as reading:
        assert await reading.changes.among(numbers) == [feed[1], feed[3]]
        assert await reading.changes.among(range(feed[0].sequence, feed[0].sequence + 1000)) == feed


@proves(ChangeReader.latest, "Return the last `count` changes")
async def test_the_latest_changes_are_in_ascending_order(storage: Storage) -> None:
    feed = await some(storage, 4)
    async with storage.reading() as reading:
        assert await reading.changes.latest(2) == feed[2:]
        assert await reading.changes.latest(1000) == feed


@proves(ChangeRepository.prune, "Delete at most `limit` changes")
async def test_pruning_deletes_old_changes_but_never_the_latest(storage: Storage) -> None:
    feed = await some(storage, 5)
    async with storage.transaction() as tx:
        assert await tx.changes.prune(FOREVER, 2) == 2
        assert await tx.changes.since(0, 10) == feed[2:]
        assert await tx.changes.prune(FOREVER, 100) == 2
        assert await tx.changes.prune(FOREVER, 100) == 0
        assert await tx.changes.since(0, 10) == feed[4:]


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
        feed = await reading.changes.since(0, 10)
        assert await reading.changes.among([row.sequence for row in feed]) == feed
        assert await reading.changes.latest(10) == feed
    assert [row.change for row in feed] == [Change.session_ended(ada.id, ended.id), Change.sessions_ended(ada.id, 3)]


@proves(ChangeReader.ended_since, "Return the changes", "If there are more")
async def test_the_ends_since_a_moment_are_found_and_nothing_else(storage: Storage) -> None:
    users = [a_user(f"user{count}") for count in range(4)]
    await put(storage, *users)
    for epoch, user in enumerate(users, 1):
        async with storage.transaction() as tx:
            await tx.sessions.end_all(user.id, epoch)
            await tx.users.grant(user.id, MODERATOR, NOON)
            await tx.users.revoke(user.id, MODERATOR)
    async with storage.reading() as reading:
        ends = [row for row in await reading.changes.since(0, 20) if row.change.subject is Subject.SESSIONS]
        assert [row.change.epoch for row in ends] == [1, 2, 3, 4]
        assert await reading.changes.ended_since(EVER, 4) == ends
        assert await reading.changes.ended_since(ends[2].at, 9) == [row for row in ends if row.at >= ends[2].at]
        assert await reading.changes.ended_since(ends[3].at + timedelta(microseconds=1), 9) == []
        assert len(await reading.changes.ended_since(EVER, 3)) == 3


@proves(ChangeReader.ended_since, "Changes are left out")
async def test_sessions_that_ended_before_all_tokens_were_revoked_are_left_out(storage: Storage) -> None:
    """So that a node that starts reads few changes of an account whose sessions often end."""
    ada, bob = a_user("ada"), a_user("bob")
    own, (other,) = [a_session(ada) for _ in range(4)], [a_session(bob)]
    await put(storage, ada, bob, *own, other)
    async with storage.transaction() as tx:
        await tx.sessions.end([other])
    for epoch, covered in enumerate(own[:2], 1):
        async with storage.transaction() as tx:
            await tx.sessions.end([covered])
            await tx.sessions.revoke_tokens(ada.id, epoch)
    async with storage.transaction() as tx:
        await tx.sessions.end([own[2]])
    async with storage.reading() as reading:
        rows = await reading.changes.ended_since(EVER, 9)
        assert await sessions_of(storage, ada) == [own[3].id]
    assert [row.change for row in rows] == [
        Change.session_ended(bob.id, other.id),
        Change.sessions_ended(ada.id, 2),
        Change.session_ended(ada.id, own[2].id),
    ]


@proves(ChangeReader, "Changes are dated")
async def test_changes_are_dated_by_the_clock_of_the_storage(storage: Storage) -> None:
    """Within a day of this machine's, whatever time zones are about."""
    feed = await some(storage, 2)
    now = datetime.now(UTC)
    assert all(abs(row.at - now) < timedelta(days=1) for row in feed)
    async with storage.transaction() as tx:
        assert await tx.changes.prune(now - timedelta(days=1), 100) == 0
        assert await tx.changes.prune(now + timedelta(days=1), 100) == 1
