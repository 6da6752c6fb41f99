"""Fresh databases for servers under test."""

from pathlib import Path

import pytest

from doorward.infrastructure.sql.urls import DatabaseUrl
from support.made_tables import make_tables
from support.mysql.server import MySQLServer


def settings_for(database: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a server that runs on a fresh database of that kind. MySQL has its tables already."""
    if database == "sqlite":
        return {}
    own = "own_mysql_server" in request.fixturenames
    server: MySQLServer = request.getfixturevalue("own_mysql_server" if own else "mysql_server")
    url = server.fresh_database()
    make_tables(DatabaseUrl.parse(url))
    return {"database_url": url}


def completed(
    settings: dict[str, str], database: str, request: pytest.FixtureRequest, folder: Path | None = None
) -> dict[str, str]:
    """The settings, with a fresh database of that kind unless they name one. SQLite has its tables already if the
    folder of the server is given."""
    if "database_url" in settings:
        return settings
    if folder is not None and database == "sqlite" and settings.keys().isdisjoint({"data_dir", "table_prefix"}):
        make_tables(DatabaseUrl(sqlite_path=folder / "data" / "doorward.db"))
    return {**settings_for(database, request), **settings}


def shared_settings(database: str, request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    """The settings of nodes that share a fresh database of that kind, and a secret. SQLite's file is in the folder."""
    settings = settings_for(database, request) or {"database_url": f"sqlite:///{folder / 'shared.db'}"}
    secret = "one secret of every node of this test, 2b7e151628aed2a6"
    return {**settings, "secret_key": secret, "issuer": "http://127.0.0.1"}
