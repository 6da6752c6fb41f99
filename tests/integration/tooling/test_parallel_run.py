"""How the tests are spread over processes by `make test`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.readme import PROJECT

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
    plugins = ["-p", "xdist", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugins, "-n", "2", *options.split(), f"--rootdir={tmp_path}"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "18 passed" in done.stdout, done.stdout + done.stderr
    workers = {name: {path.suffix for path in tmp_path.glob(f"test_{name}.gw*")} for name in ("a", "b", "c")}
    assert [len(found) for found in workers.values()] == [1, 1, 1]
    assert len(set.union(*workers.values())) == 2
