"""A small project of somebody else's that uses Doorward, and the environment into which both are installed."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.programs.processes import PATIENCE
from support.readme import PROJECT

UV = PROJECT / ".uv/bin/uv"
LOCKED = PROJECT / "requirements/dev.txt"
OF_THIS_RUN = re.compile("VIRTUAL_ENV|PYTHON|PYTEST_|DOORWARD_|PORT$")

FILES = {
    "domain/__init__.py": "",
    "domain/article.py": """
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Article:
    title: str
    published: bool = False

    def after_publication(self) -> "Article":
        return replace(self, published=True)
""",
    "application/__init__.py": "",
    "application/publish.py": """
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import MODERATOR
from doorward.domain.errors import RoleRequired

from domain.article import Article


def publish(article: Article, by: Principal) -> Article:
    if MODERATOR not in by.requirement.any_of:
        raise RoleRequired("Require Moderator Role!")
    return article.after_publication()
""",
    "tests/test_publish.py": """
import pytest
from doorward.domain.errors import RoleRequired
from doorward.testing import InMemoryDoorward

from application.publish import publish
from domain.article import Article


def test_moderators_publish(doorward: InMemoryDoorward) -> None:
    ada = doorward.user("ada", roles=["moderator"])
    assert publish(Article("Doors"), doorward.admit(ada.token(), "moderator")).published


def test_nobody_else_does(doorward: InMemoryDoorward) -> None:
    with pytest.raises(RoleRequired):
        publish(Article("Doors"), doorward.admit(doorward.user("joan").token()))
""",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n\n[tool.mypy]\nstrict = true\n',
}


def environment() -> dict[str, str]:
    """This process's environment without what belongs to this run."""
    return {name: value for name, value in os.environ.items() if not OF_THIS_RUN.match(name)}


def run(command: list[str], folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def uv(folder: Path, *arguments: str) -> str:
    done = run([str(UV), "--no-python-downloads", *arguments], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def built_wheel(folder: Path, *, from_sdist: bool = False) -> Path:
    """Build the wheel from a checkout of the project, or from the source distribution that is built from it first."""
    build = ["build", "--quiet", "--build-constraints", str(PROJECT / "requirements/build.txt")]
    uv(folder, *build, *([] if from_sdist else ["--wheel"]), "--out-dir", str(folder), str(PROJECT))
    return next(folder.glob("*.whl"))


@dataclass(frozen=True, slots=True)
class OtherProject:
    """A folder with the project, and an environment with nothing but what is installed."""

    folder: Path
    wheel: Path

    @classmethod
    def beside(cls, wheel: Path, folder: Path) -> Self:
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text.lstrip("\n"), "utf-8")
        uv(folder, "venv", "--quiet", str(folder / ".venv"))
        return cls(folder, wheel)

    @property
    def python(self) -> str:
        return str(self.folder / ".venv/bin/python")

    @property
    def program(self) -> str:
        return str(self.folder / ".venv/bin/doorward")

    def install(self, extra: str, *others: str) -> None:
        """Install the wheel with that extra, and others, in the versions that are locked here."""
        wheel = f"doorward{extra} @ {self.wheel.as_uri()}"
        uv(self.folder, "pip", "install", "--quiet", "--python", self.python, "-c", str(LOCKED), wheel, *others)

    def installed(self) -> set[str]:
        """The names of all packages that are installed."""
        listed = uv(self.folder, "pip", "freeze", "--python", self.python)
        return {re.split(r"==| @ ", line)[0].lower() for line in listed.splitlines()}

    def pytest(self, *arguments: str) -> str:
        """What pytest prints when it has run the project's tests."""
        done = run([self.python, "-m", "pytest", "-q", *arguments], self.folder)
        return done.stdout + done.stderr
