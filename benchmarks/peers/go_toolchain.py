"""Builds a peer's program from Go modules, exactly as its go.sum pins them."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from peers.toolchains import program, run

REQUIREMENT = re.compile(r"^\s*(?:require )?(\S+) v(\S+)(?: // indirect)?$", re.MULTILINE)
TOOL = re.compile(r"^tool (\S+)$", re.MULTILINE)
SUM = re.compile(r"^(\S+) v([^\s/]+) h1:\S+$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The program is the package that the `tool` line of go.mod names."""

    needs_c: bool = False
    """Whether a part of it is written in C, as the usual driver of SQLite is."""
    tags: str = ""
    manifest: str = "go.mod"
    lock_file: str = "go.sum"

    def chosen(self, folder: Path) -> dict[str, str]:
        """The version of the module that has the program. The other requirements are its dependencies."""
        text = (folder / self.manifest).read_text("utf-8")
        package = self._package(folder)
        return {name: version for name, version in REQUIREMENT.findall(text) if f"{package}/".startswith(f"{name}/")}

    def locked(self, folder: Path) -> dict[str, str]:
        return dict(SUM.findall((folder / self.lock_file).read_text("utf-8")))

    def identity(self) -> str:
        compiler = run([program("gcc"), "--version"]).partition("\n")[0] if self.needs_c else "no C"
        return f"{run([program('go'), 'version'])} {compiler} {self.tags}"

    def product(self, folder: Path) -> Path:
        return folder / "bin"

    def install(self, folder: Path) -> None:
        shutil.rmtree(self.product(folder), ignore_errors=True)
        self.product(folder).mkdir()
        # The output is named, because the name of a package is not always that of the peer.
        command = [program("go"), "build", "-mod=readonly", "-tags", self.tags, "-o", "bin/server"]
        run([*command, self._package(folder)], folder, self._variables())

    def command(self, folder: Path) -> list[str]:
        return [program("sh"), str(folder / "app" / "start.sh")]

    def lock(self, folder: Path) -> None:
        chosen = [f"{name}@v{version}" for name, version in self.chosen(folder).items()]
        run([program("go"), "get", *chosen, self._package(folder)], folder, self._variables())

    def _package(self, folder: Path) -> str:
        (package,) = TOOL.findall((folder / self.manifest).read_text("utf-8"))
        return str(package)

    def _variables(self) -> dict[str, str]:
        # GOTOOLCHAIN=local: a Go that is too old is an error that says so, and no other Go is downloaded.
        return {"GOTOOLCHAIN": "local", "CGO_ENABLED": "1" if self.needs_c else "0"}
