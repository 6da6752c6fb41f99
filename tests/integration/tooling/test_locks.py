"""`make check` notices a lock file that nobody should install from."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("requirements", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def check(project: Path) -> tuple[int, str]:
    command = [sys.executable, str(project / "scripts/locks.py"), "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def without_hashes(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if "--hash" not in line)


def test_the_lock_files_fit_the_project(project: Path) -> None:
    assert check(project)[0] == 0


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("requirements/runtime.txt", lambda text: text + "--index-url https://example.org/simple\n", "names a host"),
        ("requirements/runtime.txt", lambda text: text + "evil @ file.whl\n", "more than pins and hashes: evil"),
        ("requirements/uv.txt", without_hashes, "no hash for uv=="),
        ("requirements/dev.txt", lambda text: text.replace("litestar==2", "litestar==1"), "another litestar than"),
        ("pyproject.toml", lambda text: text.replace('"litestar>=2', '"litestar>=1.9,>=2'), "not in step"),
    ],
)
def test_a_lock_file_that_was_touched_is_refused(
    project: Path, name: str, change: Callable[[str], str], complaint: str
) -> None:
    """Only what was chosen and hashed is ever installed."""
    path = project / name
    path.write_text(change(path.read_text()))
    status, said = check(project)
    assert status == 1
    assert complaint in said
