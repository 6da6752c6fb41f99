import asyncio
from datetime import timedelta

import pytest

from doorward.application.change_feed.follow_changes import KEPT, LOOKS_PER_RELOAD, MOST_PAGES, PRUNE_EVERY
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.errors import StorageUnavailable
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.repositories import MemoryChanges
from support.builders import House
from support.doubles import NOON, PlainSealer


async def elsewhere_granted(house: House, user_id: UserId) -> None:
    """Another node grants the role: this one's listeners hear nothing of it."""
    listeners, house.storage._listeners = house.storage._listeners, []
    async with house.storage.transaction() as tx:
        await tx.users.grant(user_id, ADMIN, NOON)
    house.storage._listeners = listeners


async def test_a_grant_of_another_node_holds_after_the_next_look_at_the_feed() -> None:
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


async def test_a_new_key_is_read_by_every_node() -> None:
    house = House()
    follow = house.follower()
    await follow.once()
    before = house.ring.reloads
    async with house.storage.transaction() as tx:
        await tx.keys.add(PlainSealer().generate(NOON))
    await follow.once()
    await follow.once()
    assert house.ring.reloads == before + 1


async def test_a_feed_restored_from_a_backup_makes_the_node_begin_again() -> None:
    house = House()
    ada = await house.with_user("ada")
    async with house.storage.transaction() as tx:
        await tx.users.grant(ada.id, ADMIN, NOON)
    follow = house.follower()
    await follow.once()
    await house.directory.access(ada.id)
    house.storage._tables.changes.clear()
    reloads = house.ring.reloads
    await follow.once()
    assert ada.id not in house.directory._entries
    assert house.ring.reloads == reloads + 1


async def test_many_changes_at_once_are_read_to_the_end() -> None:
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


async def test_changes_that_every_node_has_read_are_pruned_but_for_the_last() -> None:
    house = House()
    ada = await house.with_user("ada")
    follow = house.follower()
    await follow.once()
    for _ in range(3):
        await house.grant(ada.id, ADMIN, NOON, by="test")
        async with house.storage.transaction() as tx:
            await tx.users.revoke(ada.id, ADMIN)
    await follow.once()
    house.clock.move(max(PRUNE_EVERY, KEPT / timedelta(seconds=1)) + 1)
    await follow.once()
    async with house.storage.reading() as reading:
        assert len(await reading.changes.latest(10)) == 1
    await house.grant(ada.id, ADMIN, NOON, by="test")
    await follow.once()
    assert ada.id not in house.directory._entries


async def test_a_failure_nobody_foresaw_does_not_stop_the_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    follow = house.follower()
    looks = 0

    async def once() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("a key that cannot be opened")
        raise asyncio.CancelledError

    monkeypatch.setattr(follow, "once", once)
    monkeypatch.setattr("doorward.application.change_feed.follow_changes.INTERVAL", 0)
    with pytest.raises(asyncio.CancelledError):
        await follow.run()
    assert house.log.of(SecurityEvent.CHANGE_FEED_FAILED) == [{"reason": "RuntimeError"}]


async def test_a_feed_that_cannot_be_read_is_reported_once_and_so_is_its_return(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    follow = house.follower()
    looks = iter([StorageUnavailable(), StorageUnavailable(), None, None, asyncio.CancelledError()])

    async def once() -> None:
        if error := next(looks):
            raise error

    monkeypatch.setattr(follow, "once", once)
    monkeypatch.setattr("doorward.application.change_feed.follow_changes.INTERVAL", 0)
    with pytest.raises(asyncio.CancelledError):
        await follow.run()
    assert [event for event, _ in house.log.events] == [
        SecurityEvent.CHANGE_FEED_UNREADABLE,
        SecurityEvent.CHANGE_FEED_READABLE,
    ]


async def test_a_change_is_not_lost_when_the_database_fails_in_the_midst_of_reading(
    monkeypatch: pytest.MonkeyPatch,
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
        broken.setattr(MemoryChanges, "since", unavailable)
        with pytest.raises(StorageUnavailable):
            await follow.once()
    await follow.once()
    access = await house.directory.access(ada.id)
    assert access is not None
    assert ADMIN in access.roles


async def test_a_key_is_read_in_the_end_when_the_first_attempt_fails(monkeypatch: pytest.MonkeyPatch) -> None:
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
    raise StorageUnavailable


async def test_keys_are_read_again_now_and_then_though_nobody_announced_anything() -> None:
    """TK-13: a key that somebody removed by hand is forgotten, too."""
    house = House()
    follow = house.follower()
    for _ in range(LOOKS_PER_RELOAD):
        await follow.once()
    assert house.ring.reloads == 2


async def test_whoever_is_far_behind_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.application.change_feed.follow_changes.PAGE", 2)
    house = House()
    ada = await house.with_user("ada")
    await house.grant(ada.id, MODERATOR, NOON, by="test")
    follow = house.follower()
    await follow.once()
    await house.directory.access(ada.id)
    await elsewhere_granted(house, ada.id)
    for _ in range(MOST_PAGES * 2):
        await house.grant(ada.id, MODERATOR, NOON, by="test")
        await house.revoke(ada.id, MODERATOR, by="test")
    await follow.once()
    access = await house.directory.access(ada.id)
    assert access is not None
    assert access.roles == {USER, ADMIN}
    await elsewhere_granted(house, ada.id)
    await follow.once()


async def test_accounts_that_cannot_be_refreshed_keep_nobody_from_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    follow = house.follower()
    looks = 0

    async def once() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(follow, "once", once)
    monkeypatch.setattr(house.directory, "refresh", unavailable)
    monkeypatch.setattr("doorward.application.change_feed.follow_changes.INTERVAL", 0)
    monkeypatch.setattr("doorward.application.change_feed.follow_changes.REFRESH_INTERVAL", 0)
    with pytest.raises(asyncio.CancelledError):
        await follow.run()
    assert looks == 3
