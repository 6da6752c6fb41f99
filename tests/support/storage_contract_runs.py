"""Runs contract tests of storage in a process of its own, as somebody who has Doorward installed does."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from support.programs.processes import PATIENCE

TESTS = Path(__file__).parents[1]
PACKAGE = "doorward.testing.contracts.storage"
FOLDER = TESTS.parent / "doorward" / "testing" / "contracts" / "storage"
UNUSED = ("cacheprovider", "schemathesis", "xdist", "faker", "anyio")
LINE = re.compile(r"^(PASSED|FAILED|ERROR) \S*?::(\S+)", re.MULTILINE)


def outcomes(tests: Iterable[str], folder: Path, *options: str) -> dict[str, str]:
    """Return the outcome of each test by its name: PASSED, FAILED or ERROR. `tests` are modules such as `test_locks`,
    or single tests such as `test_locks::test_name`.

    pytest is started in `folder`, which may have a `conftest.py`. That of this project is not read.
    """
    plain = ["-rA", "-q", "--tb=no", "-c", os.devnull, "--rootdir", str(folder), "--confcutdir", str(FOLDER)]
    without = [part for plugin in UNUSED for part in ("-p", f"no:{plugin}")]
    chosen = [f"{PACKAGE}.{test}" for test in tests]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *without, *options, "--pyargs", *chosen],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    found = {test: outcome for outcome, test in LINE.findall(run.stdout)}
    assert found, run.stdout[-4_000:] + run.stderr[-1_000:]
    return found
