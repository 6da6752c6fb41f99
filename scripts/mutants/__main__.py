"""Change the memory adapter in one place after the other, and see whether the contract tests of storage notice.

Usage: python -m mutants [MODULE ...], with modules of src/infrastructure/memory such as `leases`. mutmut does the work.
It is run on a copy in `.mutants/`, with settings of its own (docs/decisions/mutants.md). Prints what
survived. The exit code is 1 if less than 90 percent of the changes were noticed.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".venv/mutants"
"""Where mutmut is installed."""

WORK = ROOT / ".mutants"
ADAPTER = Path("doorward/infrastructure/memory")
NO_STORAGE = "adapter"
"""The module that opens the storage by its address. The contract is about the storage."""

GOAL = 90
NOTICED = frozenset({"killed", "timeout", "segfault", "caught by type check"})
RESULT = re.compile(r"^ +(?P<name>\S+): (?P<status>[a-z ]+)$", re.MULTILINE)

SHOW = """\
import sys
from mutmut.__main__ import cli
for name in sys.argv[1:]:
    cli(["show", name], standalone_mode=False)
"""

SETTINGS = """\
[tool.mutmut]
source_paths = ["{adapter}"]
only_mutate = [{modules}]
do_not_mutate = ["{adapter}/{no_storage}.py"]
also_copy = ["doorward"]
pytest_add_cli_args_test_selection = ["doorward/testing/contracts/storage"]
pytest_add_cli_args = ["-p", "mutants.memory_only", "-p", "no:schemathesis", "-p", "no:xdist"]
timeout_multiplier = 6
use_git_change_detection = false
track_dependencies = false

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
asyncio_default_test_loop_scope = "function"
"""


def main(modules: Sequence[str]) -> int:
    unknown = [module for module in modules if not (ROOT / ADAPTER / f"{module}.py").is_file()]
    if unknown:
        sys.stderr.write(f"{ROOT / ADAPTER} has no module {unknown[0]}; name such as leases, or none for all.\n")
        return 2
    prepare(modules)
    if mutmut("run", "--max-children", str(os.cpu_count() or 1)).returncode:
        sys.stderr.write("mutmut did not come to an end; see above.\n")
        return 2
    return report(statuses())


def prepare(modules: Sequence[str]) -> None:
    """Make a fresh copy of the project's package, with the settings of mutmut beside it."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / "src", WORK / "doorward", ignore=shutil.ignore_patterns("__pycache__"))
    names = ", ".join(f'"{ADAPTER}/{module}.py"' for module in modules or ["*"])
    (WORK / "pyproject.toml").write_text(SETTINGS.format(adapter=ADAPTER, modules=names, no_storage=NO_STORAGE))


def mutmut(*arguments: str, capture: bool = False) -> "subprocess.CompletedProcess[str]":
    return python("-m", "mutmut", *arguments, capture=capture)


def shown(names: Sequence[str]) -> str:
    """Return the differences, which one process shows: starting one takes longer than showing it."""
    return python("-c", SHOW, *names, capture=True).stdout


def python(*arguments: str, capture: bool) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(map(str, (PACKAGES, ROOT / "scripts")))
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        cwd=WORK,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=capture,
        text=True,
        check=False,
    )


def statuses() -> dict[str, str]:
    """Return what became of each change, by its name."""
    results = mutmut("results", "--all", "true", capture=True)
    return {found["name"]: found["status"] for found in RESULT.finditer(results.stdout)}


def report(results: Mapping[str, str]) -> int:
    """Print what was not noticed, and how much was."""
    missed = [name for name, status in results.items() if status not in NOTICED]
    sys.stdout.write(changed_lines(shown(missed) if missed else ""))
    counts = Counter(results.values())
    noticed = sum(counts[status] for status in NOTICED)
    percent = 100 * noticed / len(results) if results else 0
    listed = ", ".join(f"{number} {status}" for status, number in counts.most_common())
    sys.stdout.write(f"\n{noticed} of {len(results)} changes were noticed, {percent:.1f} percent ({listed}).\n")
    return 0 if percent >= GOAL else 1


def changed_lines(diffs: str) -> str:
    """Return the name and the changed lines of each difference."""
    wanted = [line for line in diffs.splitlines(keepends=True) if re.match(r"# |[-+](?![-+])", line)]
    return "".join(line.replace("# ", "\n", 1) if line.startswith("# ") else line for line in wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
