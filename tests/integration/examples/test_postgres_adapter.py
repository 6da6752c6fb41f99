"""The example of a storage adapter, beside the wheel of Doorward in an environment of its own, on a real PostgreSQL."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doorward.testing.builders import PASSWORD
from support.postgresql import postgresql, run_postgresql
from support.programs.processes import PATIENCE
from support.programs.server_process import server_in, serving
from support.readme import PROJECT, block

pytestmark = pytest.mark.full

EXAMPLE = PROJECT / "examples" / "postgres-adapter"
INSTRUCTIONS = (EXAMPLE / "README.md").read_text("utf-8")
UV = PROJECT / ".uv/bin/uv"
LONGEST_SECONDS = 5 * PATIENCE
"""For the contract tests, which are more than three hundred."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with Doorward and the adapter, and a database for each test."""

    programs: Path
    server: str

    def database(self, name: str) -> str:
        """Return the URL of a new database. The server asks for no password."""
        run_postgresql(self.server, f"CREATE DATABASE {name}")
        return self.server.replace(":none@", "@").removesuffix("/postgres") + f"/{name}"

    def shell(self, script: str, folder: Path, **variables: str) -> str:
        """Run a script as if the environment were activated, and return what it prints."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("DOORWARD_", "PYTHON"))}
        path = f"{self.programs}{os.pathsep}{inherited['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=folder,
            env={**inherited, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that another user can reach, since root may not run PostgreSQL."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def installed(folder: Path) -> Iterator[Installed]:
    """What the two lines with `pip install` of the example's README install, in the versions of the lock file."""
    wheels, environment = folder / "wheels", folder / "environment"
    build = (
        "build",
        "--quiet",
        "--wheel",
        "--build-constraints",
        PROJECT / "requirements/build.txt",
        "--out-dir",
        wheels,
    )
    for project in (PROJECT, EXAMPLE):
        run_uv(*build, project)
    (doorward,), (adapter,) = wheels.glob("doorward-*.whl"), wheels.glob("doorward_postgresql-*.whl")
    run_uv("venv", "--quiet", "--python", sys.executable, environment)
    names = {".": str(doorward), "'.[testing]'": f"{doorward}[testing]", "./examples/postgres-adapter": str(adapter)}
    lines = re.findall(r"^pip install (.*)$", INSTRUCTIONS, re.MULTILINE)
    packages = [names.get(word, word) for line in lines for word in line.split()]
    assert len(packages) == 4
    install = ("pip", "install", "--quiet", "--python", environment / "bin/python")
    run_uv(*install, "--constraints", PROJECT / "requirements/dev.txt", *packages)
    with postgresql(folder / "postgresql") as server:
        yield Installed(environment / "bin", server)


def run_uv(*arguments: str | Path) -> None:
    done = subprocess.run([UV, *arguments], capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def test_the_adapter_passes_its_own_tests_and_the_exam_by_the_lines_of_its_readme(
    installed: Installed, folder: Path
) -> None:
    copy = folder / "example"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "src"))
    lines = block("sh", "TEST_POSTGRESQL_URL", INSTRUCTIONS).splitlines()
    commands = [line for line in lines if "pytest" in line and not line.startswith("pip install")]
    assert len(commands) == 2
    for number, command in enumerate(commands):
        printed = installed.shell(command, copy, TEST_POSTGRESQL_URL=installed.database(f"exam{number}"))
        assert re.search(r"^=*\s*\d+ passed", printed, re.MULTILINE), printed
        assert "failed" not in printed


def test_the_first_lines_of_the_readme_work_on_postgresql(installed: Installed, tmp_path: Path) -> None:
    url = installed.database("served")
    server = server_in(tmp_path, database_url=url)
    server.doorward = replace(server.doorward, program=str(installed.programs / "doorward"))
    *_, command = block("sh", "doorward serve", INSTRUCTIONS).strip().splitlines()
    with serving(server, command.removeprefix("doorward ")):
        lines = block("sh", "curl").strip().splitlines()
        script = "\n".join(f"{line}; echo" for line in lines)
        script = script.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace(".venv/bin/doorward", "doorward")
        printed = installed.shell(script, tmp_path, **doorward_variables(server.environment))
        answers = [line for line in printed.splitlines() if line]
        assert answers[:2] == ['{"message":"User registered successfully!"}', "User Content."]
        assert "Require Moderator Role!" in answers[2]
        assert answers[-1] == "Moderator Content."

        first_admin = next(line for line in block("sh", "users create").splitlines() if "--role admin" in line)
        made = server.run(*first_admin.split()[1:], stdin=PASSWORD)
        assert made.returncode == 0, made.stderr
        signed_in = server.request("POST", "/api/auth/signin", json={"username": "grace", "password": PASSWORD})
        bearer = {"Authorization": f"Bearer {signed_in.json()['accessToken']}"}
        assert server.request("GET", "/api/test/admin", headers=bearer).text == "Admin Content."

        doctor = server.run("doctor")
        assert url in re.sub(r"\?sslmode=\w+", "", doctor.stdout)
        assert "revision" in doctor.stdout


def doorward_variables(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("DOORWARD_")}
