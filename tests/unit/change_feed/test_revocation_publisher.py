"""What the revocation list contains, when it is signed again, and which requests may wait for it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from doorward.application.change_feed.ended_sessions import RETENTION, STALE_AFTER_SECONDS
from doorward.application.change_feed.revocation_publisher import (
    KEPT_FOR_SERVICES,
    LIFETIME,
    MAX_WAITING,
    MAX_WAITING_PER_ADDRESS,
    PERIOD,
    RevocationList,
    RevocationPublisher,
)
from doorward.domain.access.actor import OPERATOR
from doorward.domain.change_feed.change import Change
from doorward.domain.change_feed.ends import Ends
from doorward.domain.errors import InvalidToken, RevocationsIncomplete, StorageUnavailable
from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.revocation_lists import JwtRevocationSigner
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.testing.doubles import NOON, FrozenClock
from doorward.testing.storage_access import put
from support.house import House
from support.jwt.material import read_claims, read_header

ISSUER, AUDIENCE = "https://auth.example.org", "doorward"
SEALER = AesKeySealer(MasterSecret(b"what the signing keys of these tests are sealed with"))
FIRST, SECOND = SEALER.generate(NOON), SEALER.generate(NOON)
SOMEBODY = UserId(uuid7(NOON))
ADDRESS = "192.0.2.250"
A_SERVICE = None


@dataclass(slots=True)
class Node:
    """A node with keys and its publisher. Two of them with the same keys are two nodes."""

    house: House = field(default_factory=House)
    ring: StoredKeyRing = field(init=False)
    publisher: RevocationPublisher = field(init=False)

    def __post_init__(self) -> None:
        self.ring = StoredKeyRing(self.house.storage, SEALER)
        signer = JwtRevocationSigner(self.ring, ISSUER, AUDIENCE)
        self.publisher = RevocationPublisher(self.house.ended, signer, self.house.clock)

    async def started(self) -> "Node":
        await put(self.house.storage, FIRST)
        await self.ring.reload()
        return self

    def end(self, session_id: SessionId) -> None:
        self.house.ended.apply([Change.session_ended(SOMEBODY, session_id)])

    def move(self, seconds: float) -> None:
        """Advance the clock while the feed is being read."""
        self.house.clock.move(seconds)
        self.house.ended.mark_caught_up(self.house.clock.monotonic())


def read(published: RevocationList) -> dict[str, Any]:
    return read_claims(published.signed.decode())


def sids(published: RevocationList) -> list[str]:
    return [entry["sid"] for entry in read(published)["sessions"]]


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_list_names_what_ended_and_until_when_it_matters() -> None:
    """TK-16."""
    node = await Node().started()
    house = node.house
    ada, bob = await house.with_user("ada"), await house.with_user("bob")
    session = (await house.signed_in("bob")).session
    await house.end(bob.id, session.id, by=OPERATOR)
    await house.end_all(ada.id, by=OPERATOR)
    epoch = (await house.stored(ada.id)).epoch
    until = int((NOON + RETENTION).timestamp())
    published = await node.publisher.list()
    now = int(NOON.timestamp())
    assert read(published) == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + LIFETIME.total_seconds(),
        "cursor": "0",
        "sessions": [{"sid": str(session.id), "exp": until}],
        "accounts": [{"sub": str(ada.id), "epoch": epoch, "exp": until}],
    }
    assert read_header(published.signed.decode()) == {"alg": "ES256", "typ": "revocations+jwt", "kid": FIRST.kid}


async def test_a_list_is_not_accepted_as_an_access_token() -> None:
    """TK-05, TK-24."""
    node = await Node().started()
    tokens = JwtAccessTokens(node.ring, ISSUER, AUDIENCE, "doorward", 900)
    with pytest.raises(InvalidToken):
        tokens.verify((await node.publisher.list()).signed.decode(), NOON)


async def test_all_requests_get_the_same_bytes_until_something_ends() -> None:
    node = await Node().started()
    before = await node.publisher.list()
    assert (await node.publisher.list()) is before
    session_id = new_session_id(NOON)
    node.end(session_id)
    after = await node.publisher.list()
    assert after.tag != before.tag
    node.end(session_id)
    assert (await node.publisher.list()) is after, "an end that is apply of once more is nothing new"


async def test_an_end_that_no_token_needs_any_more_is_not_listed() -> None:
    node = await Node().started()
    node.end(new_session_id(NOON))
    assert read(await node.publisher.list())["sessions"] != []
    node.move(RETENTION.total_seconds())
    assert read(await node.publisher.list())["sessions"] == []


async def test_the_list_is_signed_again_at_half_its_lifetime_and_by_another_key() -> None:
    node = await Node().started()
    before = await node.publisher.list()
    node.move(PERIOD.total_seconds() - 1)
    assert (await node.publisher.list()) is before
    node.move(1)
    after = await node.publisher.list()
    assert read(after)["iat"] - read(before)["iat"] == PERIOD.total_seconds()
    assert after.tag != before.tag
    await put(node.house.storage, SECOND.beginning(node.house.clock.now()))
    await node.ring.reload()
    assert read_header((await node.publisher.list()).signed.decode())["kid"] == SECOND.kid
    assert (await node.publisher.list()).tag != after.tag


async def test_nodes_that_list_the_same_ends_give_the_list_the_same_tag() -> None:
    """Otherwise a client that asks one node after the other would never wait."""
    here, there = await Node().started(), await Node(House(clock=FrozenClock(seconds=5000.0))).started()
    ended = [new_session_id(NOON) for _ in range(3)]
    for session_id in ended:
        here.end(session_id)
    there.move(1)
    for session_id in reversed(ended):
        there.end(session_id)
    assert (await here.publisher.list()).tag == (await there.publisher.list()).tag
    assert (await here.publisher.list()).signed != (await there.publisher.list()).signed


async def test_a_node_that_may_not_know_all_ends_refuses_to_publish() -> None:
    node = await Node().started()
    known = await node.publisher.list()
    node.house.clock.move(STALE_AFTER_SECONDS + 1)
    with pytest.raises(RevocationsIncomplete):
        (await node.publisher.list())
    node.house.ended.mark_caught_up(node.house.clock.monotonic())
    assert (await node.publisher.list()) is known


async def test_without_a_key_nothing_is_published() -> None:
    with pytest.raises(StorageUnavailable):
        await Node().publisher.list()


async def test_a_waiting_request_is_answered_when_something_ends() -> None:
    node = await Node().started()
    known = await node.publisher.list()
    waiting = asyncio.create_task(node.publisher.changed(known.tag, 60, ADDRESS))
    await settle()
    assert not waiting.done()
    session_id = new_session_id(NOON)
    node.end(session_id)
    await waiting
    assert sids(await node.publisher.list()) == [str(session_id)]
    await node.publisher.changed(known.tag, 60, ADDRESS)  # who is late does not wait


async def test_a_waiting_request_is_not_woken_if_the_list_stays_the_same() -> None:
    node = await Node().started()
    session_id = new_session_id(NOON)
    node.end(session_id)
    waiting = asyncio.create_task(node.publisher.changed((await node.publisher.list()).tag, 60, ADDRESS))
    await settle()
    node.end(session_id)
    await settle()
    assert not waiting.done()
    node.publisher.stop()
    await waiting


async def test_a_waiting_request_gets_the_present_list_after_its_time() -> None:
    node = await Node().started()
    known = await node.publisher.list()
    await node.publisher.changed(known.tag, 0, ADDRESS)
    assert await node.publisher.list() is known


async def test_when_the_service_stops_waiting_requests_are_answered_and_no_other_waits() -> None:
    node = await Node().started()
    known = await node.publisher.list()
    waiting = [asyncio.create_task(node.publisher.changed(known.tag, 60, ADDRESS)) for _ in range(3)]
    await settle()
    node.publisher.stop()
    await asyncio.gather(*waiting)
    assert not node.publisher.has_room(ADDRESS)
    assert not node.publisher.has_room(A_SERVICE)
    await node.publisher.changed(known.tag, 60, ADDRESS)


async def test_the_number_of_waiting_requests_is_limited_and_a_cancelled_one_makes_room() -> None:
    node = await Node().started()
    known = await node.publisher.list()
    callers = [f"192.0.2.{number}" for number in range(MAX_WAITING - KEPT_FOR_SERVICES)]
    waiting = [asyncio.create_task(node.publisher.changed(known.tag, 60, each)) for each in callers]
    await settle()
    assert not node.publisher.has_room(ADDRESS)
    services = [asyncio.create_task(node.publisher.changed(known.tag, 60, A_SERVICE)) for _ in range(KEPT_FOR_SERVICES)]
    await settle()
    assert not node.publisher.has_room(A_SERVICE)
    services.pop().cancel()
    waiting.pop().cancel()
    await settle()
    assert node.publisher.has_room(ADDRESS)
    assert node.publisher.has_room(A_SERVICE)
    node.publisher.stop()
    await asyncio.gather(*waiting, *services)


async def test_one_address_gets_a_part_of_the_places_and_services_are_not_counted_by_address() -> None:
    """RF-18."""
    node = await Node().started()
    tag = node.publisher.tag()
    number = MAX_WAITING_PER_ADDRESS
    waiting = [asyncio.create_task(node.publisher.changed(tag, 60, ADDRESS)) for _ in range(number + 3)]
    await settle()
    assert [task.done() for task in waiting] == [False] * number + [True] * 3
    assert node.publisher.has_room("192.0.2.1")
    assert node.publisher.has_room(A_SERVICE)
    node.publisher.stop()
    await asyncio.gather(*waiting)


@dataclass(frozen=True, slots=True)
class SlowSigner:
    """Takes one second to sign a list."""

    clock: FrozenClock

    def kid(self, now: datetime) -> str:
        return "the only one"

    def sign(self, ends: Ends, now: datetime, ends_at: datetime) -> bytes:
        self.clock.move(1)
        return str(len(ends)).encode()


async def test_signing_long_lists_does_not_take_all_the_time() -> None:
    house = House()
    publisher = RevocationPublisher(house.ended, SlowSigner(house.clock), house.clock)
    before = await publisher.list()
    house.ended.apply([Change.session_ended(SOMEBODY, new_session_id(NOON))])
    house.clock.move(1.9)
    assert (await publisher.list()) is before
    house.clock.move(0.1)
    assert (await publisher.list()).signed == b"1"
