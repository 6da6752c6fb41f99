"""Findings of `doorward doctor` about the database."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import asyncpg

from doorward.adapters import Finding, StartRefused
from doorward.infrastructure.sql.contents import HEAD
from doorward_postgresql.schema import UNUSABLE, Schema, connect, unusable
from doorward_postgresql.tls import tls_finding
from doorward_postgresql.url import PostgresqlUrl

ADVICE_SKEW_SECONDS, MAX_SKEW_SECONDS = 1.0, 5.0
"""Differences between the clocks of the database and of this machine."""


async def diagnose(url: PostgresqlUrl, table_prefix: str, now: Callable[[], datetime]) -> Sequence[Finding]:
    try:
        await Schema(url, table_prefix).check()
        connection = await connect(url)
    except StartRefused as refused:
        return [wrong(refused)]
    except UNUSABLE as error:
        return [wrong(unusable(url, error))]
    try:
        return [
            Finding(check="database", state="ok", text=f"{url.masked} answers"),
            Finding(check="schema", state="ok", text=f"revision {HEAD}"),
            await writable(connection),
            await encrypted(connection, url),
            await clock(connection, now),
        ]
    except UNUSABLE as error:
        return [wrong(unusable(url, error))]
    finally:
        connection.terminate()


def wrong(refused: StartRefused) -> Finding:
    text, _, fix = str(refused).rpartition("; ")
    return Finding(check="database", state="wrong", text=text or fix, fix=fix if text else "see the message")


async def writable(connection: asyncpg.Connection) -> Finding:
    read_only = await connection.fetchval("SHOW transaction_read_only")
    return Finding.judged(
        "writable",
        "yes" if read_only == "off" else "the server takes no writes",
        good=read_only == "off",
        fix="name the primary in DOORWARD_DATABASE_URL, not a replica",
    )


async def encrypted(connection: asyncpg.Connection, url: PostgresqlUrl) -> Finding:
    version = await connection.fetchval("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
    return tls_finding(url, version)


async def clock(connection: asyncpg.Connection, now: Callable[[], datetime]) -> Finding:
    """Compare the clocks. Tokens expire by the clock of this machine; the change feed has the database's time."""
    before = now()
    there: datetime = await connection.fetchval("SELECT clock_timestamp()")
    after = now()
    skew = abs((there.astimezone(UTC) - (before + (after - before) / 2)).total_seconds())
    return Finding.judged(
        "clock",
        f"{skew:.1f} s from the clock of the database",
        good=skew < ADVICE_SKEW_SECONDS,
        fix="synchronise both machines by NTP",
        otherwise="wrong" if skew >= MAX_SKEW_SECONDS else "advice",
    )
