import asyncio

import pytest

from doorward.application.ports.nodes import (
    AgreedSettingReader,
    AgreedSettingRepository,
    HeartbeatReader,
    HeartbeatRepository,
    NodeReader,
    NodeRepository,
)
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.ids import uuid7
from doorward.domain.nodes.node import Node, NodeId
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

LONG_SECONDS = 3600.0


def a_node(name: str = "one.example 4711") -> Node:
    return Node(id=NodeId(uuid7(NOON)), name=name, version="1.2.3")


async def beat(storage: Storage, pause_seconds: float) -> bool:
    async with storage.transaction() as tx:
        return await tx.heartbeats.beat(pause_seconds)


@proves(HeartbeatReader.newest, "Return the newest")
@proves(HeartbeatRepository.beat, "Write a beat")
@proves(HeartbeatReader, "All times")
async def test_a_beat_is_dated_by_the_database_and_a_young_one_is_not_replaced(storage: Storage) -> None:
    async with storage.following() as reading:
        assert await reading.heartbeats.newest() is None
    assert await beat(storage, LONG_SECONDS)
    async with storage.following() as reading:
        first = await reading.heartbeats.newest()
    assert first is not None
    assert 0 <= first.age_seconds < LONG_SECONDS
    assert not await beat(storage, LONG_SECONDS)
    async with storage.following() as reading:
        same = await reading.heartbeats.newest()
    assert same is not None
    assert (same.at, same.age_seconds >= first.age_seconds) == (first.at, True)
    assert await beat(storage, 0.0)
    async with storage.following() as reading:
        second = await reading.heartbeats.newest()
    assert second is not None
    assert second.at >= first.at


@proves(HeartbeatRepository.beat, "If several")
async def test_of_many_that_write_a_beat_at_once_one_succeeds(storage: Storage) -> None:
    @retried
    async def attempt() -> bool:
        return await beat(storage, LONG_SECONDS)

    answers = await asyncio.gather(*(attempt() for _ in range(10)))
    assert sorted(answers) == [False] * 9 + [True]


@proves(NodeReader.all, "Return every process")
@proves(NodeRepository.report, "Store that", "It counts")
async def test_a_process_that_reports_itself_again_has_started_when_it_did_first(storage: Storage) -> None:
    one, other = a_node(), a_node("other.example 1")
    for node in (one, other, one):
        async with storage.transaction() as tx:
            await tx.nodes.report(node)
    async with storage.reading() as reading:
        seen = await reading.nodes.all()
    assert {each.node for each in seen} == {one, other}
    assert sorted(seen, key=lambda each: each.age_seconds, reverse=True) == list(seen)
    assert all(-1 <= each.age_seconds < LONG_SECONDS for each in seen)
    async with storage.transaction() as tx:
        await tx.nodes.report(one)
        again = await tx.nodes.all()
    assert {each.node.id: each.started_at for each in again} == {each.node.id: each.started_at for each in seen}


@proves(NodeRepository.remove, "Remove")
async def test_a_process_that_left_is_gone(storage: Storage) -> None:
    one, other = a_node(), a_node()
    async with storage.transaction() as tx:
        await tx.nodes.report(one)
        await tx.nodes.report(other)
        await tx.nodes.remove(one.id)
        await tx.nodes.remove(one.id)
    async with storage.reading() as reading:
        assert [each.node for each in await reading.nodes.all()] == [other]


@proves(NodeRepository.prune, "Remove the processes")
async def test_processes_that_are_silent_for_too_long_are_removed(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.nodes.report(a_node())
        await tx.nodes.report(a_node())
    async with storage.transaction() as tx:
        assert await tx.nodes.prune(LONG_SECONDS) == 0
        assert await tx.nodes.prune(-LONG_SECONDS) == 2
        assert await tx.nodes.all() == []


@proves(AgreedSettingReader.all, "Return the values")
@proves(AgreedSettingRepository.agree, "Store the value unless")
@proves(AgreedSettingRepository.put, "Store the value in place")
async def test_a_setting_keeps_the_value_that_was_stored_first_until_another_takes_its_place(storage: Storage) -> None:
    async with storage.transaction() as tx:
        await tx.agreed_settings.agree("issuer", "https://one.example/\N{GREEK SMALL LETTER ALPHA}")
        await tx.agreed_settings.agree("issuer", "https://two.example")
        await tx.agreed_settings.put("audience", "shop")
    async with storage.reading() as reading:
        assert await reading.agreed_settings.all() == {
            "audience": "shop",
            "issuer": "https://one.example/\N{GREEK SMALL LETTER ALPHA}",
        }
    async with storage.transaction() as tx:
        await tx.agreed_settings.put("issuer", "https://two.example")
        assert (await tx.agreed_settings.all())["issuer"] == "https://two.example"


@proves(AgreedSettingRepository.agree, "If several")
async def test_of_many_that_agree_on_a_setting_at_once_all_read_one_value(storage: Storage) -> None:
    @retried
    async def attempt(number: int) -> str:
        async with storage.transaction() as tx:
            await tx.agreed_settings.agree("issuer", f"https://{number}.example")
        async with storage.reading() as reading:
            return (await reading.agreed_settings.all())["issuer"]

    assert len(set(await asyncio.gather(*(attempt(number) for number in range(10))))) == 1


@proves(Storage.distrust_reads_while, "Let each Reading")
@proves(Storage.following, "Open a Reading")
@proves(Storage.distrusts_reads, "Return what")
async def test_a_reading_sees_every_commit_while_readings_are_distrusted(storage: Storage) -> None:
    distrusted = [True]
    assert not storage.distrusts_reads()
    storage.distrust_reads_while(lambda: distrusted[-1])
    assert storage.distrusts_reads() == storage.reads_can_be_old
    ada = a_user()
    await put(storage, ada)
    async with storage.reading() as reading:
        assert await reading.users.get(ada.id) == ada
        assert await reading.users.get(ada.id) == ada
    async with storage.following() as reading:
        assert await reading.users.get(ada.id) is not None
    distrusted.append(False)
    assert not storage.distrusts_reads()
    async with storage.reading() as reading:
        assert await reading.users.get(ada.id) == ada
