"""What a node knows of ended sessions, and what it does when it may not know all of them."""

import gc
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.change_feed.ended_sessions import (
    CLEANUP_INTERVAL_SECONDS,
    RETENTION,
    STALE_AFTER_SECONDS,
    UNCERTAIN_SECONDS,
    EndedSessions,
)
from doorward.application.change_feed.feed_marks import FeedMarks
from doorward.application.sessions.end_session import EndSession
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import AccessToken
from doorward.domain.change_feed.change import Change, SequencedChange
from doorward.domain.errors import SessionMissing, StorageUnavailable
from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.testing.builders import a_token
from doorward.testing.doubles import NOON, FrozenClock, PlainTokens
from support.doubles import WatchedStorage
from support.house import House

SOMEBODY = UserId(uuid7(NOON))
A_FEED = FeedMarks(b"one key of all nodes")


def a_verified_token(house: House, user_id: UserId | None = None) -> AccessToken:
    return PlainTokens().verify(f"{user_id or SOMEBODY}/{uuid7(NOON)}/{uuid7(NOON)}/0/0/9999999999", NOON)


async def test_a_sign_out_is_known_at_once_without_a_query() -> None:
    """RF-10, TK-16."""
    house = House()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    token = PlainTokens().verify(signed_in.access_token.value, NOON)
    assert (await house.authorize(token, SIGNED_IN, NOON)).allowed
    await house.end(signed_in.user.id, signed_in.session.id, by=OPERATOR)
    assert house.ended.has_ended(token) is True
    assert (await house.authorize(token, SIGNED_IN, NOON)).reason == "session_ended"


async def test_a_sign_out_everywhere_revokes_a_token_that_is_issued_at_the_same_moment() -> None:
    """RF-05: the access token of a refresh that was under way belongs to the previous epoch."""
    house = House()
    ada = await house.with_user("ada")
    await house.signed_in("ada")
    late = PlainTokens().verify(a_token(ada), NOON)
    assert await house.end_all(ada.id, by=OPERATOR) == 1
    assert house.ended.has_ended(late) is True
    again = await house.signed_in("ada")
    assert house.ended.has_ended(PlainTokens().verify(again.access_token.value, NOON)) is False


async def test_an_account_cannot_end_a_session_of_another_account() -> None:
    house = House()
    eve = await house.with_user("eve")
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    with pytest.raises(SessionMissing):
        await house.end(eve.id, signed_in.session.id, by=OPERATOR)
    assert await house.session(signed_in.session.id) is not None


async def test_another_node_knows_of_an_end_after_its_next_read_of_the_feed() -> None:
    house = House()
    ada = await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    token = PlainTokens().verify(signed_in.access_token.value, NOON)
    follow = house.follower()
    await follow.once()
    await EndSession(house.other_node, house.log)(ada.id, signed_in.session.id, by=OPERATOR)
    assert house.ended.has_ended(token) is False
    await follow.once()
    assert house.ended.has_ended(token) is True


async def test_a_node_that_starts_loads_the_ends_whose_tokens_may_still_be_valid() -> None:
    """RF-06."""
    house = House()
    ada = await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    await house.end(ada.id, signed_in.session.id, by=OPERATOR)
    house.clock.move(900)
    restarted = House(clock=house.clock, database=house.storage.database)
    await restarted.follower().once()
    assert [(end.session_id, end.until) for end in restarted.ended.all().sessions] == [
        (signed_in.session.id, NOON + RETENTION)
    ]


async def test_a_node_queries_the_database_before_its_first_read_and_when_its_last_read_is_too_old() -> None:
    house = House()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    token = PlainTokens().verify(signed_in.access_token.value, NOON)
    fresh = EndedSessions(house.storage, house.clock, A_FEED)
    assert fresh.has_ended(token) is None
    assert await fresh.query(token) is False
    fresh.mark_caught_up(house.clock.monotonic())
    house.clock.move(STALE_AFTER_SECONDS)
    assert fresh.has_ended(token) is False
    house.clock.move(0.1)
    assert fresh.has_ended(token) is None
    house.storage.database.tables.sessions.clear()
    assert await fresh.query(token) is True


async def test_a_node_that_cannot_read_the_database_refuses_when_it_must_query_it() -> None:
    storage = WatchedStorage()
    house = House()
    ended = EndedSessions(storage, house.clock, A_FEED)
    storage.away = True
    with pytest.raises(StorageUnavailable):
        await ended.query(a_verified_token(house))


def test_an_end_is_removed_when_no_token_of_it_can_be_valid() -> None:
    clock = FrozenClock()
    ended = EndedSessions(WatchedStorage(), clock, A_FEED)
    session_id = new_session_id(NOON)
    ended.apply([Change.session_ended(SOMEBODY, session_id), Change.sessions_ended(SOMEBODY, 3)])
    clock.move(RETENTION.total_seconds() - 1)
    ended.mark_caught_up(clock.monotonic())
    assert (len(ended.all().sessions), len(ended.all().accounts)) == (1, 1)
    clock.move(CLEANUP_INTERVAL_SECONDS)
    ended.mark_caught_up(clock.monotonic())
    assert (len(ended.all().sessions), len(ended.all().accounts)) == (0, 0)


def test_a_wall_clock_that_jumps_removes_no_end() -> None:
    clock = FrozenClock()
    ended = EndedSessions(WatchedStorage(), clock, A_FEED)
    ended.apply([Change.session_ended(SOMEBODY, new_session_id(NOON))])
    clock.time += timedelta(days=1)
    clock.seconds += CLEANUP_INTERVAL_SECONDS
    ended.mark_caught_up(clock.monotonic())
    assert len(ended.all().sessions) == 1


async def test_an_uncertain_end_is_queried_and_not_published() -> None:
    """The connection was lost during the commit, so the session may continue."""
    house = House()
    ada = await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    token = PlainTokens().verify(signed_in.access_token.value, NOON)
    for change in (Change.session_ended(ada.id, signed_in.session.id), Change.sessions_ended(ada.id, 1)):
        house.ended.apply([replace(change, certain=False)])
        assert house.ended.has_ended(token) is None
        assert (await house.authorize(token, SIGNED_IN, NOON)).allowed
        assert house.ended.number == 0
        house.clock.move(UNCERTAIN_SECONDS)
        house.ended.mark_caught_up(house.clock.monotonic())
        assert house.ended.has_ended(token) is False
    house.ended.apply([Change.session_ended(ada.id, signed_in.session.id)])
    assert house.ended.has_ended(token) is True


def test_the_higher_epoch_counts_in_whatever_order_they_are_announced() -> None:
    ended = EndedSessions(WatchedStorage(), FrozenClock(), A_FEED)
    ended.apply([Change.sessions_ended(SOMEBODY, 3), Change.sessions_ended(SOMEBODY, 2)])
    assert [(end.user_id, end.epoch) for end in ended.all().accounts] == [(SOMEBODY, 3)]


def test_beyond_the_maximum_of_entries_the_database_is_queried() -> None:
    house = House()
    ended = EndedSessions(house.storage, house.clock, A_FEED, max_entries=3)
    ended.mark_caught_up(house.clock.monotonic())
    token = a_verified_token(house)
    rows = [
        SequencedChange(
            number, Change.session_ended(SOMEBODY, SessionId(uuid7(NOON))), NOON + timedelta(seconds=number)
        )
        for number in range(4)
    ]
    ended.load(rows[:3])
    assert (ended.has_ended(token), ended.complete) == (False, True)
    ended.load(rows[3:])
    assert (ended.has_ended(token), ended.complete) == (None, False)
    assert len(ended.all().sessions) == 3
    house.clock.move(RETENTION.total_seconds() + 3)
    ended.mark_caught_up(house.clock.monotonic())
    assert (ended.has_ended(token), ended.complete) == (False, True)


@pytest.mark.parametrize("number", [1_000, 4_000])
def test_a_list_of_all_ends_is_copied_without_an_object_for_each(number: int) -> None:
    """RF-17: otherwise Python looks for garbage among all objects while it copies, which stalls the event loop."""
    ended = EndedSessions(WatchedStorage(), FrozenClock(), A_FEED)
    ended.apply([Change.session_ended(SOMEBODY, new_session_id(NOON)) for _ in range(number)])
    gc.disable()
    try:
        before = gc.get_count()[0]
        ends = ended.all()
        made = gc.get_count()[0] - before
    finally:
        gc.enable()
    assert len(ends) == number
    assert made < 50


async def test_a_waiter_is_woken_by_a_change() -> None:
    ended = EndedSessions(WatchedStorage(), FrozenClock(), A_FEED)
    before = ended.generation
    ended.apply([Change.session_ended(SOMEBODY, new_session_id(NOON))])
    await ended.changed_since(before)
    assert ended.generation > before
