"""Connections of one engine that are kept open, and lent.

SQLAlchemy makes them. It could keep them, too; but whoever gets one of its pool comes by a bridge between coroutines
and plain functions, for which Python 3.11 asks the system for a stack and gives it back: two changes of the process's
memory map, and those wait until a hash of a password has all its memory, so that a fifth of the time of a busy worker
was spent with waiting while others signed in. Here the bridge is crossed only when a connection is made or closed.
"""

import asyncio
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any, final

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import greenlet_spawn

from doorward.domain.errors import StorageUnavailable

PATIENCE = 1.0
"""Seconds to wait for a free connection."""

RECYCLED = 240
"""Seconds after which a connection is replaced: proxies and providers cut idle ones after five minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class Lent:
    """`driver` is the driver's own connection, with nothing of SQLAlchemy's around it."""

    driver: Any
    made: float
    _proxied: PoolProxiedConnection

    @property
    def usable(self) -> bool:
        return self._proxied.is_valid

    def drop(self) -> None:
        """Close it without a word to the server. Nothing happens to one that is dropped already."""
        if self._proxied.is_valid:
            self._proxied.invalidate()

    async def close(self) -> None:
        """Take leave of the server, if it listens."""
        await greenlet_spawn(self.drop)


@final
class Pool:
    def __init__(self, engine: Engine, most: int) -> None:
        """`engine` is one that keeps no connection itself; at most `most` are open."""
        self.engine = engine
        self.out = 0
        """How many are lent."""
        self._free = asyncio.Semaphore(most)
        self._idle: list[Lent] = []
        self._trusted_since = -inf

    async def take(self) -> Lent:
        """One that nobody else has until it is given back. Raise StorageUnavailable when there is none to be had."""
        if self._free.locked():
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._free.acquire()
            except TimeoutError as error:
                raise StorageUnavailable from error
        else:
            await self._free.acquire()
        self.out += 1
        try:
            return await self._one()
        except BaseException:
            self._left()
            raise

    async def another(self, lent: Lent) -> Lent:
        """In place of one that is no good. Raise StorageUnavailable; that one must be given back then."""
        lent.drop()
        return await self._one()

    def give_back(self, lent: Lent) -> None:
        """With nothing open on it. One that was dropped is replaced when it is needed."""
        if lent.made < self._trusted_since:
            lent.drop()
        elif lent.usable:
            self._idle.append(lent)
        self._left()

    def distrust(self) -> None:
        """A connection was found dead: no older one is better."""
        self._trusted_since = max(self._trusted_since, monotonic())
        idle, self._idle = self._idle, []
        for each in idle:
            each.drop()

    async def close(self) -> None:
        """What is still lent is closed when it is given back."""
        self._trusted_since = inf
        while self._idle:
            await self._idle.pop().close()
        await greenlet_spawn(self.engine.dispose)

    def _left(self) -> None:
        self.out -= 1
        self._free.release()

    async def _one(self) -> Lent:
        """The one that was in use last, or a fresh one."""
        while self._idle:
            lent = self._idle.pop()
            if monotonic() - lent.made < RECYCLED:
                return lent
            await lent.close()
        return await self._made()

    async def _made(self) -> Lent:
        began = monotonic()
        try:
            proxied = await greenlet_spawn(self.engine.raw_connection)
        except (self.engine.dialect.loaded_dbapi.Error, DBAPIError, OSError) as error:
            # DBAPIError: of what SQLAlchemy asks a server when it meets it for the first time
            raise StorageUnavailable from error
        return Lent(proxied.driver_connection, began, proxied)
