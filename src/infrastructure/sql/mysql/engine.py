"""Creates the engines of MySQL and MariaDB."""

import ssl
from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import URL, Engine, create_engine

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.asynchronous import AsyncConnections
from doorward.infrastructure.sql.mysql import session_variables
from doorward.infrastructure.sql.mysql.connector import CONNECT_SECONDS, MySQLConnector
from doorward.infrastructure.sql.mysql.dialect import DRIVER_NAME
from doorward.infrastructure.sql.mysql.host_order import HostOrder
from doorward.infrastructure.sql.mysql.pool_events import PoolEvents
from doorward.infrastructure.sql.mysql.standing import Use
from doorward.infrastructure.sql.naming import add_table_prefix
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.urls import CA_SETTING, DatabaseUrl, Tls

MAX_CONNECTION_AGE_SECONDS = 240
"""Older connections are replaced: proxies and hosting providers cut idle ones after five minutes."""

LIST_CONNECTIONS = 2
"""To the hosts from which lists are read, per process."""

MAX_PREPARED_STATEMENTS = 64
"""Per connection. MySQL allows 16,382 on the whole server."""


Pools: TypeAlias = tuple[AsyncConnections, AsyncConnections, AsyncConnections | None]


def mysql_pools(url: DatabaseUrl, size: int, limits: Limits) -> Pools:
    """Return the pools for writing and for reading, of `size` connections together, and the one for lists if
    hosts are named for these. Its connections lead to the other hosts if those fail."""
    writers = max(1, size // 2)
    readers = max(1, size - writers)
    ends = session_variables.server_limits(limits.lock_wait_seconds, limits.longest_seconds)
    order = HostOrder(url.hosts)
    writing = mysql_engine(url, Use.WRITING, order, writers, ends)
    reading = mysql_engine(url, Use.READING, order, readers, ends)
    for engine in (writing, reading):
        add_table_prefix(engine, url.table_prefix)
    of_all = AsyncConnections(writing, limits, writers), AsyncConnections(reading, limits, readers)
    if not url.read_hosts:
        return *of_all, None
    near = HostOrder(tuple(dict.fromkeys((*url.read_hosts, *url.hosts))), keeps_order=True)
    lists = mysql_engine(url, Use.LISTS, near, LIST_CONNECTIONS, ends)
    add_table_prefix(lists, url.table_prefix)
    return *of_all, AsyncConnections(lists, limits, LIST_CONNECTIONS)


def mysql_engine(
    at: DatabaseUrl,
    use: Use,
    order: HostOrder,
    size: int,
    settings: session_variables.Settings = session_variables.NO_SETTINGS,
) -> Engine:
    """Return an engine whose pool does not roll back: the code that begins a transaction ends it. `settings` are set
    beside those that all connections of this use have.

    The time-outs of the driver and of the pool are longer than the limits of a session, so they never apply first.
    """
    common = session_variables.WRITING if use is Use.WRITING else session_variables.READING
    connector = MySQLConnector(order, {**common, **settings}, use)
    engine = create_engine(
        URL.create(DRIVER_NAME, at.username, database=at.database),
        connect_args={**driver_arguments(at), "async_creator_fn": connector},
        hide_parameters=True,
        pool_size=size,
        max_overflow=0,
        pool_recycle=MAX_CONNECTION_AGE_SECONDS,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        skip_autocommit_rollback=use is not Use.WRITING,
    )
    PoolEvents(connector).listen(engine)
    return engine


def driver_arguments(at: DatabaseUrl) -> Mapping[str, Any]:
    """Return what the driver needs to connect, without host and port."""
    return {
        "password": at.password.encode(),  # the driver would encode text as Latin-1
        "charset": "utf8mb4",
        "autocommit": None,  # one of the settings; the driver would assume that it is on
        "connect_timeout": CONNECT_SECONDS,
        "stmt_cache_size": MAX_PREPARED_STATEMENTS,
        "ssl": tls_context(at),
        "unix_socket": None if at.unix_socket is None else str(at.unix_socket),
    }


def tls_context(url: DatabaseUrl) -> ssl.SSLContext | None:
    """Return the TLS context of connections, or None without TLS. The driver may ignore TLS options of another form."""
    if url.tls is Tls.DISABLED:
        return None
    try:
        context = ssl.create_default_context(cafile=url.ca, cadata=url.ca_certificates)
    except OSError as error:
        source = f"ssl-ca names {url.ca}, which" if url.ca_certificates is None else CA_SETTING
        raise StartRefused(f"{source} holds no readable certificates.") from error
    if url.certificate is not None:
        try:
            context.load_cert_chain(url.certificate, url.private_key, password=lambda: "")
        except (OSError, ValueError) as error:  # an SSLError is an OSError; ValueError: the key has a passphrase
            raise StartRefused(
                f"ssl-cert and ssl-key name {url.certificate} and {url.private_key}, which are not a certificate and "
                "its key without a passphrase, both in PEM."
            ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if url.tls is not Tls.VERIFY_IDENTITY:
        context.check_hostname = False
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the certificates that MySQL generates do not fulfil it
    if url.tls is Tls.REQUIRED:
        context.verify_mode = ssl.CERT_NONE
    return context
