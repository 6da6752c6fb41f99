"""A service that is restarted while all its clients go on asking."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from support.faults.judged import judged
from support.faults.on_mysql import WORKERS, is_idle, on_mysql
from support.mysql.server import MySQLServer

pytestmark = pytest.mark.full

KEY_READS_A_SECOND = 2
"""Of each worker, at most: it reads the keys when it starts, when the feed names them, and every few seconds."""

KEY_READS_AT_START = 6
READS_OF_KEYS = "SELECT argument FROM mysql.general_log WHERE argument LIKE '%FROM signing_keys%'"


@contextmanager
def recorded(mysql: MySQLServer) -> Iterator[None]:
    """The server writes each statement into a table."""
    mysql.sql("TRUNCATE TABLE mysql.general_log", "SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = ON")
    try:
        yield
    finally:
        mysql.sql("SET GLOBAL general_log = OFF", "SET GLOBAL log_output = 'FILE'")


def test_a_cold_start_under_load_reads_the_keys_once_for_each_worker(
    own_mysql_server: MySQLServer, tmp_path: Path
) -> None:
    """F-38: and not once for each request. The service works again by itself."""
    mysql = own_mysql_server
    with on_mysql(mysql, tmp_path, mysql.fresh_database()) as server:
        with judged([server], clients=16, idle=lambda: is_idle(mysql)) as load:
            assert server.stop() == 0
            load.until_failing()
            with recorded(mysql):
                began = monotonic()
                server.start()
                load.until_working()
                seconds = monotonic() - began
                reads = len(mysql.sql(READS_OF_KEYS))
            assert WORKERS <= reads <= WORKERS * (KEY_READS_AT_START + KEY_READS_A_SECOND * seconds)
        assert server.logged(event="unhandled_exception") == []
