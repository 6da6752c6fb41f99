import asyncio
from collections.abc import AsyncIterator

import pytest

from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.made_tables import make_tables
from support.mysql.server import MySQLServer


@pytest.fixture
async def mysql(own_mysql_server: MySQLServer, mysql_url: str) -> AsyncIterator[SqlStorage]:
    """Storage on a server that may be stopped, paused and killed. Its limits are generous for a busy machine."""
    url = DatabaseUrl.parse(mysql_url)
    make_tables(url)
    storage = SqlStorage.open(url, limits=Limits(wait_seconds=4, pool_wait_seconds=3, lock_wait_seconds=2))
    yield storage
    await asyncio.to_thread(own_mysql_server.restore)
    await storage.close()
