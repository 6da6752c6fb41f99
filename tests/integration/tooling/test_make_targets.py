"""Every target that `make help` names runs in a fresh clone, whatever ran before it."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from support.programs.processes import PATIENCE, eventually, free_port
from support.readme import PROJECT

pytestmark = pytest.mark.full

OUTER = re.compile("MAKE|MFLAGS|VIRTUAL_ENV|PYTEST_|DOORWARD_")

INSTALL_SECONDS = 600
"""For a target that installs packages, and for the type check without its cache."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project's files as they are now, and the cache of the type check, which would take long without one."""
    folder = tmp_path / "clone"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).exists() or (PROJECT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name, follow_symlinks=False)
    if (PROJECT / ".mypy_cache").exists():
        shutil.copytree(PROJECT / ".mypy_cache", folder / ".mypy_cache")
    return folder


def environment() -> dict[str, str]:
    """This process's environment without what this test run and an outer make add."""
    return {name: value for name, value in os.environ.items() if not OUTER.match(name)}


def make(clone: Path, *arguments: str) -> str:
    """The output of a target that succeeds."""
    done = subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    assert done.returncode == 0, f"make {' '.join(arguments)}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
    return done.stdout


def run_and_stop(clone: Path) -> None:
    """Start `make run`, wait until the server is ready, and stop it."""
    port = free_port()
    settings = {**environment(), "PORT": str(port)}
    with subprocess.Popen(["make", "run"], cwd=clone, env=settings, start_new_session=True) as process:
        try:
            eventually(lambda: is_ready(process, port), INSTALL_SECONDS)
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def is_ready(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "make run ended"
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health/ready", verify=False).is_success
    except httpx2.TransportError:
        return False


def targets_of(clone: Path) -> set[str]:
    return set(re.findall(r"^make ([a-z-]+)", make(clone, "help"), re.MULTILINE))


def unit(clone: Path) -> None:
    assert "passed" in make(clone, "unit", "ARGS=-q tests/unit/domain/test_ids.py")


def help_of_benchmarks(clone: Path) -> None:
    """Each starts, imports all that it needs, and prints its usage."""
    for target in ("bench-quick", "bench", "compare", "distance", "feed-load"):
        assert "usage" in make(clone, target, "ARGS=--help")


def help_of_attacks(clone: Path) -> None:
    for target in ("attack", "attack-sim"):
        assert "usage" in make(clone, target, "ARGS=--help")


def test_targets_run_after_make_run(clone: Path) -> None:
    run_and_stop(clone)
    unit(clone)
    run_and_stop(clone)
    help_of_attacks(clone)
    help_of_benchmarks(clone)
    unit(clone)
    run_and_stop(clone)
    make(clone, "test", "ARGS=-q tests/unit/domain/test_ids.py")  # after `make check`
    make(clone, "clean")
    assert not (clone / ".venv").exists()


def test_targets_run_after_a_benchmark(clone: Path) -> None:
    """Also as goals of one command."""
    help_of_benchmarks(clone)
    assert (clone / ".venv/ready-bench").exists()
    run_and_stop(clone)
    assert "usage" in make(clone, "unit", "bench", "ARGS=--help")


def test_mutants_are_made_and_noticed(clone: Path) -> None:
    said = make(clone, "mutants", "ARGS=known_agents profiles")
    assert re.search(r"^\d+ of \d+ changes were noticed, (9\d\.\d|100\.0) percent", said, re.MULTILINE)
    make(clone, "check")
    unit(clone)


def test_this_file_knows_every_target(clone: Path) -> None:
    """Those that take long or change the lock files are not run here; they need the same environment as the others."""
    run = {
        "run",
        "test",
        "unit",
        "check",
        "attack",
        "attack-sim",
        "bench",
        "bench-quick",
        "compare",
        "distance",
        "feed-load",
        "mutants",
        "clean",
    }
    assert targets_of(clone) == run | {"test-full", "lock", "peers"}
