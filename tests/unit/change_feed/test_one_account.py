"""What one account can do to the list of what has ended: its holder signs in and out as often as the service allows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from doorward.application.change_feed import ended_sessions
from doorward.application.change_feed.cursor import MAX_DATABASE_CLOCK_DIFFERENCE
from doorward.application.change_feed.ended_sessions import RETENTION, EndedSessions
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import AccessToken
from doorward.domain.change_feed.change import Change
from doorward.domain.ids import UserId, uuid7
from doorward.domain.sessions.session import SessionPolicy, new_session_id
from doorward.testing.doubles import NOON, PlainTokens
from support.house import House
from support.length import FULL

MANY = ended_sessions.MANY_OF_ONE_ACCOUNT if FULL else 60
"""The number of ended sessions of an account that causes an epoch in these tests."""

SIGN_INS = 20 * MANY if FULL else 4 * MANY
SECONDS_PER_SIGN_IN = 0.025
BETWEEN_READS = 20
"""The number of sign-ins between two reads of the feed."""

BOUND = MANY + 3 * BETWEEN_READS
"""Beside the number that causes an epoch, a node may keep what ended between two reads of the feed."""

BOUND_AFTER_START = BOUND + round(MAX_DATABASE_CLOCK_DIFFERENCE.total_seconds() / SECONDS_PER_SIGN_IN)
"""A node that starts keeps in addition what ended so shortly before an epoch that the clocks of servers may deceive."""


@pytest.fixture(autouse=True)
def fewer_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_sessions, "MANY_OF_ONE_ACCOUNT", MANY)


def token_of(signed_in: SignedIn) -> AccessToken:
    return PlainTokens().verify(signed_in.access_token.value, signed_in.session.last_used_at)


def accepted(ended: EndedSessions, tokens: Iterable[AccessToken]) -> list[AccessToken]:
    """Return the tokens that a service accepts which follows the list."""
    sessions = {end.session_id for end in ended.all().sessions}
    accounts = {end.user_id: end.epoch for end in ended.all().accounts}
    return [
        token for token in tokens if token.session_id not in sessions and token.epoch >= accounts.get(token.subject, 0)
    ]


def size(ended: EndedSessions) -> int:
    return len(ended.all())


@dataclass(slots=True)
class Flood:
    """Two nodes, at one of which Ada signs in again and again."""

    here: House = field(default_factory=lambda: House(policy=SessionPolicy(max_sessions=5)))
    there: House = field(init=False)
    signed_in: list[SignedIn] = field(default_factory=list)
    largest: int = 0

    def __post_init__(self) -> None:
        self.there = House(clock=self.here.clock, database=self.here.storage.database)

    async def run(self, number: int, *, sign_out: bool) -> None:
        await self.here.with_user("ada")
        readers = [house.follower() for house in (self.here, self.there)]
        for reader in readers:
            await reader.once()
        for count in range(number):
            self.here.clock.move(SECONDS_PER_SIGN_IN)
            self.signed_in.append(await self.here.signed_in("ada"))
            if sign_out:
                last = self.signed_in[-1]
                await self.here.end(last.user.id, last.session.id, by=OPERATOR)
            if count % BETWEEN_READS == 0:
                for reader in readers:
                    await reader.once()
            self.largest = max(self.largest, size(self.here.ended), size(self.there.ended))
        for reader in readers:
            await reader.once()

    async def restarted(self) -> House:
        house = House(clock=self.here.clock, database=self.here.storage.database)
        await house.follower().once()
        return house


async def test_sessions_that_end_by_the_cap_leave_a_bounded_list_and_their_tokens_are_refused() -> None:
    """RF-13, RF-16, TK-16."""
    flood = Flood()
    await flood.run(SIGN_INS, sign_out=False)
    assert MANY <= flood.largest <= BOUND
    ended = [token_of(each) for each in flood.signed_in[:-5]]
    for house, bound in ((flood.here, BOUND), (flood.there, BOUND), (await flood.restarted(), BOUND_AFTER_START)):
        assert size(house.ended) <= bound
        assert accepted(house.ended, ended) == []
        assert {house.ended.has_ended(token) for token in ended} == {True}


async def test_sessions_that_their_owner_ends_leave_a_bounded_list_and_their_tokens_are_refused() -> None:
    """RF-16, TK-16."""
    flood = Flood()
    await flood.run(SIGN_INS, sign_out=True)
    assert MANY <= flood.largest <= BOUND
    ended = [token_of(each) for each in flood.signed_in]
    for house, bound in ((flood.here, BOUND), (flood.there, BOUND), (await flood.restarted(), BOUND_AFTER_START)):
        assert size(house.ended) <= bound
        assert accepted(house.ended, ended) == []


async def test_sessions_of_such_an_account_that_go_on_get_new_tokens_by_a_refresh() -> None:
    flood = Flood()
    await flood.run(MANY + 20, sign_out=False)
    house = flood.here
    going_on = flood.signed_in[-5:]
    epoch = (await house.stored(going_on[0].user.id)).epoch
    assert epoch == 1
    for each in going_on:
        again = await house.refresh(each.refresh_token.value, house.clock.now())
        assert token_of(again).epoch == epoch
        assert (await house.authorize(token_of(again), SIGNED_IN, NOON)).allowed
        assert accepted(house.ended, [token_of(again)]) == [token_of(again)]
    assert len(house.log.of(SecurityEvent.AUTHN_TOKEN_REVOKED)) == 1


def test_an_epoch_takes_the_place_only_of_ends_that_were_known_before_it_began() -> None:
    """A session of the new epoch may have ended here before this node reads of the epoch."""
    house, somebody = House(), UserId(uuid7(NOON))
    before, after = new_session_id(NOON), new_session_id(NOON)
    house.ended.apply([Change.session_ended(somebody, before)])
    house.ended.mark_caught_up(house.clock.monotonic())
    house.clock.move(0.1)
    house.ended.apply([Change.session_ended(somebody, after)])
    house.ended.apply([Change.sessions_ended(somebody, 1)])
    assert [end.session_id for end in house.ended.all().sessions] == [after]
    house.ended.mark_caught_up(house.clock.monotonic())
    house.ended.apply([Change.sessions_ended(somebody, 1)])
    assert [end.session_id for end in house.ended.all().sessions] == [after], "the same epoch says nothing new"
    house.clock.move(RETENTION.total_seconds())
    house.ended.mark_caught_up(house.clock.monotonic())
    assert size(house.ended) == 0
