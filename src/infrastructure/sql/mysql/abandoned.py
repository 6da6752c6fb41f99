"""Ends on the server what nobody waits for any more.

MySQL does not notice that a client is gone while a statement computes or waits for a lock. On a slow server such
statements would pile up, since their callers return and ask again, until it takes no more connections (error 1040).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, final

from sqlalchemy import Connection, Engine, bindparam, event, text
from sqlalchemy.exc import DBAPIError

from doorward.domain.errors import DomainError

SERVERS: Final = frozenset({"mysql", "mariadb"})
"""The dialects whose servers need this. PostgreSQL has a limit for every statement."""

MAX_PER_RUN: Final = 16


PRESENT: Final = text(
    "SELECT id, command IN ('Query', 'Execute') AND time >= 1 AND db = DATABASE() AS runs "
    "FROM performance_schema.processlist WHERE id IN :numbers OR id = CONNECTION_ID()"
).bindparams(bindparam("numbers", expanding=True))
"""What the connections with some numbers do, and this connection.

A number means another connection once the server has changed, behind a proxy or after a failover. A statement that has
run for a second and belongs to a caller who waits for it is rare there.
"""

FORMER: Final = text(
    "SELECT id, command IN ('Query', 'Execute') AND time >= 1 AND db = DATABASE() AS runs "
    "FROM information_schema.processlist WHERE id IN :numbers OR id = CONNECTION_ID()"
).bindparams(bindparam("numbers", expanding=True))
"""The same where there is no performance schema, as in MariaDB. In MySQL this form is deprecated."""

KILL: Final = text("KILL :number")


@final
@dataclass(slots=True)
class AbandonedStatements:
    """Kills the connections of a pool that were closed because a statement took too long.

    `run` runs work on a connection of the same pool, as any caller does, so that no further connection is needed. When
    the server does not answer that either, the statements are left to the limits that the server has for them.
    """

    run: Callable[[Callable[[Connection], None]], Awaitable[None]]
    numbers: list[int] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def watch(self, engine: Engine) -> None:
        """Notice each connection that the engine closes because its caller gave up."""
        if engine.dialect.name in SERVERS:
            event.listen(engine, "invalidate", self._note)

    def _note(self, connection: Any, _: object, error: BaseException | None) -> None:
        if not isinstance(error, asyncio.CancelledError):
            return
        self.numbers.append(connection.driver_connection.thread_id())
        if self.task is None:
            self.task = asyncio.create_task(self._end())

    async def _end(self) -> None:
        try:
            while self.numbers:
                numbers, self.numbers = self.numbers[:MAX_PER_RUN], self.numbers[MAX_PER_RUN:]
                await self.run(partial(kill, numbers))
        except DomainError:
            self.numbers = []
        finally:
            self.task = None

    async def close(self) -> None:
        """Stop, whatever still runs."""
        task = self.task
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


def kill(numbers: Sequence[int], connection: Connection) -> None:
    """Kill those of the connections with these numbers that still run a statement."""
    for number in running(numbers, connection):
        with suppress(DBAPIError):  # it has just ended
            connection.execute(KILL, {"number": number})


def running(numbers: Sequence[int], connection: Connection) -> list[int]:
    """Return the numbers whose connections run a statement."""
    for statement in (FORMER,) if getattr(connection.dialect, "is_mariadb", False) else (PRESENT, FORMER):
        rows = connection.execute(statement, {"numbers": numbers}).all()
        if rows:
            return [int(row.id) for row in rows if row.runs and row.id in numbers]
    return []
