"""What is imported with the guard, in an interpreter of its own."""

import subprocess
import sys

import pytest

LIGHT = {"doorward", "jwt", "cryptography", "_cffi_backend", "_openssl", "bcrypt"}
"""What may be imported beside the standard library. The last three are cryptography's own; it takes bcrypt if that is
there."""

PROGRAM = """
import sys, sysconfig
from pathlib import Path
before = set(sys.modules)
import {module}
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(names - sys.stdlib_module_names))
print(*sorted(name for name in sys.modules if name.startswith("doorward.")))
"""


def imported_with(module: str) -> tuple[set[str], set[str]]:
    """The packages beside the standard library, and the modules of Doorward."""
    command = [sys.executable, "-Wignore", "-c", PROGRAM.format(module=module)]
    packages, modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return set(packages.split()), set(modules.split())


@pytest.mark.parametrize("module", ["doorward.guard", "doorward.guard.asgi"])
def test_the_guard_imports_pyjwt_and_cryptography_and_nothing_else(module: str) -> None:
    packages, modules = imported_with(module)
    assert packages - LIGHT == set()
    parts = {name.split(".")[1] for name in modules}
    assert parts == {"guard", "tokens", "encoding"}


def test_the_form_for_litestar_imports_litestar_and_neither_sqlalchemy_nor_the_service() -> None:
    packages, modules = imported_with("doorward.guard.litestar")
    assert "litestar" in packages
    assert packages.isdisjoint({"sqlalchemy", "asyncmy", "dishka", "granian", "argon2", "structlog"})
    assert {name.split(".")[1] for name in modules} == {"guard", "tokens", "encoding"}
