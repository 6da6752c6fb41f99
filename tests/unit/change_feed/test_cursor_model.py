"""No committed change is missed by a node, whatever hands out the numbers and whatever becomes readable when.

The model has database servers with clocks of their own, which hand out numbers in blocks or in steps. Transactions
commit late or are rolled back. A node reads a copy of the data that may lag behind. It fails half-way, starts again,
and meets a restored backup.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from doorward.application.change_feed.cursor import MAX_DATABASE_CLOCK_DIFFERENCE, ChangeCursor, FeedRewritten
from doorward.application.transactions import LONGEST_TRANSACTION
from doorward.domain.change_feed.change import NUMBERS_PER_SPAN, Change, SequencedChange, SpanCount, Subject
from doorward.testing.doubles import NOON
from support.length import FULL

LIFE = LONGEST_TRANSACTION.total_seconds()
CLOCK_DIFFERENCE = MAX_DATABASE_CLOCK_DIFFERENCE.total_seconds()
A_MICROSECOND = 0.000_001
CHANGE = Change(Subject.ROLES)


@dataclass(slots=True)
class Server:
    """Hands out numbers in steps, up to the end of a block, and then gets the next block of all servers. Its clock is
    `ahead` by some seconds."""

    step: int
    offset: int
    size: int
    ahead: float
    left: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Open:
    """A transaction that commits at `due`, if it does."""

    rows: list[SequencedChange]
    due: float
    commits: bool
    held_up: bool = False


class Cluster(RuleBasedStateMachine):
    must_notice = False
    """Whether the feed lost something that the node has heard."""

    @initialize(
        servers=st.lists(st.tuples(st.sampled_from([1, 50, 30_000]), st.booleans()), min_size=1, max_size=3),
        step=st.sampled_from([1, 7]),
    )
    def begin(self, servers: Sequence[tuple[int, bool]], step: int) -> None:
        self.servers = [
            Server(step, offset, size, CLOCK_DIFFERENCE * ahead) for offset, (size, ahead) in enumerate(servers, 1)
        ]
        self.blocks = 0
        self.used_before: list[int] = []
        self.now = 0.0
        self.open: list[Open] = []
        self.committed: list[SequencedChange] = []
        """In the order of the commits."""
        self.readable = 0
        """How many of them are in the copy that the node reads."""
        self.lags = False
        self.pruned: set[int] = set()
        self.start()

    # --- the writers ---

    @rule(
        server=st.integers(0, 2),
        number=st.integers(1, 3),
        life=st.sampled_from([0.0, 0.0, 0.4, LIFE / 2, LIFE]),
        commits=st.sampled_from([True, True, True, False]),
    )
    def announce(self, server: int, number: int, life: float, commits: bool) -> None:
        self.now += A_MICROSECOND
        at_server = self.servers[server % len(self.servers)]
        at = NOON + timedelta(seconds=self.now + at_server.ahead)
        rows = [SequencedChange(self.number_of(at_server), CHANGE, at) for _ in range(number)]
        self.open.append(Open(rows, self.now + life, commits))
        self.wait(0.0, reads=False)

    @rule(seconds=st.sampled_from([0.1, 0.5, 3.0, LIFE]), reads=st.booleans())
    def wait(self, seconds: float, reads: bool) -> None:
        self.now += seconds
        over = sorted((each for each in self.open if each.due <= self.now), key=lambda each: each.due)
        self.open = [each for each in self.open if each.due > self.now]
        for each in over:
            self.committed += each.rows if each.commits else []
        if not self.lags:
            self.readable = len(self.committed)
        if reads:
            self.read(fails_after=None)

    @precondition(lambda self: not any(each.held_up for each in self.open))
    @rule(seconds=st.sampled_from([5.0, 25.0, 100.0]), reads=st.booleans())
    def stand_still(self, seconds: float, reads: bool) -> None:
        """The database answers, and lets nothing commit for a while. No transaction is held up twice."""
        for each in self.open:
            each.due, each.held_up = each.due + seconds, True
        self.wait(seconds, reads)

    @rule(which=st.integers(0, 2))
    def restart_server(self, which: int) -> None:
        """What was left of its block is never used."""
        self.servers[which % len(self.servers)].left.clear()

    @precondition(lambda self: self.committed)
    @rule(lost=st.integers(1, 4), numbers_return=st.booleans())
    def restore(self, lost: int, numbers_return: bool) -> None:
        """A backup takes the place of the data. The numbers that were used after it may be used again."""
        rows = self.committed[-lost:]
        del self.committed[-lost:]
        self.must_notice = self.must_notice or any(self.heard.get(row.sequence) is row for row in rows)
        self.used_before += [row.sequence for row in rows] if numbers_return else []
        self.open.clear()
        self.readable = min(self.readable, len(self.committed))

    @rule()
    def prune(self) -> None:
        """Delete what is older than the window of the node."""
        self.pruned |= {row.sequence for row in self.committed[: self.readable] if row.at < self.cursor.since}

    def number_of(self, server: Server) -> int:
        if self.used_before:
            return self.used_before.pop(0)
        if not server.left:
            first = self.blocks
            self.blocks += server.size * 10
            server.left = list(range(first + server.offset, self.blocks, server.step))[: server.size][::-1]
        return server.left.pop()

    # --- the node ---

    @rule(number=st.integers(0, 6))
    def lag(self, number: int) -> None:
        """What the node reads is a copy that gets the next few commits, and no others for now."""
        self.lags = True
        self.readable = min(self.readable + number, len(self.committed))

    @precondition(lambda self: self.lags)
    @rule()
    def catch_up(self) -> None:
        self.lags = False
        self.readable = len(self.committed)

    @rule()
    def start(self) -> None:
        self.must_notice = False
        self.heard: dict[int, SequencedChange] = {}
        self.known_at_start = self.visible()
        self.cursor = ChangeCursor(max((row.at for row in self.known_at_start), default=None), self.now)

    @rule(fails_after=st.none() | st.integers(0, 1))
    def read(self, fails_after: int | None) -> None:
        visible, began = self.visible(), self.now
        self.cursor.begin(NOON + timedelta(seconds=self.now))
        try:
            for count, page in enumerate(self.cursor.pages(self.counts())):
                if count == fails_after:
                    return
                found = [row for row in self.in_window() if page.first <= row.sequence <= page.last]
                for row in self.cursor.advance(page, found):
                    assert row.sequence not in self.heard, "each change is heard once"
                    self.heard[row.sequence] = row
                self.wait(0.4, reads=False)
        except FeedRewritten:
            assert self.must_notice, "the feed is as it was"
            self.start()
            return
        self.cursor.complete(began)
        assert not self.must_notice, "a feed that lost what was heard is noticed"
        missed = [row for row in visible if self.heard.get(row.sequence) is not row and row not in self.known_at_start]
        assert not missed, "every change is heard"

    # --- the database ---

    def visible(self) -> list[SequencedChange]:
        return [row for row in self.committed[: self.readable] if row.sequence not in self.pruned]

    def in_window(self) -> list[SequencedChange]:
        since = self.cursor.since
        return sorted((row for row in self.visible() if row.at >= since), key=lambda row: row.sequence)

    def counts(self) -> list[SpanCount]:
        spans = defaultdict(list)
        for row in self.in_window():
            spans[row.sequence // NUMBERS_PER_SPAN].append(row)
        return [SpanCount(span, len(rows), max(row.at for row in rows)) for span, rows in spans.items()]


TestCluster = Cluster.TestCase
TestCluster.settings = settings(max_examples=1_500 if FULL else 40, stateful_step_count=50, deadline=None)
