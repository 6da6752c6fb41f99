"""A node that follows the change feed as the service does, and counts what its requests would ask the database."""

import asyncio
import resource
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from unittest.mock import patch

from bench.process_stats import proportional_bytes
from doorward.application.change_feed.directories import Directories
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import FeedMarks, Position
from doorward.application.change_feed.follower import ChangeFollower, FollowerTimings
from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.change_feed.known_services import KnownServices
from doorward.application.change_feed.own_accounts import OwnAccounts
from doorward.domain.access.principal import AccessToken
from doorward.domain.change_feed.change import Change
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_token, a_user
from doorward.testing.doubles import NOON, ListLog, PlainTokens
from feed_load.load import age_of
from support.doubles import CountingKeyRing

REQUEST_SECONDS = 0.01
"""Between two requests."""


@dataclass(slots=True, kw_only=True)
class Heard:
    """What one node heard, and what that took."""

    started_seconds: float = 0.0
    ends: int = 0
    lags: list[float] = field(default_factory=list)
    """Seconds from an end to its effect here, ascending."""
    requests: int = 0
    asked: int = 0
    """Requests that must ask the database."""
    cpu_seconds: float = 0.0
    bytes: int = 0
    log: Sequence[str] = ()

    def lag(self, part: float) -> float:
        return self.lags[min(int(part * len(self.lags)), len(self.lags) - 1)] if self.lags else 0.0


async def follow(url: str, pid: int, ready: asyncio.Event, written: asyncio.Event) -> Heard:
    """Follow the feed until everything was written and read, and return what was heard."""
    storage, clock, log, heard = SqlStorage.open(DatabaseUrl.parse(url)), SystemClock(), ListLog(), Heard()
    ended = EndedSessions(storage, clock, FeedMarks(b"one key of all nodes"))
    directories = Directories(
        AccessDirectory(storage, clock), OwnAccounts(storage, clock), KnownServices(storage, clock)
    )
    heartbeat = Heartbeat(storage, clock, log)
    follower = ChangeFollower(
        storage,
        directories,
        ended,
        CountingKeyRing(),
        clock,
        log,
        heartbeat=heartbeat,
        timings=FollowerTimings(),
    )
    apply = ended.apply

    def apply_and_measure(changes: Sequence[Change], found_at: Position | None = None) -> None:
        apply(changes, found_at)
        now = time.time()
        heard.lags += [age_of(change.session_id, now) for change in changes if change.session_id is not None]

    with patch.object(ended, "apply", apply_and_measure):
        began_at = time.monotonic()
        tasks = [asyncio.create_task(follower.run()), asyncio.create_task(heartbeat.run())]
        while not ended.complete:  # noqa: ASYNC110 nothing tells
            await asyncio.sleep(REQUEST_SECONDS)
        heard.started_seconds, known = time.monotonic() - began_at, ended.number
        ready.set()
        began_at = cpu_seconds()
        tasks.append(asyncio.create_task(send_requests(ended, heard)))
        await written.wait()
        await read_to_the_end(follower)
        heard.cpu_seconds, heard.ends, heard.bytes = (
            cpu_seconds() - began_at,
            ended.number - known,
            proportional_bytes(pid),
        )
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    heard.lags.sort()
    heard.log = [event.value for event, _ in log.events]
    await storage.close()
    return heard


async def read_to_the_end(follower: ChangeFollower) -> None:
    """Return after a read of the feed that began now or later."""
    begun = follower.reads
    while follower.reads < begun + 2 or follower.is_behind:  # noqa: ASYNC110 nothing tells
        await asyncio.sleep(REQUEST_SECONDS)


async def send_requests(ended: EndedSessions, heard: Heard) -> None:
    token: AccessToken = PlainTokens().verify(a_token(a_user()), NOON)
    while True:
        heard.requests += 1
        heard.asked += ended.has_ended(token) is None
        await asyncio.sleep(REQUEST_SECONDS)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
