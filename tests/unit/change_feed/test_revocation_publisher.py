"""What the revocation list contains, when it is signed again, and which requests may wait for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from doorward.application.change_feed.ended_sessions import RETENTION, STALE_AFTER_SECONDS
from doorward.application.change_feed.revocation_publisher import (
    LIFETIME,
    MAX_WAITING,
    PERIOD,
    RevocationList,
    RevocationPublisher,
)
from doorward.domain.access.actor import OPERATOR
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import InvalidToken, RevocationsIncomplete, StorageUnavailable
from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.revocation_lists import JwtRevocationSigner
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.tokens import JwtAccessTokens
from support.builders import House
from support.doubles import NOON, FrozenClock
from support.jwt.material import read_claims, read_header
from support.storage_access import put

ISSUER, AUDIENCE = "https://auth.example.org", "doorward"
SEALER = AesKeySealer(MasterSecret(b"what the signing keys of these tests are sealed with"))
FIRST, SECOND = SEALER.generate(NOON), SEALER.generate(NOON)
SOMEBODY = UserId(uuid7(NOON))


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


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_list_names_what_ended_and_until_when_it_matters() -> None:
    """TK-16."""
    node = await Node().started()
    house = node.house
    ada = await house.with_user("ada")
    session = (await house.signed_in("ada")).session
    await house.end(ada.id, session.id, by=OPERATOR)
    await house.end_all(ada.id, by=OPERATOR)
    epoch = (await house.stored(ada.id)).epoch
    until = int((NOON + RETENTION).timestamp())
    published = node.publisher.current()
    now = int(NOON.timestamp())
    assert read(published) == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + LIFETIME.total_seconds(),
        "sessions": [{"sid": str(session.id), "exp": until}],
        "accounts": [{"sub": str(ada.id), "epoch": epoch, "exp": until}],
    }
    assert read_header(published.signed.decode()) == {"alg": "ES256", "typ": "revocations+jwt", "kid": FIRST.kid}


async def test_a_list_is_not_accepted_as_an_access_token() -> None:
    """TK-05, TK-24."""
    node = await Node().started()
    tokens = JwtAccessTokens(node.ring, ISSUER, AUDIENCE, "doorward", 900)
    with pytest.raises(InvalidToken):
        tokens.verify(node.publisher.current().signed.decode(), NOON)


async def test_all_requests_get_the_same_bytes_until_something_ends() -> None:
    node = await Node().started()
    before = node.publisher.current()
    assert node.publisher.current() is before
    session_id = new_session_id(NOON)
    node.end(session_id)
    after = node.publisher.current()
    assert after.tag != before.tag
    node.end(session_id)
    assert node.publisher.current() is after, "an end that is apply of once more is nothing new"


async def test_an_end_that_no_token_needs_any_more_is_not_listed() -> None:
    node = await Node().started()
    node.end(new_session_id(NOON))
    assert read(node.publisher.current())["sessions"] != []
    node.move(RETENTION.total_seconds())
    assert read(node.publisher.current())["sessions"] == []


async def test_the_list_is_signed_again_at_half_its_lifetime_and_by_another_key() -> None:
    node = await Node().started()
    before = node.publisher.current()
    node.move(PERIOD.total_seconds() - 1)
    assert node.publisher.current() is before
    node.move(1)
    after = node.publisher.current()
    assert read(after)["iat"] - read(before)["iat"] == PERIOD.total_seconds()
    assert after.tag != before.tag
    await put(node.house.storage, SECOND.beginning(node.house.clock.now()))
    await node.ring.reload()
    assert read_header(node.publisher.current().signed.decode())["kid"] == SECOND.kid
    assert node.publisher.current().tag != after.tag


async def test_nodes_that_list_the_same_ends_give_the_list_the_same_tag() -> None:
    """Otherwise a client that asks one node after the other would never wait."""
    here, there = await Node().started(), await Node(House(clock=FrozenClock(seconds=5000.0))).started()
    ended = [new_session_id(NOON) for _ in range(3)]
    for session_id in ended:
        here.end(session_id)
    there.move(1)
    for session_id in reversed(ended):
        there.end(session_id)
    assert here.publisher.current().tag == there.publisher.current().tag
    assert here.publisher.current().signed != there.publisher.current().signed


async def test_a_node_that_may_not_know_all_ends_refuses_to_publish() -> None:
    node = await Node().started()
    known = node.publisher.current()
    node.house.clock.move(STALE_AFTER_SECONDS + 1)
    with pytest.raises(RevocationsIncomplete):
        node.publisher.current()
    node.house.ended.mark_caught_up(node.house.clock.monotonic())
    assert node.publisher.current() is known


async def test_without_a_key_nothing_is_published() -> None:
    with pytest.raises(StorageUnavailable):
        Node().publisher.current()


async def test_a_waiting_request_is_answered_when_something_ends() -> None:
    node = await Node().started()
    known = node.publisher.current()
    waiting = asyncio.create_task(node.publisher.after(known.tag, 60))
    await settle()
    assert not waiting.done()
    session_id = new_session_id(NOON)
    node.end(session_id)
    assert [entry["sid"] for entry in read(await waiting)["sessions"]] == [str(session_id)]
    assert await node.publisher.after(known.tag, 60) is node.publisher.current(), "who is late does not wait"


async def test_a_waiting_request_is_not_woken_if_the_list_stays_the_same() -> None:
    node = await Node().started()
    session_id = new_session_id(NOON)
    node.end(session_id)
    waiting = asyncio.create_task(node.publisher.after(node.publisher.current().tag, 60))
    await settle()
    node.end(session_id)
    await settle()
    assert not waiting.done()
    node.publisher.stop()
    await waiting


async def test_a_waiting_request_gets_the_present_list_after_its_time() -> None:
    node = await Node().started()
    known = node.publisher.current()
    assert await node.publisher.after(known.tag, 0) is known


async def test_when_the_service_stops_waiting_requests_are_answered_and_no_other_waits() -> None:
    node = await Node().started()
    known = node.publisher.current()
    waiting = [asyncio.create_task(node.publisher.after(known.tag, 60)) for _ in range(3)]
    await settle()
    node.publisher.stop()
    assert await asyncio.gather(*waiting) == [known] * 3
    assert not node.publisher.has_room
    assert await node.publisher.after(known.tag, 60) is known


async def test_the_number_of_waiting_requests_is_limited_and_a_cancelled_one_makes_room() -> None:
    node = await Node().started()
    known = node.publisher.current()
    waiting = [asyncio.create_task(node.publisher.after(known.tag, 60)) for _ in range(MAX_WAITING)]
    await settle()
    assert not node.publisher.has_room
    waiting[0].cancel()
    await settle()
    assert node.publisher.has_room
    node.publisher.stop()
    await asyncio.gather(*waiting[1:])


async def test_requests_beyond_the_limit_are_answered_at_once() -> None:
    node = await Node().started()
    known = node.publisher.current()
    waiting = [asyncio.create_task(node.publisher.after(known.tag, 60)) for _ in range(MAX_WAITING + 3)]
    await settle()
    assert [task.done() for task in waiting] == [False] * MAX_WAITING + [True] * 3
    node.publisher.stop()
    assert await asyncio.gather(*waiting) == [known] * len(waiting)


@dataclass(frozen=True, slots=True)
class SlowSigner:
    """Takes one second to sign a list."""

    clock: FrozenClock

    def kid(self, now: datetime) -> str:
        return "the only one"

    def sign(
        self,
        sessions: Sequence[tuple[SessionId, datetime]],
        accounts: Sequence[tuple[UserId, int, datetime]],
        now: datetime,
        ends_at: datetime,
    ) -> bytes:
        self.clock.move(1)
        return str(len(sessions)).encode()


async def test_signing_long_lists_does_not_take_all_the_time() -> None:
    house = House()
    publisher = RevocationPublisher(house.ended, SlowSigner(house.clock), house.clock)
    before = publisher.current()
    house.ended.apply([Change.session_ended(SOMEBODY, new_session_id(NOON))])
    house.clock.move(1.9)
    assert publisher.current() is before
    house.clock.move(0.1)
    assert publisher.current().signed == b"1"
