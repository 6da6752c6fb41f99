"""The version of Doorward before this one, from the history of Git, in processes of its own."""

import re
import subprocess
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from support.programs.command_line import Doorward
from support.readme import PROJECT

FIRST_MIGRATION = "0016"
"""The first migration that the former version does not have."""


def former_version(folder: Path) -> Path:
    """Unpack the last commit before FIRST_MIGRATION into the folder, and return it: the value of PYTHONPATH with which
    the program is of that version. Skip the test without the history of Git."""
    migration = f"src/infrastructure/sql/migrations/versions/{FIRST_MIGRATION}_*.py"
    commits = git("log", "--diff-filter=A", "--format=%H", "--", migration).decode().split()
    revision = f"{commits[-1]}^" if commits else "HEAD"
    with tarfile.open(fileobj=BytesIO(git("archive", revision, "doorward", "src"))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def of_version(doorward: Doorward, folder: Path) -> Doorward:
    """Return the program in the version of that folder. It refuses settings that it does not know, so that it gets none
    of them."""
    known = (folder / "src" / "infrastructure" / "settings" / "setting_values.py").read_text("utf-8")
    names = {f"DOORWARD_{name.upper()}" for name in re.findall(r"^    (\w+): ", known, re.MULTILINE)}
    given = {name: value for name, value in doorward.environment.items() if name in names or name[:9] != "DOORWARD_"}
    return replace(doorward, environment={**given, "PYTHONPATH": str(folder)})


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the history of Git is not here: {done.stderr.decode().strip()}")
    return done.stdout
