"""What we install: no version older than the fixes that matter, nothing that names a host."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from locks import pinned

PROJECT = Path(__file__).parents[2]
LOCKS = [PROJECT / "requirements" / "runtime.txt", PROJECT / "requirements" / "dev.txt"]
FLOORS = {
    "litestar": "2.25.0",
    "pyjwt": "2.15.1",
    "asyncmy": "0.2.18",
    "msgspec": "0.22.0",
    "multipart": "1.3.1",
    "granian": "2.8.7",
    "sqlalchemy": "2.1.0",
    "cryptography": "50.0.0",
    "argon2-cffi": "25.1.0",
    "pynacl": "1.6.2",
}
"""Below these lie known holes, or faults that we rely on being mended."""


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def locked(path: Path) -> dict[str, str]:
    return {pin.name: pin.version for pin in pinned(path.read_text("utf-8"))}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_nothing_is_locked_below_its_floor(path: Path) -> None:
    """OP-06."""
    found = locked(path)
    too_old = {name: found[name] for name, floor in FLOORS.items() if numbers(found[name]) < numbers(floor)}
    assert not too_old


def test_what_runs_is_what_is_locked() -> None:
    """OP-06."""
    found = locked(LOCKS[0])
    assert {name: version(name) for name in FLOORS} == {name: found[name] for name in FLOORS}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_hashes_and_no_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"https?://|--index|--find-links", text)
    assert all(pin.hashes for pin in pinned(text))


def test_the_bill_of_materials_names_every_locked_package() -> None:
    """OP-06."""
    printed = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "sbom.py")], capture_output=True, text=True, check=True
    )
    bill = json.loads(printed.stdout)
    assert {part["name"]: part["version"] for part in bill["components"]} == locked(LOCKS[0])
