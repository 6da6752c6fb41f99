"""Installs packages into a folder, as pip leaves them: their modules, and their entry points beside them."""

import shutil
from collections.abc import Mapping
from pathlib import Path

TOY = {
    "doorward.storage": {"toy": "toy_adapter:ToyAdapter.at"},
    "doorward.mailers": {"toy": "toy_adapter:ToyMailAdapter.at"},
    "doorward.hashers": {"toy": "toy_adapter:ToyHasherAdapter"},
}


def install(folder: Path, package: str, entries: Mapping[str, Mapping[str, str]]) -> None:
    """Install a package of that name with these entry points: the value of each name in each group."""
    metadata = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", "utf-8")
    lines = [
        line for group, names in entries.items() for line in (f"[{group}]", *(f"{n} = {v}" for n, v in names.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


def install_toy(folder: Path) -> None:
    """Install the package `toy-storage` with the module `toy_adapter.py`."""
    install(folder, "toy-storage", TOY)
    shutil.copy(Path(__file__).parent / "toy_adapter.py", folder)
