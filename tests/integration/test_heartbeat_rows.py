"""The row of the heartbeat, when the clock that dated it was wrong."""

from pathlib import Path

import pytest

from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.tables import heartbeats
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.doubles import NOON
from support.made_tables import make_tables

LONG_SECONDS = 3600.0


@pytest.fixture(params=["sqlite", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseUrl:
    raw = f"sqlite:///{tmp_path / 'doorward.db'}" if request.param == "sqlite" else request.getfixturevalue("mysql_url")
    found = DatabaseUrl.parse(raw)
    make_tables(found)
    return found


@pytest.mark.parametrize("years", [-100, 100])
async def test_a_beat_of_another_time_is_replaced(url: DatabaseUrl, years: int) -> None:
    """A server whose clock was ahead has failed over to one whose clock is right."""
    storage = SqlStorage.open(url)
    wrong = NOON.replace(year=NOON.year + years)
    async with storage.transaction() as tx:
        assert await tx.heartbeats.beat(LONG_SECONDS)
        await tx.connection.change(heartbeats.update().values(at=wrong))
    async with storage.following() as reading:
        seen = await reading.heartbeats.newest()
    assert seen is not None
    assert (seen.at, seen.age_seconds < 0) == (wrong, years > 0)
    async with storage.transaction() as tx:
        assert await tx.heartbeats.beat(LONG_SECONDS)
        assert not await tx.heartbeats.beat(LONG_SECONDS)
    await storage.close()
