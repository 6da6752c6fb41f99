"""Many clients that change the same rows at the same time."""

from pathlib import Path

import pytest

from support.faults.judged import judged
from support.faults.on_mysql import is_idle, on_mysql
from support.mysql.server import MySQLServer

pytestmark = pytest.mark.full

CLIENTS = 24
REQUESTS = 1_500


def test_many_clients_of_one_account_get_no_error_but_503(own_mysql_server: MySQLServer, tmp_path: Path) -> None:
    """F-11: its sessions, roles and tokens; deadlocks and lock waits are undone and run again."""
    mysql = own_mysql_server
    mysql.sql("SET GLOBAL innodb_lock_wait_timeout = 1")
    with on_mysql(mysql, tmp_path, mysql.fresh_database()) as server:
        with judged([server], clients=CLIENTS, one_account=True, idle=lambda: is_idle(mysql)) as load:
            load.until_requests(REQUESTS)
        assert not [entry for entry in load.ledger.entries if entry.broken]
        assert {entry.status for entry in load.ledger.entries if entry.failed} <= {503}
        assert server.logged(event="unhandled_exception") == []
        assert server.logged(event="authn_token_reuse") == []
