"""What `make distance` measures, in its short form."""

from pathlib import Path

import pytest

from distance.measuring import QUICK, rows
from support.mysql.server import MySQLServer


@pytest.mark.full
def test_a_distance_costs_each_request_its_round_trips(mysql_server: MySQLServer, tmp_path: Path) -> None:
    found = {row.request: row for row in rows(QUICK, mysql_server, tmp_path)}
    assert found["guarded GET"].round_trips == 0
    assert found["sign-in"].round_trips > found["refresh"].round_trips > 1
    for request in ("sign-up", "sign-in", "refresh"):
        near, far = found[request].median_ms
        assert far - near >= (found[request].round_trips - 1) * 20 / 2, request
