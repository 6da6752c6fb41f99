"""Executes the two statements of a refresh and their commit through asyncmy alone, and prints refreshes per second.

Usage: python -m bench.limits.bare_refresh CONNECTIONS CLIENTS SECONDS

DOORWARD_DATABASE_URL names a database of Doorward that has at least one session. Each client refreshes a session of its
own repeatedly, over any idle connection of the pool.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import asyncmy
from sqlalchemy import Select, Update
from sqlalchemy.dialects.mysql.asyncmy import dialect
from sqlalchemy.sql.compiler import SQLCompiler

from doorward.domain.sessions.refresh_token import RefreshTokenHash, RotatedToken, fingerprint
from doorward.infrastructure.sql.mysql.engine import MAX_PREPARED_STATEMENTS
from doorward.infrastructure.sql.rotated_tokens import to_text
from doorward.infrastructure.sql.sessions import ROTATE, WITH_USER, day
from support.mysql.server import Account

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_TOKEN_HASH = bytes(32)
COPY_SESSION = (
    "INSERT INTO sessions (id, user_id, started_at, last_used_at, used_on, address, user_agent, token_hash, spent) "
    "SELECT %s, user_id, started_at, last_used_at, used_on, address, user_agent, %s, spent FROM sessions LIMIT 1"
)
"""Copies any session, with another id and token hash."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in the driver's dialect."""

    text: str
    parameter_names: Sequence[str]
    """In the order of the placeholders."""
    constants: Mapping[str, Any]
    """Values that are part of the statement."""
    converters: Mapping[str, Callable[[Any], Any]]
    """Functions that turn a value into the driver's type, for the parameters that need it."""

    @classmethod
    def of(cls, statement: Select[Any] | Update) -> "Statement":
        for_driver = dialect()
        compiled = statement.compile(dialect=for_driver)
        assert isinstance(compiled, SQLCompiler)
        names = compiled.positiontup or []
        found = {
            name: compiled.binds[name].type.dialect_impl(for_driver).bind_processor(for_driver) for name in set(names)
        }
        converters = {name: convert for name, convert in found.items() if convert is not None}
        return cls(compiled.string, names, compiled.params, converters)

    def parameters(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """The values as the driver takes them, in the order of the placeholders."""
        given, converters = {**self.constants, **values}, self.converters
        return [converters[name](given[name]) if name in converters else given[name] for name in self.parameter_names]


UPDATE, SELECT = Statement.of(ROTATE), Statement.of(WITH_USER)


async def refresh(connection: Any, session_id: UUID, presented: bytes) -> bytes:
    """Replace the token hash `presented` of a session. Return the new one."""
    successor, now = secrets.token_bytes(32), datetime.now(UTC)
    changed = {
        "session_id": session_id,
        "presented": presented,
        "used_since": LONG_AGO,
        "started_since": LONG_AGO,
        "successor": successor,
        "just_rotated": to_text([RotatedToken(fingerprint(RefreshTokenHash(presented)), now)]),
        "now": now + timedelta(microseconds=1),
        "today": day(now),
    }
    async with connection.cursor() as cursor:
        if await cursor.execute(UPDATE.text, UPDATE.parameters(changed)) != 1:
            raise RuntimeError("The refresh token was not rotated.")
        await cursor.execute(SELECT.text, SELECT.parameters({"session_id": session_id}))
        if not await cursor.fetchall():
            raise RuntimeError("The session does not exist.")
    await connection.commit()
    return successor


async def measure(connections: int, clients: int, seconds: float) -> float:
    """Refreshes per second."""
    url = os.environ["DOORWARD_DATABASE_URL"]
    account, name = Account.parse(url), url.rpartition("/")[2].partition("?")[0]
    pool = await asyncmy.create_pool(
        connections,
        connections,
        host=account.host,
        port=account.port,
        user=account.user,
        password=account.password,
        db=name,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        stmt_cache_size=MAX_PREPARED_STATEMENTS,
    )
    sessions = [uuid4() for _ in range(clients)]
    async with pool.acquire() as connection, connection.cursor() as cursor:
        for session_id in sessions:
            await cursor.execute(COPY_SESSION, (session_id.bytes, FIRST_TOKEN_HASH))
        await connection.commit()
    start = perf_counter()

    async def run_client(session_id: UUID) -> int:
        refreshes, token_hash = 0, FIRST_TOKEN_HASH
        while perf_counter() - start < seconds:
            async with pool.acquire() as connection:
                token_hash = await refresh(connection, session_id, token_hash)
            refreshes += 1
        return refreshes

    total = sum(await asyncio.gather(*(run_client(session_id) for session_id in sessions)))
    rate = total / (perf_counter() - start)
    pool.close()
    await pool.wait_closed()
    return rate


if __name__ == "__main__":
    import uvloop

    connections, clients, seconds = sys.argv[1:]
    sys.stdout.write(f"{uvloop.run(measure(int(connections), int(clients), float(seconds)))}\n")
