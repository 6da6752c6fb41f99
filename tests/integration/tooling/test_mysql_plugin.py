"""What a run says about MySQL in its last line, and when a skip is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]

CONFTEST = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from support.mysql import server as mysql_server
pytest_plugins = ["support.mysql.plugin"]
mysql_server.MySQLServer.find = lambda: mysql_server.Skipped(reason="none here")
"""
TEST = """
import pytest

@pytest.fixture(params=["memory", "mysql"])
def storage(request):
    return request.getfixturevalue("mysql_url") if request.param == "mysql" else request.param

def test_any_storage(storage): assert storage == "memory"
def test_its_server(mysql_server): raise AssertionError("there is none")
def test_another(): assert True
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_sample.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def run(project: Path, *options: str, ci: str = "") -> tuple[int, list[str]]:
    """The exit status and the last two lines of a run of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    environment = {
        **os.environ,
        "CI": ci,
        "TEST_MYSQL_URL": "",
        "COLUMNS": "200",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()[-2:]


def test_without_a_server_the_last_line_says_that_tests_were_skipped_and_why(project: Path) -> None:
    status, (closing, last) = run(project)
    assert status == 0
    assert "2 passed, 2 skipped" in closing
    assert last == "MySQL tests: 2 NOT RUN, there is no server: none here"


def test_on_a_build_machine_the_same_is_a_failure(project: Path) -> None:
    status, (closing, last) = run(project, ci="true")
    assert status == 1
    assert "2 passed, 2 errors" in closing
    assert "NOT RUN" in last


def test_the_marker_chooses_by_fixture_and_by_parameter(project: Path) -> None:
    status, (closing, _) = run(project, "-m", "mysql")
    assert status == 0
    assert "2 skipped, 2 deselected" in closing


def test_a_run_without_them_says_so(project: Path) -> None:
    status, (_, last) = run(project, "-m", "not mysql")
    assert status == 0
    assert last == "MySQL tests: none were chosen."
