import asyncio
from datetime import timedelta

import pytest

from doorward.application.change_feed import cursor
from doorward.application.change_feed.cursor import MAX_WINDOW
from doorward.application.change_feed.ended_sessions import RETENTION, STALE_AFTER_SECONDS
from doorward.application.change_feed.follower import LOADS_PER_READ, READS_PER_KEY_RELOAD
from doorward.application.change_feed.prune_changes import FEED_MARGIN, PruneChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.errors import StorageUnavailable
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.repositories import MemoryChanges
from doorward.testing.builders import a_session
from doorward.testing.doubles import NOON, PlainSealer
from doorward.testing.storage_access import put
from support.house import House

AT_ONCE = {"interval_seconds": 0, "refresh_interval_seconds": 0}


async def elsewhere_granted(house: House, user_id: UserId) -> None:
    """Grant the role on another node, so that this one gets no notification."""
    async with house.other_node.transaction() as tx:
        await tx.users.grant(user_id, ADMIN, NOON)


async def test_a_grant_on_another_node_holds_after_the_next_read_of_the_feed() -> None:
    house = House()
    ada = await house.with_user("ada")
    follow = house.follower()
    await follow.once()
    await house.directory.access(ada.id)
    await elsewhere_granted(house, ada.id)
    await follow.once()
    access = await house.directory.access(ada.id)
    assert access is not None
    assert access.roles == {USER, ADMIN}


async def test_an_end_is_heard_that_was_announced_after_all_clocks_were_set_back() -> None:
    """TK-16: such as those of one machine that had started with a wrong clock."""
    house = House()
    ada = await house.with_user("ada")
    follow = house.follower()
    house.clock.time += timedelta(hours=1)
    await elsewhere_granted(house, ada.id)
    await follow.once()
    house.clock.time -= timedelta(hours=1)
    session = a_session(ada)
    await put(house.storage, session)
    async with house.other_node.transaction() as tx:
        await tx.sessions.end([session])
    await follow.once()
    assert house.ended.number == 1


async def test_a_new_key_is_loaded_by_every_node() -> None:
    house = House()
    follow = house.follower()
    await follow.once()
    before = house.ring.reloads
    async with house.storage.transaction() as tx:
        await tx.keys.add(PlainSealer().generate(NOON))
    await follow.once()
    await follow.once()
    assert house.ring.reloads == before + 1


async def test_a_feed_restored_from_a_backup_makes_the_node_start_again() -> None:
    house = House()
    ada = await house.with_user("ada")
    async with house.storage.transaction() as tx:
        await tx.users.grant(ada.id, ADMIN, NOON)
    follow = house.follower()
    await follow.once()
    await house.directory.access(ada.id)
    house.storage.database.tables.changes.clear()
    reloads = house.ring.reloads
    await follow.once()
    assert house.directory.known(ada.id) is None
    assert house.ring.reloads == reloads + 1


async def test_many_changes_at_once_are_all_read() -> None:
    house = House()
    ada = await house.with_user("ada")
    follow = house.follower()
    await follow.once()
    for _ in range(600):
        await elsewhere_granted(house, ada.id)
        async with house.storage.transaction() as tx:
            await tx.users.revoke(ada.id, ADMIN)
    await house.directory.access(ada.id)
    await elsewhere_granted(house, ada.id)
    await follow.once()
    access = await house.directory.access(ada.id)
    assert access is not None
    assert ADMIN in access.roles


async def test_old_changes_are_pruned_and_no_node_takes_them_for_lost() -> None:
    """The last ones stay for as long as the cursor of a node may look for them, even if nothing happens for hours."""
    house = House()
    ada = await house.with_user("ada")
    follow, prune = house.follower(), PruneChanges(house.storage, house.ended)
    for _ in range(2):
        await house.grant(ada.id, ADMIN, NOON, by=OPERATOR)
        async with house.storage.transaction() as tx:
            await tx.users.revoke(ada.id, ADMIN)
        house.clock.move(MAX_WINDOW.total_seconds() + 1)
        await follow.once()
    house.clock.move((RETENTION + FEED_MARGIN).total_seconds())
    await follow.once()
    reloads = house.ring.reloads
    assert await prune(house.clock.now()) == 0
    assert await prune(house.clock.now()) == 2
    await follow.once()
    await elsewhere_granted(house, ada.id)
    assert await prune(house.clock.now()) == 0
    await follow.once()
    assert house.ring.reloads == reloads, "a node that starts again reads the keys"
    assert await prune(house.clock.now()) == 2
    async with house.storage.reading() as reading:
        assert len(await reading.changes.latest(10)) == 1


async def test_an_unforeseen_error_does_not_stop_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    follow = house.follower(**AT_ONCE)
    looks = 0

    async def once() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("a key that cannot be opened")
        raise asyncio.CancelledError

    monkeypatch.setattr(follow, "once", once)
    with pytest.raises(asyncio.CancelledError):
        await follow.run()
    assert house.log.of(SecurityEvent.CHANGE_FEED_FAILED) == [{"reason": "RuntimeError"}]


async def test_an_unreadable_feed_is_reported_once_and_so_is_its_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    follow = house.follower(**AT_ONCE)
    looks = iter(
        [StorageUnavailable(cause="test"), StorageUnavailable(cause="test"), None, None, asyncio.CancelledError()]
    )

    async def once() -> None:
        if error := next(looks):
            raise error

    monkeypatch.setattr(follow, "once", once)
    with pytest.raises(asyncio.CancelledError):
        await follow.run()
    assert [event for event, _ in house.log.events] == [
        SecurityEvent.CHANGE_FEED_UNREADABLE,
        SecurityEvent.CHANGE_FEED_READABLE,
    ]


@pytest.mark.parametrize("broken_statement", ["counts", "between", "latest"])
async def test_no_change_is_lost_when_the_database_fails_in_the_middle_of_a_read(
    monkeypatch: pytest.MonkeyPatch, broken_statement: str
) -> None:
    house = House()
    ada = await house.with_user("ada")
    async with house.storage.transaction() as tx:
        await tx.users.grant(ada.id, MODERATOR, NOON)
    follow = house.follower()
    await follow.once()
    await house.directory.access(ada.id)
    await elsewhere_granted(house, ada.id)
    with monkeypatch.context() as broken:
        broken.setattr(MemoryChanges, broken_statement, unavailable)
        with pytest.raises(StorageUnavailable):
            await follow.once()
    await follow.once()
    access = await house.directory.access(ada.id)
    assert access is not None
    assert ADMIN in access.roles


async def test_keys_are_loaded_later_when_the_first_attempt_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    follow = house.follower()
    await follow.once()
    async with house.storage.transaction() as tx:
        await tx.keys.add(PlainSealer().generate(NOON))
    with monkeypatch.context() as broken:
        broken.setattr(type(house.ring), "reload", unavailable)
        with pytest.raises(StorageUnavailable):
            await follow.once()
    before = house.ring.reloads
    await follow.once()
    assert house.ring.reloads == before + 1


async def unavailable(*_: object) -> None:
    raise StorageUnavailable(cause="test")


async def test_keys_are_loaded_now_and_then_even_if_nothing_was_announced() -> None:
    """TK-13: a key that somebody deleted by hand is dropped, too."""
    house = House()
    follow = house.follower()
    for _ in range(READS_PER_KEY_RELOAD):
        await follow.once()
    assert house.ring.reloads == 2


async def test_a_node_that_is_far_behind_reads_part_by_part_and_does_not_wait_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursor, "CHANGES_PER_PAGE", 500)
    house = House()
    ada = await house.with_user("ada")
    follow = house.follower(changes_per_read=500)
    await follow.once()
    await house.directory.access(ada.id)
    for _ in range(600):
        await house.grant(ada.id, MODERATOR, NOON, by=OPERATOR)
        await house.revoke(ada.id, MODERATOR, by=OPERATOR)
    await elsewhere_granted(house, ada.id)
    house.clock.move(STALE_AFTER_SECONDS + 1)
    reads = 0
    while not reads or follow.is_behind:
        assert not house.ended.complete, "the database is queried until all is read"
        await follow.once()
        reads += 1
    assert reads > 1
    assert house.ended.complete
    access = await house.directory.access(ada.id)
    assert access is not None
    assert access.roles == {USER, ADMIN}


async def test_a_node_that_starts_loads_many_ends_part_by_part_and_reads_the_feed_in_between() -> None:
    house = House()
    ada = await house.with_user("ada")
    ended = [a_session(ada) for _ in range(LOADS_PER_READ * 4)]
    await put(house.storage, *ended)
    async with house.storage.transaction() as tx:
        await tx.sessions.end(ended)
    house.clock.move(MAX_WINDOW.total_seconds() + 1)
    await elsewhere_granted(house, ada.id)
    node = House(clock=house.clock, database=house.storage.database)
    follow = node.follower(ends_per_statement=3)
    await follow.once()
    assert (node.ended.number, node.ended.complete, follow.is_behind) == (3 * LOADS_PER_READ, False, True)
    await node.directory.access(ada.id)
    async with house.storage.transaction() as tx:
        await tx.users.revoke(ada.id, ADMIN)
    await follow.once()
    access = await node.directory.access(ada.id)
    assert access is not None
    assert ADMIN not in access.roles
    assert (node.ended.number, node.ended.complete, follow.is_behind) == (len(ended), True, False)


async def test_accounts_that_cannot_be_refreshed_do_not_stop_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    follow = house.follower(**AT_ONCE)
    looks = 0

    async def once() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(follow, "once", once)
    monkeypatch.setattr(house.directory, "refresh", unavailable)
    with pytest.raises(asyncio.CancelledError):
        await follow.run()
    assert looks == 3
