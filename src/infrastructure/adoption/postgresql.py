"""Connections to PostgreSQL, for adoption only. The driver is not installed with Doorward itself."""

import ssl
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.settings.web_addresses import is_loopback

POSTGRESQL: Final = frozenset({"postgresql", "postgres"})
FORM: Final = "postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE"
MODES: Final = ("disable", "require", "verify-full")
OPTIONS: Final = frozenset({"sslmode", "sslrootcert"})
CONNECT_TIMEOUT_SECONDS: Final = 10


def open_postgresql(raw: str) -> Engine:
    """Return an engine whose transactions read one state of the database and cannot write. Raise StartRefused."""
    url = parsed(raw)
    context = tls_context(url)
    if find_spec("pg8000") is None:
        raise StartRefused(
            "Reading PostgreSQL takes a driver that is not installed with Doorward; run `pip install pg8000`."
        )
    return create_engine(
        url.set(drivername="postgresql+pg8000", query={}),
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={"timeout": CONNECT_TIMEOUT_SECONDS, "ssl_context": context},
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


def masked_postgresql(raw: str) -> str:
    """Return the URL without the password. Raise StartRefused."""
    return parsed(raw).set(drivername="postgresql").render_as_string(hide_password=True)


def parsed(raw: str) -> URL:
    """Raise StartRefused for what is no URL of a database, and for options that would have no effect."""
    try:
        url = make_url(raw.strip())
    except (ArgumentError, ValueError):
        raise StartRefused(f"The URL of the other system has a bad host or port; use {FORM}.") from None
    if not url.host or not url.username or not url.database:
        raise StartRefused(f"The URL of the other system must name user, host and database; use {FORM}.")
    if unknown := sorted(url.query.keys() - OPTIONS):
        raise StartRefused(f"The option {unknown[0]} of the URL is not supported; use sslmode and sslrootcert.")
    return url


def tls_context(url: URL) -> ssl.SSLContext | None:
    """Return the TLS context, or None without TLS. Without `sslmode`, connections to another machine use TLS, and
    connections to this machine do not. Raise StartRefused."""
    query, host = url.normalized_query, url.host or ""
    mode = query.get("sslmode", ("disable" if is_loopback(host) else "require",))[-1]
    if mode not in MODES:
        raise StartRefused(f"The sslmode of the URL must be one of {', '.join(MODES)}.")
    if mode == "disable":
        return None
    authority = query.get("sslrootcert", (None,))[-1]
    try:
        context = ssl.create_default_context(cafile=None if authority is None else Path(authority))
    except OSError as error:
        raise StartRefused(f"sslrootcert names {authority}, which holds no readable certificates.") from error
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE if authority is None else ssl.CERT_REQUIRED
    return context
