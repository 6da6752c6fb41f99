"""Write the lock files, or check without any network that they still fit pyproject.toml.

Usage: locks.py write [--upgrade] | locks.py check
"""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
UV = ROOT / ".uv/bin/uv"

SOURCES = {
    "uv": ["--group", "bootstrap"],
    "build": ["--group", "build"],
    "runtime": ["pyproject.toml", "--extra", "server", "--extra", "redis", "--extra", "adopt"],
    "dev": ["pyproject.toml", "--all-extras", "--group", "dev"],
    "bench": ["--group", "bench", "--constraints", "requirements/dev.txt"],
    "mutants": ["--group", "mutants", "--constraints", "requirements/dev.txt"],
}
STAMP = "# pyproject.toml asks for sha256:"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; [^\\@:]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:([0-9a-f]{64})(?: \\)?$")


def lock_of(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def asked() -> str:
    """A digest of all that decides what a lock file holds."""
    document = tomllib.loads(PROJECT.read_text())
    project = document["project"]
    inputs = [
        project["requires-python"],
        project["dependencies"],
        project["optional-dependencies"],
        document["dependency-groups"],
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def write(options: list[str]) -> None:
    for name, source in SOURCES.items():
        lock = lock_of(name)
        command = [str(UV), "pip", "compile", "--quiet", "--universal", "--generate-hashes", *source, *options]
        command += ["--custom-compile-command", "make lock", "--output-file", str(lock.relative_to(ROOT))]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
        lock.write_text(f"{STAMP}{asked()}\n{lock.read_text()}")


@dataclass(frozen=True, slots=True)
class Pin:
    name: str
    version: str
    hashes: tuple[str, ...]
    """SHA-256, hexadecimal."""


def pinned(lock: str) -> list[Pin]:
    """What the text of a lock file pins; a package stands there more than once where platforms differ."""
    found: list[Pin] = []
    for line in lock.splitlines():
        if pin := PIN.match(line):
            found.append(Pin(pin[1], pin[2], ()))
        elif found and (digest := HASH.match(line)):
            found[-1] = replace(found[-1], hashes=(*found[-1].hashes, digest[1]))
    return found


def pins(name: str) -> dict[str, set[str]]:
    """Each package's locked versions."""
    found: dict[str, set[str]] = {}
    for pin in pinned(lock_of(name).read_text()):
        found.setdefault(pin.name, set()).add(pin.version)
    return found


def faults(name: str) -> list[str]:
    """What is wrong with one lock file: only hashed pins may stand in it, so no host, index or folder can."""
    text = lock_of(name).read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = [f"holds more than pins and hashes: {line}" for line in lines if not (PIN.match(line) or HASH.match(line))]
    found += [
        f"has no hash for {line}" for line, after in pairwise([*lines, ""]) if PIN.match(line) and not HASH.match(after)
    ]
    if not text.startswith(f"{STAMP}{asked()}\n"):
        found.append("is not in step with pyproject.toml; run: make lock")
    if "://" in text:
        found.append("names a host")
    return found


def check() -> list[str]:
    """All that is wrong, one line each."""
    found = [f"requirements/{name}.txt {fault}" for name in SOURCES for fault in faults(name)]
    dev = pins("dev")
    found += [
        f"requirements/dev.txt has another {package} than requirements/{name}.txt; run: make lock"
        for name in ("runtime", "bench", "mutants")
        for package, versions in pins(name).items()
        if dev.get(package, None if name == "runtime" else versions) != versions
    ]
    return found


def main(arguments: list[str]) -> int:
    match arguments:
        case ["write", *options]:
            write(options)
            return 0
        case ["check"]:
            found = check()
            sys.stdout.write("\n".join(found or ["The lock files fit pyproject.toml and name no host."]) + "\n")
            return 1 if found else 0
        case _:
            sys.stderr.write(__doc__ or "")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
