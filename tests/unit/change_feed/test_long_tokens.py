"""Access tokens that live for a day, as the tutorial dialect allows: ends and keys are kept for as long."""

from datetime import timedelta

from doorward.application.change_feed.ended_sessions import CLEANUP_INTERVAL_SECONDS, EndedSessions
from doorward.application.change_feed.prune_changes import FEED_MARGIN, PruneChanges
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.principal import MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME
from doorward.domain.change_feed.change import Change
from doorward.domain.ids import UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.testing.doubles import NOON
from support.house import House

A_DAY = timedelta(days=1)


def a_house(house: House | None = None) -> House:
    """Return a house, or another node of it, whose ends are kept for a day."""
    node = House(clock=house.clock, database=house.storage.database) if house else House()
    node.ended = EndedSessions(node.storage, node.clock, node.ended.marks, token_lifetime=A_DAY)
    return node


def test_a_day_is_the_limit() -> None:
    assert A_DAY == MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME


def test_an_end_is_kept_for_as_long_as_tokens_live() -> None:
    node = a_house()
    node.ended.apply([Change.session_ended(UserId(uuid7(NOON)), new_session_id(NOON))])
    for seconds, known in ((A_DAY.total_seconds(), 1), (60 + CLEANUP_INTERVAL_SECONDS, 0)):
        node.clock.move(seconds)
        node.ended.mark_caught_up(node.clock.monotonic())
        assert len(node.ended.all().sessions) == known


async def test_the_feed_keeps_an_end_for_a_node_that_starts_while_tokens_of_it_are_valid() -> None:
    """RF-06: also after a node has pruned the feed."""
    node = a_house()
    ada = await node.with_user("ada")
    ended, other = await node.signed_in("ada"), await node.signed_in("ada")
    follow = node.follower()
    await follow.once()
    await node.end(ada.id, ended.session.id, by=OPERATOR)
    await follow.once()
    node.clock.move(A_DAY.total_seconds() - 1)
    await node.end(ada.id, other.session.id, by=OPERATOR)
    await follow.once()
    restarted = a_house(node)
    await restarted.follower().once()
    known = [end.session_id for end in restarted.ended.all().sessions]
    assert known == [ended.session.id, other.session.id]


async def test_the_feed_is_pruned_in_the_end() -> None:
    node = a_house()
    ada = await node.with_user("ada")
    prune = PruneChanges(node.storage, node.ended)
    for _ in range(2):
        await node.end(ada.id, (await node.signed_in("ada")).session.id, by=OPERATOR)
        node.clock.move((node.ended.retention + FEED_MARGIN).total_seconds())
        assert await prune(node.clock.now()) == 0
    node.clock.move(1)
    assert await prune(node.clock.now()) == 1
    async with node.storage.reading() as reading:
        assert len(await reading.changes.latest(10)) == 1
