"""Connections to PostgreSQL, for adoption only. The driver is not installed with Doorward itself."""

from importlib.util import find_spec
from typing import Final

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from doorward.infrastructure.settings.start_refused import StartRefused

POSTGRESQL: Final = frozenset({"postgresql", "postgres"})
FORM: Final = "postgresql://USER:PASSWORD@HOST:PORT/NAME"
CONNECT_TIMEOUT_SECONDS: Final = 10


def open_postgresql(raw: str) -> Engine:
    """Return an engine whose transactions read one state of the database and cannot write. Raise StartRefused."""
    url = parsed(raw)
    if find_spec("pg8000") is None:
        raise StartRefused(
            "Reading PostgreSQL takes a driver that is not installed with Doorward; run `pip install pg8000`."
        )
    return create_engine(
        url.set(drivername="postgresql+pg8000"),
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={"timeout": CONNECT_TIMEOUT_SECONDS},
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


def masked_postgresql(raw: str) -> str:
    """Return the URL without the password. Raise StartRefused."""
    return parsed(raw).set(drivername="postgresql").render_as_string(hide_password=True)


def parsed(raw: str) -> URL:
    try:
        url = make_url(raw.strip())
    except (ArgumentError, ValueError):
        raise StartRefused(f"The URL of the other system has a bad host or port; use {FORM}.") from None
    if not url.host or not url.username or not url.database:
        raise StartRefused(f"The URL of the other system must name user, host and database; use {FORM}.")
    return url
