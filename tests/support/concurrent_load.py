"""Many concurrent calls on one storage: each succeeds or is refused in time, and returns its connection."""

import asyncio

import pytest

from doorward.application.access.grant_role import GrantRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.asynchronous import AsyncConnections
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.testing.doubles import NOON, FrozenClock, ListLog
from doorward.testing.storage_access import found

GUARD = 120
"""Seconds, far beyond what is promised, so that a hang fails."""

AT_ONCE = 15


def idle(storage: SqlStorage) -> bool:
    """True when every connection is back in its pool, but for those over which abandoned statements are being ended."""
    pools = (storage.engines.writing, storage.engines.reading)
    ending = [pool for pool in pools if isinstance(pool, AsyncConnections) and pool.abandoned.task is not None]
    return storage.connections_in_use <= len(ending)


async def refused_by(storage: SqlStorage, ada: User) -> None:
    """Read and write concurrently: every call is refused as unavailable, and none hangs."""
    grant = GrantRole(storage, ListLog())

    async def read() -> None:
        with pytest.raises(StorageUnavailable):
            await found(storage, ada.id)

    async def write() -> None:
        with pytest.raises(StorageUnavailable):
            await grant(ada.id, ADMIN, NOON, by=OPERATOR)

    async with asyncio.timeout(GUARD):
        await asyncio.gather(*(work() for work in (read, write) for _ in range(AT_ONCE)))
    assert idle(storage)


async def served_by(storage: SqlStorage, ada: User) -> None:
    """Read and write concurrently: every call succeeds."""
    grant, revoke = GrantRole(storage, ListLog()), RevokeRole(storage, ListLog(), FrozenClock())
    async with asyncio.timeout(GUARD):
        assert await asyncio.gather(*(found(storage, ada.id) for _ in range(AT_ONCE))) == [ada] * AT_ONCE
        await asyncio.gather(*(grant(ada.id, MODERATOR, NOON, by=OPERATOR) for _ in range(AT_ONCE)))
        assert await found(storage, ada.id) == ada.granted(MODERATOR)
        await revoke(ada.id, MODERATOR, by=OPERATOR)
    assert idle(storage)
