"""What the files in deploy/ and compose.yaml say, for tests that hold them against the code."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from doorward.infrastructure.settings.descriptions import describe_settings
from doorward.infrastructure.settings.sources import FILE_SETTINGS, PREFIX
from support.programs.proxies import DEPLOY

PROJECT = DEPLOY.parent
CHART = DEPLOY / "helm" / "doorward"
COMPOSE = (PROJECT / "compose.yaml", DEPLOY / "compose" / "two-nodes.yaml")
UNITS = DEPLOY / "systemd"

STOP_SECONDS = 40
"""How long a service takes to stop at most, without the time to drain."""

Tree = Mapping[str, Any]


def known_names() -> frozenset[str]:
    """Return the names of all variables that Doorward reads."""
    files = {f"{PREFIX}{name.upper()}_FILE" for name in FILE_SETTINGS}
    return frozenset({setting.name for setting in describe_settings()} | files)


def texts() -> Iterator[tuple[Path, str]]:
    """Yield the files of which Doorward is the subject."""
    for path in sorted({*COMPOSE, *(path for path in DEPLOY.rglob("*") if path.is_file())}):
        yield path, path.read_text("utf-8")


def compose(path: Path) -> Tree:
    tree: Tree = yaml.safe_load(path.read_text("utf-8"))
    return tree


def substituted(text: str) -> str:
    """Return a value of a compose file with a good value for each variable that it names."""
    values = {
        "DOORWARD_PUBLIC_URL": "https://auth.example.com",
        "DOORWARD_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG=",
    }
    return re.sub(r"\$\{(\w+)(:[?-][^}]*)?\}", lambda found: values.get(found[1], "x" * 24), text)


def node_settings(service: Tree) -> Mapping[str, str]:
    """Return the variables of a service of a compose file."""
    return {name: substituted(str(value)) for name, value in service.get("environment", {}).items()}


def unit(name: str) -> Mapping[str, list[str]]:
    """Return the directives of a unit of systemd, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text("utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found
