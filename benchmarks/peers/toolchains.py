"""Installs a peer's packages from npm or PyPI, exactly as its lock file pins them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from locks import UV, pinned

MANIFEST_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,-]+\])?==(\S+)$", re.MULTILINE)

INSTALL_TIMEOUT_SECONDS = 1_800.0
MAX_CAUSE_LINES = 4
"""Lines of an error's output that a report shows."""


class PeerUnavailable(Exception):
    """This peer cannot be installed on this machine; the text says why."""


class Toolchain(Protocol):
    @property
    def manifest(self) -> str:
        """The name of the file that lists the chosen packages."""
        ...

    @property
    def lock_file(self) -> str:
        """The name of the file that pins them and their dependencies."""
        ...

    def chosen(self, folder: Path) -> dict[str, str]:
        """The version of each package in the manifest in `folder`."""
        ...

    def locked(self, folder: Path) -> dict[str, str]:
        """The version of each package in the lock file in `folder`."""
        ...

    def identity(self) -> str:
        """The interpreter that an installation depends on. Raise PeerUnavailable when a program is missing."""
        ...

    def product(self, folder: Path) -> Path:
        """The folder of the installed packages."""
        ...

    def install(self, folder: Path) -> None:
        """Install what the lock file in `folder` pins, and nothing else. Raise PeerUnavailable on failure."""
        ...

    def command(self, folder: Path) -> list[str]:
        """The command that starts the app in `folder`."""
        ...

    def lock(self, folder: Path) -> None:
        """Write the lock file of the manifest in `folder`, without the address of a registry."""
        ...


@dataclass(frozen=True, slots=True)
class Node:
    manifest: str = "package.json"
    lock_file: str = "package-lock.json"

    def chosen(self, folder: Path) -> dict[str, str]:
        dependencies: dict[str, str] = json.loads((folder / self.manifest).read_text("utf-8"))["dependencies"]
        return dependencies

    def locked(self, folder: Path) -> dict[str, str]:
        packages = json.loads((folder / self.lock_file).read_text("utf-8"))["packages"]
        return {path.removeprefix("node_modules/"): package["version"] for path, package in packages.items() if path}

    def identity(self) -> str:
        program("npm")
        return run([program("node"), "--version"])

    def product(self, folder: Path) -> Path:
        return folder / "node_modules"

    def install(self, folder: Path) -> None:
        # With --engine-strict, a Node that is too old for a package is an error here, instead of a crash at the start.
        run([program("npm"), "ci", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    def command(self, folder: Path) -> list[str]:
        return [program("node"), str(folder / "app" / "server.mjs")]

    def lock(self, folder: Path) -> None:
        options = ["--package-lock-only", "--omit-lockfile-registry-resolved"]
        run([program("npm"), "install", *options, "--ignore-scripts", "--no-audit", "--no-fund"], folder)


@dataclass(frozen=True, slots=True)
class VirtualEnvironment:
    """A virtual environment of the peer's own, with the interpreter of this process."""

    manifest: str = "requirements.in"
    lock_file: str = "requirements.txt"

    def chosen(self, folder: Path) -> dict[str, str]:
        return dict(MANIFEST_PIN.findall((folder / self.manifest).read_text("utf-8")))

    def locked(self, folder: Path) -> dict[str, str]:
        return {pin.name: pin.version for pin in pinned((folder / self.lock_file).read_text("utf-8"))}

    def identity(self) -> str:
        return f"{sys.base_prefix} {sys.version}"

    def product(self, folder: Path) -> Path:
        return folder / "venv"

    def install(self, folder: Path) -> None:
        run([_uv(), "venv", "--quiet", "--clear", "--python", sys.executable, "venv"], folder)
        options = ["--require-hashes", "--only-binary", ":all:", "--compile-bytecode"]
        run([_uv(), "pip", "sync", "--quiet", "--python", self._python(folder), *options, self.lock_file], folder)

    def command(self, folder: Path) -> list[str]:
        return [self._python(folder), str(folder / "app" / "server.py")]

    def lock(self, folder: Path) -> None:
        options = ["--universal", "--generate-hashes", "--python-version", "3.11"]
        options += ["--custom-compile-command", "make peers ARGS=lock", "--output-file", self.lock_file]
        run([_uv(), "pip", "compile", "--quiet", *options, self.manifest], folder)

    def _python(self, folder: Path) -> str:
        return str(self.product(folder) / "bin" / "python")


def _uv() -> str:
    return str(UV) if UV.exists() else program("uv")


def program(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise PeerUnavailable(f"{name} is not installed")


def run(command: list[str], folder: Path | None = None, variables: Mapping[str, str] | None = None) -> str:
    """Run a command with further environment variables. Return its output; raise PeerUnavailable when it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", **(variables or {})}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerUnavailable(str(error)) from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise PeerUnavailable(f"{Path(command[0]).name} failed: {'; '.join(lines[:MAX_CAUSE_LINES])}")
    return done.stdout.strip()
