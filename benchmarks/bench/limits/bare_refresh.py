"""The two statements of a refresh and their commit, by asyncmy alone, on sessions in a Doorward database.

Usage: python -m bench.limits.bare_refresh CONNECTIONS CLIENTS SECONDS; the URL in DOORWARD_DATABASE_URL. Each client
refreshes one session again and again, on whichever connection is free. Prints how many there were in a second.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import asyncmy
from sqlalchemy import Executable
from sqlalchemy.dialects.mysql.asyncmy import dialect
from sqlalchemy.engine.interfaces import Compiled

from doorward.domain.sessions.refresh_token import RefreshTokenHash, RotatedToken, fingerprint
from doorward.infrastructure.sql.engine import MAX_PREPARED_STATEMENTS
from doorward.infrastructure.sql.rotated_tokens import to_text
from doorward.infrastructure.sql.sessions import ROTATE, WITH_USER, day
from support.mysql.server import Account

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FIRST = bytes(32)
OF_ITS_OWN = (
    "INSERT INTO sessions (id, user_id, started_at, last_used_at, used_on, address, user_agent, token_hash, spent) "
    "SELECT %s, user_id, started_at, last_used_at, used_on, address, user_agent, %s, spent FROM sessions LIMIT 1"
)
"""A session like one of those that are there."""


@dataclass(frozen=True, slots=True)
class Statement:
    """As the driver takes it, and what turns values into its own."""

    text: str
    compiled: Compiled

    @classmethod
    def of(cls, executable: Executable) -> "Statement":
        compiled = executable.compile(dialect=dialect())  # type: ignore[attr-defined]
        return cls(str(compiled), compiled)

    def parameters(self, values: Mapping[str, Any]) -> Sequence[Any]:
        compiled: Any = self.compiled
        given = compiled.construct_params(dict(values))
        process = compiled._bind_processors  # noqa: SLF001
        return [process[name](given[name]) if name in process else given[name] for name in compiled.positiontup]


UPDATE, SELECT = Statement.of(ROTATE), Statement.of(WITH_USER)


async def refresh(connection: Any, session_id: UUID, presented: bytes) -> bytes:
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
            raise RuntimeError("It was not rotated.")
        await cursor.execute(SELECT.text, SELECT.parameters({"session_id": session_id}))
        if not await cursor.fetchall():
            raise RuntimeError("It is not there.")
    await connection.commit()
    return successor


async def measure(connections: int, clients: int, seconds: float) -> float:
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
            await cursor.execute(OF_ITS_OWN, (session_id.bytes, FIRST))
        await connection.commit()
    began = perf_counter()

    async def work(session_id: UUID, token_hash: bytes) -> int:
        done = 0
        while perf_counter() - began < seconds:
            async with pool.acquire() as connection:
                token_hash = await refresh(connection, session_id, token_hash)
            done += 1
        return done

    total = sum(await asyncio.gather(*(work(session_id, FIRST) for session_id in sessions)))
    took = perf_counter() - began
    pool.close()
    await pool.wait_closed()
    return total / took


if __name__ == "__main__":
    import uvloop

    connections, clients, seconds = sys.argv[1:]
    sys.stdout.write(f"{uvloop.run(measure(int(connections), int(clients), float(seconds)))}\n")
