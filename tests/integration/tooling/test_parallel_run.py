"""How the tests are spread over processes by `make test`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.readme import PROJECT
from support.work_units import BROWSER, GROUP, LONG, OWN_MYSQL, UNITS, rank, unit_of

TEST = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(6))
def test(number):
    pathlib.Path(__file__).with_suffix("." + os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_the_tests_of_a_file_run_in_one_process(tmp_path: Path) -> None:
    """They share servers. pytest-xdist does not tell when it cannot do what an option asks for."""
    (options,) = re.findall(r"^IN_PARALLEL := -n auto (.*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    for name in ("a", "b", "c"):
        (tmp_path / f"test_{name}.py").write_text(TEST)
    plugins = ["-p", "xdist", "-p", "no:cacheprovider", "-p", "support.work_units"]
    command = [sys.executable, "-m", "pytest", *plugins, "-n", "2", *options.split(), f"--rootdir={tmp_path}"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(PROJECT / "tests")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "18 passed" in done.stdout, done.stdout + done.stderr
    workers = {name: {path.suffix for path in tmp_path.glob(f"test_{name}.gw*")} for name in ("a", "b", "c")}
    assert [len(found) for found in workers.values()] == [1, 1, 1]
    assert len(set.union(*workers.values())) == 2


def test_every_file_that_is_named_exists() -> None:
    """A file that was renamed would come late, or in another process."""
    for name in (*OWN_MYSQL, *GROUP, BROWSER, *LONG):
        assert (PROJECT / name).exists(), name


def test_files_that_need_a_mysql_of_their_own_run_in_one_process() -> None:
    """Those in which a test takes the fixture, or one that takes it."""
    named = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "tests").rglob("test_*.py")
        if re.search(r"\bown_mysql_server: MySQLServer|\bmysql: SqlStorage", path.read_text("utf-8"))
    }
    assert named == set(OWN_MYSQL)
    assert {unit_of(f"{name}::test") for name in named} == {OWN_MYSQL[0]}


def test_files_that_need_a_group_of_mysql_servers_run_in_one_process() -> None:
    named = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "tests").rglob("test_*.py")
        if re.search(r"\bmysql_group: Group", path.read_text("utf-8"))
    }
    assert named == set(GROUP)
    assert {unit_of(f"{name}::test") for name in named} == {GROUP[0]}


def test_long_units_come_first_and_all_others_keep_their_order() -> None:
    first = [rank(f"{unit}test.py::test" if unit == BROWSER else f"{unit}::test") for unit in UNITS]
    assert first == [*range(len(UNITS))]
    assert rank("tests/unit/test_a.py::test") == rank("tests/unit/test_b.py::test") == len(UNITS)
