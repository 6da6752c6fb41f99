"""A node whose clock is wrong ends nothing that belongs to others. The clock of the database tells that it is wrong."""

from datetime import timedelta

import pytest

from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.check_readiness import CheckReadiness
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.maintenance import Maintenance, RecurringWork
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.prove_writing import ProveWriting
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.domain.letters.letter import Letter, LetterKind, LetterState
from doorward.domain.nodes.beat import MAX_CLOCK_DIFFERENCE
from doorward.testing.doubles import NOON, FrozenClock
from doorward.testing.storage_access import put
from support.house import House
from support.replica import ReplicaStorage

TEN_YEARS = timedelta(days=3_650)
SLIGHTLY = MAX_CLOCK_DIFFERENCE - timedelta(seconds=1)


async def with_a_beat() -> House:
    """A database whose clock shows NOON, and that a node with the right clock uses."""
    house = House()
    async with house.storage.transaction() as tx:
        await tx.heartbeats.beat(0)
    return house


def maintenance_at(house: House, clock: FrozenClock) -> Maintenance:
    work = RecurringWork({"prune_sessions": PruneSessions(house.storage, house.policy, house.log)})
    return Maintenance(house.storage, work, clock, house.log)


async def obstacle_at(house: House, jump: timedelta) -> str | None:
    """Why a node of this clock is not ready."""
    storage, clock = ReplicaStorage(house.clock.now, house.database), FrozenClock(NOON + jump)
    prove_writing = ProveWriting(storage, clock, house.log)
    await prove_writing.once()
    storage.replicate()
    heartbeat = Heartbeat(storage, clock, house.log)
    return await CheckReadiness(storage, house.ring, clock, prove_writing, heartbeat)()


@pytest.mark.parametrize("jump", [TEN_YEARS, -TEN_YEARS], ids=["ahead", "behind"])
async def test_a_node_whose_clock_is_wrong_does_no_recurring_work_and_leaves_it_to_others(jump: timedelta) -> None:
    """F-17: no session is pruned because of it."""
    house = await with_a_beat()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    assert not await maintenance_at(house, FrozenClock(NOON + jump)).once()
    assert await house.session(signed_in.session.id) is not None
    assert house.log.of(SecurityEvent.MAINTENANCE_FAILED) == [{"reason": "clock_wrong"}]
    assert await maintenance_at(house, FrozenClock(NOON + SLIGHTLY)).once()


async def test_a_node_whose_clock_is_wrong_gives_up_no_letter() -> None:
    """F-17."""
    house = await with_a_beat()
    letter = Letter.to_holder(LetterKind.PASSWORD_CHANGED, await house.with_user("ada"), "en", NOON)
    await put(house.storage, letter)
    clock = FrozenClock(NOON + TEN_YEARS)
    assert await LetterSender(house.storage, house.prepare, house.mailer, clock, house.log).once() == 0
    async with house.storage.reading() as reading:
        waiting = await reading.letters.get(letter.id)
    assert waiting is not None
    assert waiting.state is LetterState.WAITING
    assert await house.send_letters() == 1


async def test_a_node_whose_clock_is_wrong_is_not_ready() -> None:
    """F-17: so that no balancer sends requests to it."""
    house = await with_a_beat()
    assert [await obstacle_at(house, jump) for jump in (TEN_YEARS, -TEN_YEARS)] == ["clock_wrong"] * 2
    assert await obstacle_at(house, SLIGHTLY) != "clock_wrong"
