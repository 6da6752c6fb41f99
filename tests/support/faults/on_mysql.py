"""A service under a workload on a MySQL server of the test's own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.faults.workload import SETTINGS
from support.mysql.server import MySQLServer
from support.programs.server_process import Server, running

POOL, WORKERS = 6, 2

USUAL: Mapping[str, str] = {**SETTINGS, "workers": str(WORKERS), "database_pool_size": str(POOL)}


@contextmanager
def on_mysql(mysql: MySQLServer, folder: Path, url: str, **settings: str) -> Iterator[Server]:
    """WORKERS workers with small pools, on the database of that URL."""
    with running(folder, database_url=url, **{**USUAL, **settings}) as server:
        try:
            yield server
        finally:
            mysql.restore()


def connections(mysql: MySQLServer) -> int:
    ((count,),) = mysql.sql("SELECT count(*) FROM information_schema.processlist WHERE user = 'doorward'")
    return int(count)


def is_idle(mysql: MySQLServer) -> bool:
    """Whether nobody is in a transaction, and no more connections are open than the pools hold."""
    ((transactions,),) = mysql.sql("SELECT count(*) FROM information_schema.innodb_trx")
    return transactions == 0 and connections(mysql) <= POOL * WORKERS
