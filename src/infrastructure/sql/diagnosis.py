"""Findings of `doorward doctor` about the database, read through connections made like those of the service."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime

from sqlalchemy import Executable, bindparam, text

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import NO_VALUES, SqlConnection, Values, connected
from doorward.infrastructure.sql.contents import COLUMNS_BY_TABLE, HEAD
from doorward.infrastructure.sql.engine import open_engines
from doorward.infrastructure.sql.mysql.engine import MAX_CONNECTION_AGE_SECONDS
from doorward.infrastructure.sql.mysql.obstacles import explained
from doorward.infrastructure.sql.mysql.privileges import diagnose_privileges
from doorward.infrastructure.sql.mysql.session_variables import WRITING, is_set, variable
from doorward.infrastructure.sql.schema import check_schema
from doorward.infrastructure.sql.urls import DatabaseUrl, Tls

ADVICE_SKEW_SECONDS, MAX_SKEW_SECONDS = 1.0, 5.0
"""Differences between the clocks of the database and of this machine."""

TABLES = ":tables"
Check = tuple[str, str, str]
"""A statement, the answer it must give, and the fix. `:tables` are the names of Doorward's tables."""

SQLITE: Mapping[str, Check] = {
    "journal mode": ("PRAGMA journal_mode", "wal", "end other programs that hold the file open, and start Doorward"),
    "foreign keys": ("PRAGMA foreign_keys", "1", "use an SQLite library with foreign keys compiled in"),
    "synchronous": ("PRAGMA synchronous", "2", "use an SQLite library that allows PRAGMA synchronous=FULL"),
    "integrity": ("PRAGMA quick_check(1)", "ok", "stop Doorward and restore the newest good backup"),
    "references": (
        'SELECT COUNT(*) FROM pragma_foreign_key_check WHERE "table" IN :tables',
        "0",
        "delete the rows that PRAGMA foreign_key_check shows; they were written by hand",
    ),
}
MYSQL: Mapping[str, Check] = {
    "columns' charset": (
        "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name IN :tables AND character_set_name NOT IN ('utf8mb4', 'ascii', 'binary')",
        "0",
        "run ALTER TABLE with CONVERT TO CHARACTER SET utf8mb4 where it was changed",
    ),
    "writable": ("SELECT @@GLOBAL.read_only", "0", "name the primary in DOORWARD_DATABASE_URL, not a replica"),
    "idle timeout": (
        f"SELECT @@SESSION.wait_timeout > {MAX_CONNECTION_AGE_SECONDS}",
        "1",
        f"set the server's wait_timeout to more than {MAX_CONNECTION_AGE_SECONDS} seconds",
    ),
}


GOOD_ANSWER_TEXTS: Mapping[str, str] = {
    "foreign keys": "enforced",
    "synchronous": "full",
    "references": "whole",
    "columns' charset": "utf8mb4 everywhere",
    "writable": "yes",
    "idle timeout": "longer than connections are kept",
}
"""The texts of good answers that do not explain themselves."""


async def diagnose_database(url: DatabaseUrl, now: Callable[[], datetime]) -> list[Finding]:
    """Return findings. Whatever is wrong with the database is a finding and not an exception."""
    try:
        await check_schema(url)
    except StartRefused as refused:
        line, _, fix = str(refused).rpartition("; ")  # a sentence of the server may have a semicolon, too
        return [Finding(check="database", state="wrong", text=line or fix, fix=fix if line else "see the message")]
    answers = Finding(check="database", state="ok", text=f"{url.masked} answers")
    names = f", in tables that begin with {url.table_prefix}" if url.table_prefix else ""
    current = Finding(check="schema", state="ok", text=f"revision {HEAD}{names}")
    engines = open_engines(url, 2)
    try:
        async with connected(engines.writing, in_transaction=True) as connection:
            found = [finding async for finding in diagnose_session(connection, url)]
            if url.sqlite_path is None:
                found += [await diagnose_settings(connection), await diagnose_clock(connection, now)]
        if url.sqlite_path is None:
            found.append(await diagnose_privileges(engines.writing, url.table_prefix))
        return [answers, current, *found]
    except StorageUnavailable as error:
        words, fix = explained(error) or (f"does not answer ({error.cause})", "see the log of the database server")
        return [Finding(check="database", state="wrong", text=f"{url.masked} {words}", fix=fix)]
    finally:
        await engines.close()


async def diagnose_session(connection: SqlConnection, url: DatabaseUrl) -> AsyncIterator[Finding]:
    for check, (statement, wanted, fix) in (SQLITE if url.sqlite_path is not None else MYSQL).items():
        rows = await connection.rows(*about_tables(statement, url.table_prefix))
        answer = str(rows[0][-1]) if rows else "nothing"
        good = answer == wanted
        yield Finding.judged(check, GOOD_ANSWER_TEXTS.get(check, answer) if good else answer, good=good, fix=fix)


def about_tables(statement: str, prefix: str) -> tuple[Executable, Values]:
    """Return the statement and its values. It is a constant of this module."""
    if TABLES not in statement:
        return text(statement), NO_VALUES
    names = [f"{prefix}{name}" for name in COLUMNS_BY_TABLE]
    return text(statement).bindparams(bindparam("tables", expanding=True)), {"tables": names}


async def diagnose_settings(connection: SqlConnection) -> Finding:
    """Compare what a connection for writing is set to with what Doorward has set."""
    ((version,),) = await connection.rows(text("SELECT VERSION()"))
    names = ", ".join(f"@@SESSION.{variable(name, version)}" for name in WRITING)
    (answers,) = await connection.rows(text(f"SELECT {names}"))
    others = [
        f"{name} is {answer}"
        for (name, wanted), answer in zip(WRITING.items(), answers, strict=True)
        if not is_set(wanted, answer)
    ]
    return Finding.judged(
        "session",
        ", ".join(others) or f"{len(WRITING)} variables are set as Doorward needs them",
        good=not others,
        fix="remove what overrides the variables of a session, such as a proxy",
    )


async def diagnose_clock(connection: SqlConnection, now: Callable[[], datetime]) -> Finding:
    """Compare the clocks. Tokens expire by the clock of this machine; rows added by hand have the database's time."""
    before = now()
    rows = await connection.rows(text("SELECT UTC_TIMESTAMP(6)"))
    after = now()
    skew = abs((rows[0][0].replace(tzinfo=UTC) - (before + (after - before) / 2)).total_seconds())
    return Finding.judged(
        "clock",
        f"{skew:.1f} s from the clock of the database",
        good=skew < ADVICE_SKEW_SECONDS,
        fix="synchronise both machines by NTP",
        otherwise="wrong" if skew >= MAX_SKEW_SECONDS else "advice",
    )


def diagnose_tls(url: DatabaseUrl) -> Iterator[Finding]:
    """A finding about TLS to a database on another machine, and about the proof of its identity."""
    if url.sqlite_path is not None or all(host.is_local for host in url.hosts):
        return
    yield Finding.judged(
        "database TLS",
        f"ssl-mode={url.tls}",
        good=url.tls in {Tls.VERIFY_CA, Tls.VERIFY_IDENTITY},
        fix="add ?ssl-mode=VERIFY_IDENTITY to the database URL, with &ssl-ca=FILE when the provider has its own CA",
        otherwise="wrong" if url.tls is Tls.DISABLED else "advice",
    )
