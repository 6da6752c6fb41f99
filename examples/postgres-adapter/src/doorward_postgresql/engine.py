"""Creates the engines: one whose connections write, and one whose connections can only read."""

import ssl
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.compiler import compiles

from doorward.infrastructure.sql.asynchronous import AsyncConnections
from doorward.infrastructure.sql.engine import Engines
from doorward.infrastructure.sql.naming import add_table_prefix
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.types import seconds_since, utc_now
from doorward.infrastructure.sql.user_pages import equals
from doorward_postgresql.locks import lock_before_reading
from doorward_postgresql.tls import tls_context
from doorward_postgresql.transactions import add_transactions, refuse
from doorward_postgresql.url import PostgresqlUrl

MAX_CONNECTION_AGE_SECONDS = 240
"""Older connections are replaced: proxies and hosting providers cut idle ones after five minutes."""

CONNECT_TIMEOUT_SECONDS = 10
"""The time-out of the driver. Doorward's limits are shorter; this one ends attempts that nobody waits for any more."""

DEADLOCK_MARGIN_MS = 200
"""A server looks for a deadlock after a second by default. Waiting for a lock takes a little longer than that, so that
a deadlock is reported as one."""

LONGEST_WAIT = 4
"""However busy this machine is, nobody waits for an answer longer than so many times the limit."""


def open_engines(url: PostgresqlUrl, table_prefix: str, size: int, limits: Limits | None = None) -> Engines:
    """Return the engines, which connect when they are used. `size` is the number of connections, at least two. Half of
    them write. Raise StartRefused if the certificates of the CA cannot be read."""
    limits = limits or Limits()
    tls = tls_context(url)
    writers = max(1, size // 2)
    readers = max(1, size - writers)
    writing = make_engine(url, tls, settings_of(limits, read_only=False), writers)
    reading = make_engine(url, tls, settings_of(limits, read_only=True), readers)
    add_transactions(writing)
    lock_before_reading(writing)
    for engine in (writing, reading):
        add_table_prefix(engine, table_prefix)
    return Engines(
        writing=AsyncConnections(writing, limits, writers), reading=AsyncConnections(reading, limits, readers)
    )


def settings_of(limits: Limits, *, read_only: bool) -> Mapping[str, str]:
    """Return what each connection is set to. The server ends a statement, and a transaction in which nothing happens,
    once nobody waits for it any more: the process may hang, or be cut off."""
    longest = str(round(limits.wait_seconds * LONGEST_WAIT * 1000))
    return {
        "application_name": "doorward",
        "timezone": "UTC",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "on" if read_only else "off",
        "lock_timeout": str(round(limits.lock_wait_seconds * 1000) + DEADLOCK_MARGIN_MS),
        "statement_timeout": longest,
        "idle_in_transaction_session_timeout": longest,
    }


def make_engine(url: PostgresqlUrl, tls: ssl.SSLContext | None, settings: Mapping[str, str], size: int) -> Engine:
    """Return an engine that neither begins nor ends transactions."""
    engine = create_engine(
        URL.create("postgresql+asyncpg", url.user, url.password, url.host, url.port, url.database),
        hide_parameters=True,
        connect_args={
            "ssl": tls or False,
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "server_settings": dict(settings),
        },
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=size,
        max_overflow=0,
        pool_recycle=MAX_CONNECTION_AGE_SECONDS,
        pool_use_lifo=True,
        pool_reset_on_return=None,
    )
    event.listen(engine, "checkout", refuse_closed)
    event.listen(engine, "close", cut)
    event.listen(engine, "handle_error", refuse)
    return engine


def refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Make the pool replace its connections if the server has closed this one, as after a restart. asyncpg knows it
    without asking the server."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def cut(connection: Any, _record: object) -> None:
    """Close a connection without a word to the server, which might not answer. No transaction is open on it, or else
    the server rolls it back."""
    connection.driver_connection.terminate()


@compiles(equals, "postgresql")
def _equals(element: equals, compiler: Any, **options: Any) -> str:
    """An equality on the first column lets PostgreSQL follow the index in the order of the second one."""
    column, value = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = {value}"


@compiles(utc_now, "postgresql")
def _now(element: utc_now, compiler: Any, **options: Any) -> str:  # noqa: ARG001
    return "(clock_timestamp() AT TIME ZONE 'UTC')"


@compiles(seconds_since, "postgresql")
def _seconds_since(element: seconds_since, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"extract(epoch FROM (clock_timestamp() AT TIME ZONE 'UTC') - {moment})"
