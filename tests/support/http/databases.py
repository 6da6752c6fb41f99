"""Fresh databases for servers under test."""

import pytest

from support.mysql.server import MySQLServer


def settings_for(database: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a server that runs on a fresh database of that kind."""
    if database == "sqlite":
        return {}
    own = "own_mysql_server" in request.fixturenames
    server: MySQLServer = request.getfixturevalue("own_mysql_server" if own else "mysql_server")
    return {"database_url": server.fresh_database()}
