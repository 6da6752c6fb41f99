"""What a client gets that follows the list of what has ended: only what may be new to it, from whichever node."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from doorward.application.change_feed.feed_marks import Position
from doorward.application.change_feed.follower import ChangeFollower
from doorward.application.change_feed.revocation_publisher import (
    MAX_LISTS_PER_STATE,
    MAX_NEW_ENTRIES,
    RevocationPublisher,
)
from doorward.application.sessions.end_session import EndSession
from doorward.domain.access.actor import OPERATOR
from doorward.domain.change_feed.change import Change
from doorward.domain.change_feed.ends import Ends
from doorward.domain.ids import SessionId, UserId, uuid7
from doorward.domain.sessions.session import new_session_id
from doorward.testing.builders import a_session, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House

SOMEBODY = UserId(uuid7(NOON))


@dataclass(slots=True)
class ListSigner:
    """Keeps what it was to sign."""

    signed: list[Ends] = field(default_factory=list)

    def kid(self, now: datetime) -> str:
        return "the only one"

    def sign(self, ends: Ends, now: datetime, ends_at: datetime) -> bytes:
        self.signed.append(ends)
        return str(len(self.signed) - 1).encode()


@dataclass(slots=True)
class Node:
    house: House
    signer: ListSigner = field(default_factory=ListSigner)
    publisher: RevocationPublisher = field(init=False)
    follower: ChangeFollower = field(init=False)

    def __post_init__(self) -> None:
        self.publisher = RevocationPublisher(self.house.ended, self.signer, self.house.clock)
        self.follower = self.house.follower()

    async def read(self) -> None:
        self.house.clock.move(0.5)
        await self.follower.once()

    async def list(self, cursor: str | None) -> Ends:
        return self.signer.signed[int((await self.publisher.list(cursor)).signed)]

    async def cursor(self) -> str:
        """Return the cursor of the present list, after two reads, so that it stands for the end of the feed."""
        await self.read()
        await self.read()
        return (await self.list(None)).cursor


def sids(ends: Ends) -> set[SessionId]:
    return {end.session_id for end in ends.sessions if end.session_id is not None}


@dataclass(slots=True)
class Client:
    """Follows the list as docs/verifying-tokens.md says."""

    known: set[SessionId] = field(default_factory=set)
    cursor: str | None = None
    entries: int = 0

    async def follow(self, node: Node) -> int:
        """Return the number of entries in the answer."""
        ends = await node.list(self.cursor)
        assert ends.since in {None, self.cursor}
        self.known |= sids(ends)
        self.cursor = ends.cursor
        return len(ends)


def two_nodes() -> tuple[Node, Node]:
    here = House()
    return Node(here), Node(House(clock=here.clock, database=here.storage.database))


async def end_some(node: Node, number: int) -> list[SessionId]:
    user = a_user(f"user{uuid7(NOON).hex[-12:]}")
    sessions = [a_session(user) for _ in range(number)]
    await put(node.house.storage, user, *sessions)
    for each in sessions:
        await EndSession(node.house.storage, node.house.log)(user.id, each.id, by=OPERATOR)
    return [each.id for each in sessions]


async def test_a_client_with_a_cursor_gets_only_what_is_new() -> None:
    """RF-17."""
    node, _ = two_nodes()
    client = Client()
    ended = {*await end_some(node, 30)}
    for _ in range(3):
        await node.read()
        ended |= {*await end_some(node, 1)}
    assert await client.follow(node) == len(ended)
    ended |= {*await end_some(node, 1)}
    assert await client.follow(node) <= 4, "at once on the node that ended it, with those of the last reads"
    for _ in range(3):
        await node.read()
    await client.follow(node)
    ended |= {*await end_some(node, 1)}
    assert await client.follow(node) <= 6
    assert client.known == ended


@pytest.mark.parametrize("known", [100, 900])
async def test_an_answer_with_what_is_new_is_as_short_for_a_long_list_as_for_a_short_one(known: int) -> None:
    """RF-17."""
    node, _ = two_nodes()
    client = Client()
    for _ in range(known // 50):
        await end_some(node, 50)
        await node.read()
    for _ in range(3):
        await end_some(node, 2)
        await node.read()
    assert await client.follow(node) == known + 6
    for _ in range(3):
        await end_some(node, 2)
        await node.read()
        assert await client.follow(node) <= 6


async def test_a_client_that_asks_the_nodes_in_turn_misses_nothing() -> None:
    """RF-17, TK-16: whatever the order in which the nodes read, commit and are asked."""
    here, there = two_nodes()
    for node in (here, there):
        await node.read()
    client, ended = Client(), set[SessionId]()
    await client.follow(here)
    steps = "h r c t H T R c h t r T c H r R c t h c R H r c T t c H h r R c T".split()
    for step in steps:
        node = there if step in "tTRC" else here
        if step in "hr":
            ended |= {*await end_some(node, 1)}
        if step == "t":
            ended |= {*await end_some(node, 2)}
        if step in "rRHT":
            await node.read()
        if step in "cTH":
            await client.follow(node)
    for _ in range(2):
        for node in (here, there):
            await node.read()
    await client.follow(there)
    assert client.known == ended


async def test_a_cursor_of_one_node_is_recognised_by_all_others_also_by_those_that_start_later() -> None:
    """RF-17."""
    here, there = two_nodes()
    await end_some(here, 2)
    await there.read()
    cursor = await here.cursor()
    later = Node(House(clock=here.house.clock, database=here.house.storage.database))
    for node in (here, there, later):
        await node.read()
        assert (await node.list(cursor)).since == cursor


async def test_an_end_that_is_readable_late_is_new_to_who_has_a_later_position() -> None:
    """RF-17, TK-16: its number in the feed is lower, because its transaction committed late."""
    node, _ = two_nodes()
    client = Client()
    await end_some(node, 3)
    for _ in range(3):
        await node.read()
    late = node.house.storage.database.tables.changes.pop(1)
    other = Node(House(clock=node.house.clock, database=node.house.storage.database))
    for _ in range(3):
        await other.read()
    await client.follow(other)
    assert late.change.session_id not in client.known
    node.house.storage.database.tables.changes.insert(1, late)
    await other.read()
    await client.follow(other)
    assert late.change.session_id in client.known


async def test_a_client_that_is_far_behind_gets_the_whole_list_which_is_signed_once() -> None:
    """RF-17."""
    node, _ = two_nodes()
    await end_some(node, 1)
    cursor = await node.cursor()
    before = len(node.signer.signed)
    node.house.ended.apply(
        [Change.session_ended(SOMEBODY, new_session_id(NOON)) for _ in range(MAX_NEW_ENTRIES + 1)],
        found_at=Position(2**60, 7),
    )
    assert (await node.list(cursor)).since is None
    assert (await node.list(None)).since is None
    assert [len(ends) for ends in node.signer.signed[before:]] == [MAX_NEW_ENTRIES + 2]


async def test_an_invented_cursor_takes_no_place_of_those_that_are_genuine() -> None:
    """RF-17: a stranger sends ever other ones, of the form that they have or of any other."""
    node, _ = two_nodes()
    await end_some(node, 1)
    cursor = await node.cursor()
    ended = {*await end_some(node, 1)}
    number, _, mark = cursor.partition("-")
    invented = [f"{number}-{other:016x}" for other in range(2 * MAX_LISTS_PER_STATE)]
    for each in (*invented, number, mark, f"7-{mark}", f"{cursor}0", "0", "", "\0", "9" * 18, f"{'9' * 18}-{mark}"):
        assert (await node.list(each)).since is None
    ends = await node.list(cursor)
    assert (ends.since, sids(ends) >= ended) == (cursor, True)
    assert len(node.signer.signed) == 3, "before the end the whole list, and after it the whole one and the new part"


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_cursor_does_not_fit_a_restored_feed_that_has_grown_past_it(restarts: bool) -> None:
    """RF-17, TK-16: whether the nodes were restarted or not."""
    node, _ = two_nodes()
    client = Client()
    await end_some(node, 3)
    changes = node.house.storage.database.tables.changes
    backup = list(changes)
    await end_some(node, 2)
    await node.cursor()
    await client.follow(node)
    del changes[len(backup) :]
    elsewhere = Node(House(clock=node.house.clock, database=node.house.storage.database))
    ended = {*await end_some(elsewhere, 4)}
    if restarts:
        node = Node(House(clock=node.house.clock, database=node.house.storage.database))
    for _ in range(3):
        await node.read()
    await client.follow(node)
    assert client.known >= ended
    assert (await node.list(client.cursor)).since == client.cursor, "from then on the client gets what is new"


async def test_requests_at_the_same_time_share_one_list_also_while_it_is_made_in_a_thread() -> None:
    node, _ = two_nodes()
    node.house.ended.apply([Change.session_ended(SOMEBODY, new_session_id(NOON)) for _ in range(3_000)])
    lists = await asyncio.gather(*(node.publisher.list() for _ in range(20)))
    assert len({id(each) for each in lists}) == 1
    assert len(node.signer.signed) == 1


async def test_nobody_can_have_one_list_after_another_signed_with_ever_other_cursors() -> None:
    """RF-17: also not with genuine ones."""
    node, _ = two_nodes()
    cursors = []
    for _ in range(MAX_LISTS_PER_STATE + 20):
        await end_some(node, 1)
        cursors.append(await node.cursor())
    before = len(node.signer.signed)
    for number, cursor in enumerate(dict.fromkeys(cursors)):
        ends = await node.list(cursor)
        assert ends.since == (cursor if number < MAX_LISTS_PER_STATE - 1 else None), "one place is the whole list's"
    assert len(node.signer.signed) - before <= MAX_LISTS_PER_STATE
