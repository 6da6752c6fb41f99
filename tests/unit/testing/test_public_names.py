"""`doorward.testing` offers the names that it lists, and imports none before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import doorward.testing

LOADED = """
import sys
import doorward.testing
print(sorted(name for name in sys.modules if name.startswith("doorward")))
"""


@pytest.mark.parametrize("name", doorward.testing.HOMES)
def test_each_listed_name_can_be_imported(name: str) -> None:
    assert getattr(doorward.testing, name) is not None


def test_type_checkers_see_the_names_that_are_offered() -> None:
    offered = ast.parse(Path(doorward.testing.__file__).read_text())
    imported = [node for node in ast.walk(offered) if isinstance(node, ast.ImportFrom)]
    seen = {name.asname: node.module for node in imported for name in node.names if name.asname}
    assert seen == doorward.testing.HOMES


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'PlainClock'"):
        doorward.testing.PlainClock  # noqa: B018


def test_importing_the_package_imports_none_of_its_modules() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['doorward', 'doorward.testing']"
