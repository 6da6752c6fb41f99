"""A node that reads a replica: what it decides while the replica stands still, and who writes the heartbeat."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.change_feed.directories import Directories
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import FeedMarks
from doorward.application.change_feed.follower import ChangeFollower, FollowerTimings
from doorward.application.change_feed.heartbeat import (
    MAX_AGE_SECONDS,
    MISSED_SECONDS,
    PERIOD_SECONDS,
    Heartbeat,
)
from doorward.application.change_feed.known_services import KnownServices
from doorward.application.change_feed.own_accounts import OwnAccounts
from doorward.application.check_readiness import CheckReadiness
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Reading
from doorward.application.prove_writing import ProveWriting
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import AccessToken
from doorward.domain.access.role import MODERATOR
from doorward.domain.errors import StorageUnavailable
from doorward.domain.ids import uuid7
from doorward.domain.nodes.beat import MAX_FUTURE_SECONDS, Beat
from doorward.domain.services.service import Service, ServiceId, ServiceSecretHash
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.testing.builders import a_session, a_user
from doorward.testing.doubles import NOON, FrozenClock, ListLog, PlainTokens
from doorward.testing.storage_access import put
from support.doubles import CountingKeyRing
from support.replica import ReplicaStorage

OLD, CURRENT = SecurityEvent.CHANGE_FEED_OLD, SecurityEvent.CHANGE_FEED_CURRENT
STEP_SECONDS = 0.5
REQUIREMENT = any_of(MODERATOR)


@dataclass(slots=True)
class Node:
    """A node that reads a replica."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    clock: FrozenClock = field(default_factory=FrozenClock)
    log: ListLog = field(default_factory=ListLog)
    storage: ReplicaStorage = field(init=False)
    heartbeat: Heartbeat = field(init=False)
    directory: AccessDirectory = field(init=False)
    services: KnownServices = field(init=False)
    ended: EndedSessions = field(init=False)
    follow: ChangeFollower = field(init=False)

    def __post_init__(self) -> None:
        self.storage = ReplicaStorage(self.clock.now, self.database)
        self.heartbeat = Heartbeat(self.storage, self.clock, self.log)
        self.directory = AccessDirectory(self.storage, self.clock)
        self.ended = EndedSessions(self.storage, self.clock, FeedMarks(b"one key of all nodes"))
        self.services = KnownServices(self.storage, self.clock)
        directories = Directories(self.directory, OwnAccounts(self.storage, self.clock), self.services)
        parts = self.storage, directories, self.ended, CountingKeyRing(), self.clock, self.log
        self.follow = ChangeFollower(*parts, heartbeat=self.heartbeat, timings=FollowerTimings())

    async def pass_time(self, seconds: float, *, replicates: bool) -> None:
        """Do what the node does in that time: it reads the feed, refreshes the accounts in use and writes beats."""
        for _ in range(round(seconds / STEP_SECONDS)):
            self.clock.move(STEP_SECONDS)
            await self.heartbeat.once()
            if replicates:
                self.storage.replicate()
            await self.follow.once()
            await self.directory.refresh()

    async def admits(self, token: AccessToken) -> bool:
        """Decide as the guard does: from what is cached, or else from the database."""
        now = self.clock.now()
        decision = AuthorizeFromCache(self.directory, self.ended)(token, REQUIREMENT, now)
        if decision is None:
            decision = await AuthorizeRole(self.directory, self.ended)(token, REQUIREMENT, now)
        return decision.allowed


async def started() -> tuple[Node, MemoryStorage, AccessToken]:
    """A node that has read a fresh replica, another node's storage, and the token of a moderator."""
    node = Node()
    other = MemoryStorage(node.clock.now, node.database)
    ada = a_user("ada", MODERATOR)
    session = a_session(ada)
    await put(other, ada, session)
    await node.pass_time(1, replicates=True)
    token = PlainTokens().verify(f"{ada.id}/{uuid7(NOON)}/{session.id}/0/0/9999999999", NOON)
    assert await node.admits(token)
    return node, other, token


async def revoke_role(storage: MemoryStorage, token: AccessToken) -> None:
    async with storage.transaction() as tx:
        assert await tx.users.revoke(token.subject, MODERATOR)


async def end_session(storage: MemoryStorage, token: AccessToken) -> None:
    async with storage.transaction() as tx:
        session = await tx.sessions.get(token.session_id)
        assert session is not None
        assert await tx.sessions.end([session])


@pytest.mark.parametrize("change", [revoke_role, end_session])
async def test_what_was_taken_away_is_refused_when_the_replica_has_stood_still_for_too_long(change: Any) -> None:
    node, other, token = await started()
    await change(other, token)
    await node.pass_time(MAX_AGE_SECONDS - STEP_SECONDS, replicates=False)
    assert await node.admits(token)
    await node.pass_time(2 * STEP_SECONDS, replicates=False)
    assert not await node.admits(token)
    assert not node.ended.complete
    await node.pass_time(60, replicates=False)
    assert not await node.admits(token)
    await node.pass_time(STEP_SECONDS, replicates=True)
    assert node.ended.complete
    assert not await node.admits(token)
    assert node.log.events == [(OLD, {"cause": "no_new_beat"}), (CURRENT, {})]


async def test_a_service_that_was_removed_is_unknown_when_the_replica_has_stood_still_for_too_long() -> None:
    node, other, _ = await started()
    shop = Service(id=ServiceId("shop"), name="shop", secret_hash=ServiceSecretHash(b"s" * 32), created_at=NOON)
    await put(other, shop)
    await node.pass_time(1, replicates=True)
    async with other.transaction() as tx:
        assert await tx.services.remove(shop.id)
    await node.pass_time(MAX_AGE_SECONDS, replicates=False)
    assert await node.services.get(shop.id) == shop
    await node.pass_time(STEP_SECONDS, replicates=False)
    assert await node.services.get(shop.id) is None


async def test_while_the_replica_stands_still_the_primary_decides_and_only_it() -> None:
    node, _, token = await started()
    await node.pass_time(60, replicates=False)
    assert await node.admits(token)
    node.storage.away = True
    with pytest.raises(StorageUnavailable):
        await node.admits(token)


async def test_a_node_is_not_ready_while_its_feed_is_old() -> None:
    node, _, _ = await started()
    prove_writing = ProveWriting(node.storage, node.clock, node.log)
    await prove_writing.once()
    check = CheckReadiness(node.storage, CountingKeyRing(), node.clock, prove_writing, node.heartbeat)
    assert await check() is None
    await node.pass_time(MAX_AGE_SECONDS + STEP_SECONDS, replicates=False)
    assert await check() == "change_feed_old"
    await node.pass_time(2, replicates=True)
    assert await check() is None


async def test_a_feed_without_any_beat_does_not_count_as_heard() -> None:
    node = Node()
    await node.follow.once()
    assert (node.heartbeat.is_old(), node.ended.complete, node.log.events) == (True, False, [])
    node.clock.move(MAX_AGE_SECONDS + STEP_SECONDS)
    await node.follow.once()
    assert node.log.events == [(OLD, {"cause": "no_beat"})]


async def test_the_node_that_writes_the_beats_goes_on_until_it_is_gone() -> None:
    """Another one writes none while it sees them, and one soon after they stop."""
    writer = Node()
    other = Node(database=writer.database, clock=writer.clock)
    await writer.heartbeat.once()
    assert await beats(other, 10, writer) == []
    late = await beats(other, MISSED_SECONDS + PERIOD_SECONDS + 4)
    assert late
    assert MISSED_SECONDS - PERIOD_SECONDS <= late[0] <= MISSED_SECONDS + PERIOD_SECONDS + STEP_SECONDS
    assert late[0] < MAX_AGE_SECONDS


async def beats(node: Node, seconds: float, writer: Node | None = None) -> list[float]:
    """Return when the node wrote a beat, as often as it looks, while another one may write them, too."""
    wrote, passed = [], 0.0
    while passed < seconds:
        for each in (writer, node):
            if each is not None and each.heartbeat.is_due():
                before = node.database.tables.beat_at
                await each.heartbeat.once()
                if each is node and node.database.tables.beat_at != before:
                    wrote.append(passed)
        node.storage.replicate()
        await node.follow.once()
        passed += 0.25
        node.clock.move(0.25)
    return wrote


@dataclass(slots=True)
class OneBeat:
    """A reading that sees this beat."""

    beat: Beat

    @property
    def heartbeats(self) -> "OneBeat":
        return self

    async def newest(self) -> Beat:
        return self.beat


async def known_until(node: Node, beat: Beat) -> float | None:
    since = node.clock.monotonic()
    await node.heartbeat.look(cast("Reading", OneBeat(beat)))
    return node.heartbeat.heard(since)


async def test_a_beat_that_stands_still_ages_whatever_the_clock_of_the_replica_says() -> None:
    node = Node()
    beat = Beat(node.clock.now(), 0.0)
    first = await known_until(node, beat)
    assert first == node.clock.monotonic()
    node.clock.move(3)
    assert await known_until(node, beat) == first
    node.clock.move(3)
    assert await known_until(node, beat) == first
    assert node.heartbeat.is_old()


@pytest.mark.parametrize(
    ("age_seconds", "is_old"),
    [(-MAX_FUTURE_SECONDS, False), (-MAX_FUTURE_SECONDS - 0.1, True), (4.9, False), (5.1, True)],
)
async def test_a_replica_whose_clock_is_behind_that_of_the_primary_is_not_trusted(
    age_seconds: float, is_old: bool
) -> None:
    node = Node()
    await known_until(node, Beat(node.clock.now(), age_seconds))
    assert node.heartbeat.is_old() == is_old


async def test_no_beat_is_written_where_nothing_that_is_read_is_old() -> None:
    clock, log = FrozenClock(), ListLog()
    storage = MemoryStorage(clock.now)
    heartbeat = Heartbeat(storage, clock, log)
    await heartbeat.once()
    await heartbeat.run()
    assert storage.database.tables.beat_at is None
    assert not heartbeat.is_old()
