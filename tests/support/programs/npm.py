"""Programs of Node with packages from npm, each in a folder of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TIMEOUT_SECONDS = 300
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT", "Failed to fetch")
"""What npm and uv print when they do not reach their registry."""


def run(folder: Path, *command: str | Path) -> str:
    """Run the command there, and return all that it printed. Skip the test if it needs a network and there is none."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(folder / "venv/bin"), os.environ["PATH"]])
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PATH": path, "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if ran.returncode and any(sign in ran.stdout for sign in NO_NETWORK):
        pytest.skip(f"NO NETWORK HERE: the packages are missing. {command[0]} said: {ran.stdout[-500:]}")
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def node_with_packages(folder: Path) -> tuple[str, Path]:
    """Install the locked packages of npm; return Node and the folder of their programs. Skip the test without Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("NO NODE HERE: the programs of this test do not run")
    run(folder, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return node, folder / "node_modules" / ".bin"
