"""No entry of the directory is older than an announced change of its account, nor than four seconds."""

import asyncio

import pytest

from doorward.application.change_feed.directory import (
    BATCH_SIZE,
    MAX_AGE_SECONDS,
    REFRESH_AFTER_SECONDS,
    REFRESHED_AT_ONCE,
    AccessDirectory,
)
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import StorageUnavailable
from doorward.domain.ids import UserId, uuid7
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON, FrozenClock
from support.doubles import WatchedStorage


async def ready(*roles: RoleName) -> tuple[WatchedStorage, FrozenClock, AccessDirectory, UserId]:
    storage, clock = WatchedStorage(), FrozenClock()
    user = a_user("ada", *roles)
    async with storage.transaction() as tx:
        await tx.users.add(user)
    return storage, clock, AccessDirectory(storage, clock), user.id


async def by_hand(storage: MemoryStorage, user_id: UserId, role: RoleName) -> None:
    """Grant the role on another node, so that this one gets no notification."""
    async with MemoryStorage(database=storage.database).transaction() as tx:
        await tx.users.grant(user_id, role, NOON)


async def roles_of(directory: AccessDirectory, user_id: UserId) -> frozenset[RoleName]:
    access = await directory.access(user_id)
    assert access is not None
    return access.roles


async def test_a_thousand_requests_of_one_account_read_the_database_once() -> None:
    storage, _, directory, ada = await ready()
    for _ in range(1000):
        await directory.access(ada)
    assert storage.readings == 1


async def test_concurrent_requests_share_one_read() -> None:
    storage, _, directory, ada = await ready()
    await asyncio.gather(*(directory.access(ada) for _ in range(50)))
    assert storage.readings == 1


async def test_a_role_that_this_node_granted_holds_on_the_next_request() -> None:
    """TK-16."""
    storage, _, directory, ada = await ready()
    assert await roles_of(directory, ada) == {USER}
    async with storage.transaction() as tx:
        await tx.users.grant(ada, MODERATOR, NOON)
    assert await roles_of(directory, ada) == {USER, MODERATOR}


async def test_a_removed_role_is_gone_for_every_account_at_once() -> None:
    storage, _, directory, ada = await ready(MODERATOR)
    await directory.access(ada)
    async with storage.transaction() as tx:
        await tx.roles.remove(MODERATOR)
    assert await roles_of(directory, ada) == {USER}


async def test_a_read_that_began_before_a_change_does_not_become_an_entry() -> None:
    storage, _, directory, ada = await ready()
    storage.gate.clear()
    slow = asyncio.create_task(directory.access(ada))
    while not storage.readings:
        await asyncio.sleep(0)
    async with storage.transaction() as tx:
        await tx.users.grant(ada, ADMIN, NOON)
    storage.gate.set()
    await slow
    assert await roles_of(directory, ada) == {USER, ADMIN}


async def test_a_table_edited_by_hand_takes_effect_after_four_seconds() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    await by_hand(storage, ada, ADMIN)
    clock.move(MAX_AGE_SECONDS - 0.1)
    assert await roles_of(directory, ada) == {USER}
    clock.move(0.1)
    assert await roles_of(directory, ada) == {USER, ADMIN}


async def test_entries_in_use_are_read_again_in_the_background() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    await by_hand(storage, ada, ADMIN)
    clock.move(REFRESH_AFTER_SECONDS)
    await directory.refresh()
    readings = storage.readings
    assert await roles_of(directory, ada) == {USER, ADMIN}
    assert storage.readings == readings


async def test_entries_that_are_not_in_use_are_dropped_and_not_read_again() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    for _ in range(10):
        clock.move(REFRESH_AFTER_SECONDS)
        await directory.refresh()
    assert storage.readings == 2  # the first one, and one refresh after its only use
    assert directory.size == 0


async def test_a_change_announced_during_a_refresh_wins_over_the_refresh() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    clock.move(REFRESH_AFTER_SECONDS)
    storage.gate.clear()
    refreshing = asyncio.create_task(directory.refresh())
    while storage.readings < 2:
        await asyncio.sleep(0)
    directory.apply([Change.of_account(ada)])
    storage.gate.set()
    await refreshing
    assert directory.known(ada) is None


async def test_a_deleted_account_is_cached_as_missing() -> None:
    storage, _, directory, ada = await ready()
    async with storage.transaction() as tx:
        await tx.users.delete(ada)
    assert [await directory.access(ada), await directory.access(ada)] == [None, None]
    assert storage.readings == 1


async def test_entries_serve_while_the_database_does_not_answer_until_they_are_too_old() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    storage.away = True
    clock.move(MAX_AGE_SECONDS - 0.1)
    assert await roles_of(directory, ada) == {USER}
    clock.move(0.1)
    with pytest.raises(StorageUnavailable):
        await directory.access(ada)
    storage.away = False
    assert await roles_of(directory, ada) == {USER}


async def test_a_request_that_is_cancelled_does_not_cancel_the_others_that_wait() -> None:
    storage, _, directory, ada = await ready()
    storage.gate.clear()
    impatient = asyncio.create_task(directory.access(ada))
    patient = asyncio.create_task(directory.access(ada))
    while not storage.readings:
        await asyncio.sleep(0)
    impatient.cancel()
    storage.gate.set()
    access = await patient
    assert access is not None
    assert storage.readings == 1


async def test_a_change_of_the_keys_does_not_drop_accounts() -> None:
    storage, _, directory, ada = await ready()
    await directory.access(ada)
    directory.apply([Change(Subject.KEYS)])
    await directory.access(ada)
    assert storage.readings == 1


async def test_memory_is_bounded() -> None:
    directory = AccessDirectory(MemoryStorage(), FrozenClock(), max_entries=3)
    for _ in range(10):
        await directory.access(UserId(uuid7(NOON)))
    assert directory.size == 3


async def test_thousands_of_concurrent_requests_are_read_in_batches() -> None:
    storage, _, directory, ada = await ready()
    crowd = [UserId(uuid7(NOON)) for _ in range(BATCH_SIZE * 3)]
    answers = await asyncio.gather(directory.access(ada), *(directory.access(user_id) for user_id in crowd))
    assert answers[0] is not None
    assert answers[1:] == [None] * len(crowd)
    assert storage.readings == 4


async def test_requests_that_wait_behind_a_failing_read_fail_with_it() -> None:
    """OP-02: no request waits for one timeout after another."""
    storage, _, directory, _ = await ready()
    storage.away = True
    crowd = [directory.access(UserId(uuid7(NOON))) for _ in range(BATCH_SIZE * 3)]
    answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert {type(answer) for answer in answers} == {StorageUnavailable}
    assert storage.readings == 1
    storage.away = False
    assert await directory.access(UserId(uuid7(NOON))) is None


async def test_many_accounts_in_use_are_refreshed_in_batches() -> None:
    storage, clock, directory, ada = await ready()
    for user_id in [ada, *(UserId(uuid7(NOON)) for _ in range(BATCH_SIZE))]:
        await directory.access(user_id)
    clock.move(REFRESH_AFTER_SECONDS)
    before = storage.readings
    await directory.refresh()
    assert storage.readings == before + 2
    assert await roles_of(directory, ada) == {USER}


async def test_a_few_batches_are_refreshed_at_the_same_time() -> None:
    """A distant database answers each of them after one round trip."""
    storage, clock, directory, _ = await ready()
    users = [UserId(uuid7(NOON)) for _ in range((REFRESHED_AT_ONCE + 1) * BATCH_SIZE)]
    await asyncio.gather(*map(directory.access, users))
    clock.move(REFRESH_AFTER_SECONDS)
    before = storage.readings
    storage.gate.clear()
    refreshing = asyncio.create_task(directory.refresh())
    for _ in range(20):
        await asyncio.sleep(0)
    assert storage.readings == before + REFRESHED_AT_ONCE
    storage.gate.set()
    await refreshing
    assert storage.readings == before + REFRESHED_AT_ONCE + 1


async def test_a_refresh_that_fails_leaves_no_batch_behind() -> None:
    storage, clock, directory, _ = await ready()
    await asyncio.gather(*(directory.access(UserId(uuid7(NOON))) for _ in range(2 * BATCH_SIZE)))
    clock.move(REFRESH_AFTER_SECONDS)
    storage.away = True
    with pytest.raises(StorageUnavailable):
        await directory.refresh()
    assert len(asyncio.all_tasks()) == 1
