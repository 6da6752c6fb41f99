from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from doorward.infrastructure.sql.urls import DatabaseUrl
from support.made_tables import make_tables
from support.mysql.server import MySQLServer

FreshDatabase = Callable[..., DatabaseUrl]
FreshUrl = Callable[..., str]


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> FreshUrl:
    """`fresh_url("mysql")`: a database with tables and no accounts; without tables if `tables=False`."""
    numbers = count()

    def make(kind: str, *, tables: bool = True) -> str:
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path / f'database{next(numbers)}' / 'doorward.db'}"
        else:
            server: MySQLServer = request.getfixturevalue("mysql_server")
            url = server.fresh_database()
        if tables:
            make_tables(DatabaseUrl.parse(url))
        return url

    return make


@pytest.fixture
def fresh_database(fresh_url: FreshUrl) -> FreshDatabase:
    """The same, parsed."""

    def make(kind: str, *, tables: bool = True) -> DatabaseUrl:
        return DatabaseUrl.parse(fresh_url(kind, tables=tables))

    return make
