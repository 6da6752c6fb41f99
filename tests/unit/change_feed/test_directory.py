"""What a node knows of accounts is never older than a change it has apply of, nor than four seconds."""

import asyncio

import pytest

from doorward.application.change_feed.directory import (
    BATCH_SIZE,
    MAX_AGE_SECONDS,
    REFRESH_AFTER_SECONDS,
    AccessDirectory,
)
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import StorageUnavailable
from doorward.domain.ids import UserId, uuid7
from doorward.infrastructure.memory.storage import MemoryStorage
from support.builders import a_user
from support.doubles import NOON, FrozenClock, WatchedStorage


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


async def test_requests_at_the_same_moment_share_one_reading() -> None:
    storage, _, directory, ada = await ready()
    await asyncio.gather(*(directory.access(ada) for _ in range(50)))
    assert storage.readings == 1


async def test_a_role_granted_here_holds_on_the_very_next_request() -> None:
    """TK-16."""
    storage, _, directory, ada = await ready()
    assert await roles_of(directory, ada) == {USER}
    async with storage.transaction() as tx:
        await tx.users.grant(ada, MODERATOR, NOON)
    assert await roles_of(directory, ada) == {USER, MODERATOR}


async def test_a_role_removed_altogether_is_gone_for_everybody_at_once() -> None:
    storage, _, directory, ada = await ready(MODERATOR)
    await directory.access(ada)
    async with storage.transaction() as tx:
        await tx.roles.remove(MODERATOR)
    assert await roles_of(directory, ada) == {USER}


async def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
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


async def test_a_hand_edit_holds_after_four_seconds_whatever_the_feed_says() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    await by_hand(storage, ada, ADMIN)
    clock.move(MAX_AGE_SECONDS - 0.1)
    assert await roles_of(directory, ada) == {USER}
    clock.move(0.1)
    assert await roles_of(directory, ada) == {USER, ADMIN}


async def test_what_is_in_use_is_read_again_in_the_background() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    await by_hand(storage, ada, ADMIN)
    clock.move(REFRESH_AFTER_SECONDS)
    await directory.refresh()
    readings = storage.readings
    assert await roles_of(directory, ada) == {USER, ADMIN}
    assert storage.readings == readings


async def test_what_nobody_uses_is_forgotten_and_costs_nothing() -> None:
    storage, clock, directory, ada = await ready()
    await directory.access(ada)
    for _ in range(10):
        clock.move(REFRESH_AFTER_SECONDS)
        await directory.refresh()
    assert storage.readings == 2  # the first one, and one refresh after its only use
    assert directory.size == 0


async def test_a_change_heard_during_a_refresh_wins_over_it() -> None:
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


async def test_an_account_that_is_gone_is_known_to_be_gone() -> None:
    storage, _, directory, ada = await ready()
    async with storage.transaction() as tx:
        await tx.users.delete(ada)
    assert [await directory.access(ada), await directory.access(ada)] == [None, None]
    assert storage.readings == 1


async def test_what_is_known_serves_while_the_database_is_away_and_then_no_longer() -> None:
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


async def test_a_waiter_who_gives_up_does_not_take_the_others_with_him() -> None:
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


async def test_changes_of_keys_leave_accounts_alone() -> None:
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


async def test_thousands_that_ask_at_once_are_read_together() -> None:
    storage, _, directory, ada = await ready()
    crowd = [UserId(uuid7(NOON)) for _ in range(BATCH_SIZE * 3)]
    answers = await asyncio.gather(directory.access(ada), *(directory.access(user_id) for user_id in crowd))
    assert answers[0] is not None
    assert answers[1:] == [None] * len(crowd)
    assert storage.readings == 4


async def test_those_who_wait_behind_a_database_that_is_away_are_refused_with_the_first() -> None:
    """OP-02: nobody waits for one deadline after another."""
    storage, _, directory, _ = await ready()
    storage.away = True
    crowd = [directory.access(UserId(uuid7(NOON))) for _ in range(BATCH_SIZE * 3)]
    answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert {type(answer) for answer in answers} == {StorageUnavailable}
    assert storage.readings == 1
    storage.away = False
    assert await directory.access(UserId(uuid7(NOON))) is None


async def test_many_accounts_in_use_are_refreshed_a_batch_at_a_time() -> None:
    storage, clock, directory, ada = await ready()
    for user_id in [ada, *(UserId(uuid7(NOON)) for _ in range(BATCH_SIZE))]:
        await directory.access(user_id)
    clock.move(REFRESH_AFTER_SECONDS)
    before = storage.readings
    await directory.refresh()
    assert storage.readings == before + 2
    assert await roles_of(directory, ada) == {USER}
