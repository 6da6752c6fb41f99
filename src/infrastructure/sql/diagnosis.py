"""What a database tells of itself, for `doorward doctor`: asked on connections made just as the service's own."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import text

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import SqlConnection, connected
from doorward.infrastructure.sql.engine import open_pools
from doorward.infrastructure.sql.pool import RECYCLED
from doorward.infrastructure.sql.schema import HEAD, check_schema
from doorward.infrastructure.sql.urls import DatabaseUrl

SKEW_OF_NOTE, SKEW_TOO_MUCH = 1.0, 5.0
"""Seconds between the database's clock and ours."""

Check = tuple[str, str, str]
"""A statement, what it must answer, and the fix."""

SQLITE: Mapping[str, Check] = {
    "journal mode": ("PRAGMA journal_mode", "wal", "end other programs that hold the file open, and start Doorward"),
    "foreign keys": ("PRAGMA foreign_keys", "1", "use an SQLite library with foreign keys compiled in"),
    "synchronous": ("PRAGMA synchronous", "2", "use an SQLite library that allows PRAGMA synchronous=FULL"),
    "integrity": ("PRAGMA quick_check(1)", "ok", "stop Doorward and restore the newest good backup"),
    "references": (
        "SELECT COUNT(*) FROM pragma_foreign_key_check",
        "0",
        "delete the rows that PRAGMA foreign_key_check shows; somebody wrote them by hand",
    ),
}
MYSQL: Mapping[str, Check] = {
    "sql_mode": (
        "SELECT @@SESSION.sql_mode LIKE '%STRICT_TRANS_TABLES%'",
        "1",
        "take away what overrides the session's sql_mode, such as init_connect or a proxy",
    ),
    "time zone": (
        "SELECT @@SESSION.time_zone",
        "+00:00",
        "take away what overrides the session's time_zone, such as init_connect or a proxy",
    ),
    "isolation": (
        "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
        "READ-COMMITTED",
        "take away what overrides the session's isolation level, such as init_connect or a proxy",
    ),
    "connection charset": (
        "SELECT @@SESSION.character_set_connection",
        "utf8mb4",
        "take skip-character-set-client-handshake out of the server's settings",
    ),
    "columns' charset": (
        "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name <> 'alembic_version' AND character_set_name NOT IN ('utf8mb4', 'ascii', 'binary')",
        "0",
        "run ALTER TABLE with CONVERT TO CHARACTER SET utf8mb4 where somebody changed it",
    ),
    "writable": ("SELECT @@GLOBAL.read_only", "0", "name the primary in DOORWARD_DATABASE_URL, not a replica"),
    "idle timeout": (
        f"SELECT @@SESSION.wait_timeout > {RECYCLED}",
        "1",
        f"set the server's wait_timeout to more than {RECYCLED} seconds",
    ),
}


IN_WORDS: Mapping[str, str] = {
    "foreign keys": "enforced",
    "synchronous": "full",
    "references": "whole",
    "sql_mode": "strict",
    "columns' charset": "utf8mb4 everywhere",
    "writable": "yes",
    "idle timeout": "longer than connections are kept",
}
"""What a good answer means, where it does not say so itself."""


async def diagnose_database(url: DatabaseUrl, now: Callable[[], datetime]) -> list[Finding]:
    """Whatever is wrong with the database is a finding, never an exception."""
    try:
        await check_schema(url)
    except StartRefused as refused:
        line, _, fix = str(refused).partition(";")
        return [Finding(check="database", state="wrong", text=line, fix=fix.strip() or "see the message")]
    answers = Finding(check="database", state="ok", text=f"{url.masked} answers")
    current = Finding(check="schema", state="ok", text=f"revision {HEAD}")
    pools = open_pools(url, 2)
    try:
        # The writing pool's sessions are those whose isolation counts.
        async with connected(pools.writing, alone=False) as connection:
            found = [finding async for finding in session(connection, url)]
            if url.sqlite_path is None:
                found.append(await clock(connection, now))
        return [answers, current, *found]
    except StorageUnavailable as error:
        return [Finding(check="database", state="wrong", text=str(error), fix="see the database server's own log")]
    finally:
        await pools.close()


async def session(connection: SqlConnection, url: DatabaseUrl) -> AsyncIterator[Finding]:
    for check, (statement, wanted, fix) in (SQLITE if url.sqlite_path is not None else MYSQL).items():
        rows = await connection.rows(text(statement))
        answer = str(rows[0][-1]) if rows else "nothing"
        good = answer == wanted
        yield Finding.judged(check, IN_WORDS.get(check, answer) if good else answer, good=good, fix=fix)


async def clock(connection: SqlConnection, now: Callable[[], datetime]) -> Finding:
    """Tokens are judged by our clock; the database's dates what is written by hand."""
    before = now()
    rows = await connection.rows(text("SELECT UTC_TIMESTAMP(6)"))
    after = now()
    skew = abs((rows[0][0].replace(tzinfo=UTC) - (before + (after - before) / 2)).total_seconds())
    return Finding.judged(
        "clock",
        f"{skew:.1f} s from the database's",
        good=skew < SKEW_OF_NOTE,
        fix="keep both machines in time by NTP",
        otherwise="wrong" if skew >= SKEW_TOO_MUCH else "advice",
    )
