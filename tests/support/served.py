"""Many at once on one storage: served or refused, but never left waiting, and every connection given back."""

import asyncio

import pytest

from doorward.application.access.grant_role import GrantRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.sql.storage import SqlStorage
from support.doubles import NOON, ListLog
from support.stored import found

GUARD = 15
"""Seconds, far beyond what is promised, so that a hang fails."""

AT_ONCE = 15


def idle(storage: SqlStorage) -> bool:
    """Every connection is back in its pool."""
    return storage._pools.writing.out == storage._pools.reading.out == 0


async def refused_by(storage: SqlStorage, ada: User) -> None:
    """Many at once, reading and writing: each hears that the database is away, and none waits for it."""
    grant = GrantRole(storage, ListLog())

    async def read() -> None:
        with pytest.raises(StorageUnavailable):
            await found(storage, ada.id)

    async def write() -> None:
        with pytest.raises(StorageUnavailable):
            await grant(ada.id, ADMIN, NOON, by="test")

    async with asyncio.timeout(GUARD):
        await asyncio.gather(*(work() for work in (read, write) for _ in range(AT_ONCE)))
    assert idle(storage)


async def served_by(storage: SqlStorage, ada: User) -> None:
    """Many at once, reading and writing, and nobody notices that anything was ever wrong."""
    grant, revoke = GrantRole(storage, ListLog()), RevokeRole(storage, ListLog())
    async with asyncio.timeout(GUARD):
        assert await asyncio.gather(*(found(storage, ada.id) for _ in range(AT_ONCE))) == [ada] * AT_ONCE
        await asyncio.gather(*(grant(ada.id, MODERATOR, NOON, by="test") for _ in range(AT_ONCE)))
        assert await found(storage, ada.id) == ada.granted(MODERATOR)
        await revoke(ada.id, MODERATOR, by="test")
    assert idle(storage)
