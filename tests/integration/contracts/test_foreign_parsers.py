"""The parsers of TiDB and Vitess read every statement that Doorward sends to MySQL.

Neither server runs here. What a parser takes, its server may still answer in another way: docs/scaling.md says what was
run on which.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import pytest

from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.sql.diagnosis import diagnose_database
from doorward.infrastructure.sql.mysql import session_variables
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.urls import DatabaseUrl
from support import recorded_statements
from support.mysql.server import MySQLServer
from support.programs.go_programs import NotBuilt, built
from support.recorded_statements import recorded

pytestmark = pytest.mark.full

SOURCE = Path(recorded_statements.__file__).with_name("parsers")
VERSION = "tidb-20260418-vitess-0.24.4"
FEW = 150
"""The contract tests alone send more different statements than this."""


class Result(TypedDict):
    parser: str
    statement: str
    error: str
    read: str


@pytest.fixture(scope="module")
def parse() -> Path:
    files = {path.name: path.read_text("utf-8") for path in SOURCE.iterdir()}
    try:
        return built(f"parsers-{VERSION}", files, ".")
    except NotBuilt as error:
        pytest.skip(f"the parsers of TiDB and Vitess could not be had: {error}")


def results(parse: Path, statements: Sequence[str]) -> Sequence[Result]:
    run = subprocess.run([parse], input=json.dumps(statements), capture_output=True, text=True, check=True, timeout=120)
    found: Sequence[Result] = json.loads(run.stdout)
    return found


def refused(parse: Path, statements: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """Return the reason of each parser for each statement that it refuses."""
    found = results(parse, statements)
    return {(each["parser"], each["statement"]): each["error"] for each in found if each["error"]}


def test_the_parsers_notice_what_their_servers_would_refuse(parse: Path) -> None:
    unquoted, default = "SELECT until FROM leases", "CREATE TABLE t (at DATETIME(6) DEFAULT (utc_timestamp(6)))"
    nonsense = "SELECT FROM WHERE"
    found = refused(parse, [unquoted, default, nonsense])
    assert set(found) == {("tidb", unquoted), ("tidb", default), ("tidb", nonsense), ("vitess", nonsense)}


async def test_they_read_what_migrations_and_the_diagnosis_send(parse: Path, mysql_url: str) -> None:
    url = DatabaseUrl.parse(mysql_url)
    with recorded() as statements:
        await migrate(url)
        await diagnose_database(url, SystemClock().now)
        await migrate(url, "base")
    settings = (session_variables.WRITING, session_variables.READING)
    sent = [*statements, *(session_variables.set_statement(each, "8.4.0") for each in settings)]
    assert refused(parse, sent) == {}
    (changes,) = [
        each["read"]
        for each in results(parse, sent)
        if each["parser"] == "tidb" and "CREATE TABLE changes" in each["statement"]
    ]
    assert "AUTO_ID_CACHE = 1" in changes


def test_they_read_every_statement_of_the_contract_tests(
    parse: Path, mysql_server: MySQLServer, tmp_path: Path
) -> None:
    """In a process of its own, so that only these tests are recorded."""
    file = tmp_path / "statements.json"
    plugins = ["-p", "no:xdist", "-p", "support.recorded_statements"]
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *plugins,
            "-k",
            "mysql",
            "--pyargs",
            "doorward.testing.contracts.storage",
        ],
        env=os.environ | {recorded_statements.VARIABLE: str(file), "TEST_MYSQL_URL": mysql_server.admin.url("any")},
        capture_output=True,
        text=True,
        check=False,
        timeout=550,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    statements: list[str] = json.loads(file.read_text("utf-8"))
    assert len(statements) > FEW
    assert refused(parse, statements) == {}
