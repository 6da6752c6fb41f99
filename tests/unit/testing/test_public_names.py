"""`doorward.testing` offers the names that it lists, and imports none before it is used."""

import subprocess
import sys

import pytest

import doorward.testing

LOADED = """
import sys
import doorward.testing
print(sorted(name for name in sys.modules if name.startswith("doorward")))
"""


@pytest.mark.parametrize("name", doorward.testing.__all__)
def test_each_listed_name_can_be_imported(name: str) -> None:
    assert getattr(doorward.testing, name) is not None


def test_every_name_of_a_module_is_listed() -> None:
    assert {name for names in doorward.testing.MODULES.values() for name in names} < set(doorward.testing.__all__)


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'PlainClock'"):
        doorward.testing.PlainClock  # noqa: B018


def test_importing_the_package_imports_none_of_its_modules() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['doorward', 'doorward.testing']"
