"""The wheel, installed beside a project with packages `domain` and `application` of its own."""

import subprocess
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.other_project import OtherProject, built_wheel, environment, run
from support.programs.command_line import Doorward
from support.programs.processes import free_port
from support.programs.server_process import Server, serving
from support.readme import block, guide

EXAMPLE = block("python", "test_a_moderator_is_admitted_until")
EXAMPLES = {
    "test_readme.py": EXAMPLE,
    "test_in_memory.py": block("python", "test_a_moderator_is_admitted_as_long", guide("testing-with-doorward.md")),
    "test_coroutine.py": block("python", "test_a_role_counts_at_once", guide("testing-with-doorward.md")),
    "test_app.py": block("python", "doorward_app", guide("testing-with-doorward.md")),
    "test_server.py": block("python", "doorward_server", guide("testing-with-doorward.md")),
    "test_guard.py": block("python", "doorward_server", guide("verifying-tokens.md")),
    "test_by_hand.py": block("python", "test_a_granted_role_allows_access", guide("testing.md")),
}
TYPED = ("publish", "app", "in_memory", "coroutine", "server", "guard")
OF_THE_SERVER = {"sqlalchemy", "litestar", "granian", "alembic", "asyncmy", "argon2-cffi", "click", "structlog"}
NEEDS_THE_SERVER = """
import sys

LOADED = {name for name in sys.modules if name.partition(".")[0] in ("doorward", "dishka", "jwt", "msgspec")}

def test_nothing_was_imported_before_a_fixture_was_used():
    assert LOADED <= {"doorward", "doorward.testing", "doorward.testing.plugin"}

def test_app(doorward_app):
    pass

def test_server(doorward_server):
    pass
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """`uv build` and `python -m build` make the wheel from the source distribution."""
    assert ZipFile(built_wheel(tmp_path, from_sdist=True)).namelist() == ZipFile(wheel).namelist()


def test_without_the_server_the_service_in_memory_works(wheel: Path, tmp_path: Path) -> None:
    """The extra `guard` installs no more than this, and what is missing is named in one line."""
    project = OtherProject.beside(wheel, tmp_path)
    project.install("[guard]", "pytest")
    assert not OF_THE_SERVER & project.installed()
    (tmp_path / "tests/test_example.py").write_text(EXAMPLE, "utf-8")
    (tmp_path / "tests/test_at_first.py").write_text(NEEDS_THE_SERVER, "utf-8")
    said = project.pytest("tests/test_at_first.py", "tests")
    assert "4 passed, 2 errors" in said, said
    for fixture in ("doorward_app", "doorward_server"):
        assert f"The fixture {fixture} needs the packages of the server: pip install 'doorward[testing]'" in said
    guarded = run(
        [project.python, "-c", "from doorward.guard import Guard; Guard('https://auth.example.com')"], tmp_path
    )
    assert guarded.returncode == 0, guarded.stderr
    served = run([project.program, "serve"], tmp_path)
    assert served.returncode == 2
    (line,) = served.stderr.splitlines()
    assert line.startswith("doorward: The server needs the package ")
    assert line.endswith("pip install 'doorward[server]'")


@pytest.mark.full
def test_with_the_server_all_examples_and_types_and_the_first_lines_of_the_readme_work(
    wheel: Path, tmp_path: Path
) -> None:
    project = OtherProject.beside(wheel, tmp_path)
    project.install("[testing]", "mypy")
    assert project.installed() >= OF_THE_SERVER
    for name, example in EXAMPLES.items():
        (tmp_path / "tests" / name).write_text(example, "utf-8")
    assert "9 passed" in (said := project.pytest()), said
    types = run(
        [project.python, "-m", "mypy", "domain", "application", *(f"tests/test_{name}.py" for name in TYPED)], tmp_path
    )
    assert types.returncode == 0, types.stdout
    with serving(Server(port := free_port(), installed(project, port))) as server:
        lines = block("sh", "curl").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        script = lines.replace(".venv/bin/doorward", project.program)
        pasted = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=server.environment, capture_output=True, text=True, check=True
        )
    assert pasted.stdout.splitlines()[-1] == "Moderator Content."


def installed(project: OtherProject, port: int) -> Doorward:
    """Return the program of that environment, with data and a port of its own."""
    doorward = Doorward.patient(project.folder, port=str(port))
    return replace(doorward, environment={**environment(), **doorward.environment}, program=project.program)


@pytest.mark.full
@pytest.mark.parametrize("extra", ["mysql", "redis", "adopt"])
def test_each_extra_names_packages_that_can_be_installed(wheel: Path, tmp_path: Path, extra: str) -> None:
    project = OtherProject.beside(wheel, tmp_path)
    project.install(f"[{extra}]")
    assert {"mysql": "asyncmy", "redis": "redis", "adopt": "pg8000"}[extra] in project.installed()
