from pathlib import Path

import pytest

from doorward.infrastructure.sql.urls import DatabaseUrl
from support.sql_by_hand import Sql, sql_on


@pytest.fixture(params=["sqlite", "mysql"])
def raw_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'doorward.db'}"
    return str(request.getfixturevalue("mysql_url"))


@pytest.fixture
def url(raw_url: str) -> DatabaseUrl:
    return DatabaseUrl.parse(raw_url)


@pytest.fixture
def sql(raw_url: str) -> Sql:
    """Runs statements by hand, past all of our code."""
    return sql_on(raw_url)
