"""A node that reads a real replica, whose applier stands still. In the full length only: it starts two servers."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from dishka import AsyncContainer, Provider, Scope, provide

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.check_readiness import CheckReadiness
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import AccessToken
from doorward.domain.access.role import MODERATOR
from doorward.domain.ids import uuid7
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.keywords import settings_of
from doorward.infrastructure.sql.engine import Engines, open_engines
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.interfaces.main import working
from doorward.testing.builders import a_session, a_user
from doorward.testing.doubles import PlainTokens
from doorward.testing.storage_access import put
from support.mysql.plugin import usable
from support.mysql.replica import Pair, replicated
from support.mysql.server import Skipped

pytestmark = pytest.mark.full

PATIENCE_SECONDS = 60.0
REQUIREMENT = any_of(MODERATOR)


class ReadsReplica(Provider):
    """Puts a storage in the place of the usual one that writes to the primary and reads the replica."""

    scope = Scope.APP

    def __init__(self, primary: DatabaseUrl, replica: DatabaseUrl) -> None:
        super().__init__()
        self.primary = primary
        self.replica = replica

    @provide(override=True)
    async def storage(self, clock: Clock) -> AsyncIterator[Storage]:
        writing, reading = open_engines(self.primary, 10), open_engines(self.replica, 10)
        storage = SqlStorage(Engines(writing=writing.writing, reading=reading.reading), clock.now)
        yield storage
        await writing.close()
        await reading.close()


@dataclass(frozen=True, slots=True)
class Node:
    container: AsyncContainer

    async def admits(self, token: AccessToken) -> bool:
        """Decide as the guard does."""
        now = SystemClock().now()
        decision = (await self.container.get(AuthorizeFromCache))(token, REQUIREMENT, now)
        if decision is None:
            decision = await (await self.container.get(AuthorizeRole))(token, REQUIREMENT, now)
        return decision.allowed

    async def obstacle(self) -> str | None:
        return await (await self.container.get(CheckReadiness))()

    async def hears(self) -> bool:
        return (await self.container.get(EndedSessions)).complete


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with replicated() as found:
        if isinstance(found, Skipped):
            usable(found)
        assert isinstance(found, Pair)
        yield found


@asynccontextmanager
async def node(pair: Pair, folder: Path) -> AsyncIterator[tuple[Node, Storage]]:
    """A node that reads the replica, and the storage of another one that reads the primary."""
    primary, replica = (DatabaseUrl.parse(url) for url in pair.fresh_database())
    await migrate(primary)
    settings = settings_of(
        {
            "database_url": pair.primary.owner.url(primary.database),
            "secret_key": secrets.token_hex(32),
            "data_dir": folder,
        }
    )
    container = make_container(settings, ReadsReplica(primary, replica))
    other = SqlStorage.open(primary)
    await (await container.get(EnsureSigningKey))(SystemClock().now())
    try:
        async with working(container):
            yield Node(container), other
    finally:
        await other.close()
        await container.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.05)


async def revoke_role(storage: Storage, token: AccessToken) -> None:
    async with storage.transaction() as tx:
        assert await tx.users.revoke(token.subject, MODERATOR)


async def end_session(storage: Storage, token: AccessToken) -> None:
    async with storage.transaction() as tx:
        session = await tx.sessions.get(token.session_id)
        assert session is not None
        assert await tx.sessions.end([session])


@pytest.mark.parametrize("change", [revoke_role, end_session])
async def test_a_replica_that_stands_still_honours_nothing_that_was_taken_away(
    change: Callable[[Storage, AccessToken], Awaitable[None]], pair: Pair, tmp_path: Path
) -> None:
    ada = a_user("ada", MODERATOR)
    session = a_session(ada)
    token = PlainTokens().verify(
        f"{ada.id}/{uuid7(SystemClock().now())}/{session.id}/0/0/9999999999", SystemClock().now()
    )
    async with node(pair, tmp_path) as (late, other):
        await put(other, ada, session)
        await until(lambda: late.admits(token))
        await until(late.hears)
        pair.stop_applying()
        try:
            await change(other, token)
            assert await late.admits(token)

            async def is_refused() -> bool:
                return not await late.admits(token)

            await until(is_refused)
            assert not await late.hears()

            async def is_not_ready() -> bool:
                return await late.obstacle() == "change_feed_old"

            await until(is_not_ready)
            assert not await late.admits(token)
        finally:
            pair.apply()
        await until(late.hears)
        assert not await late.admits(token)
