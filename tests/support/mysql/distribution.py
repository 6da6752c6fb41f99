"""Programs of the distribution's packages, without installing them: fetched with all that they need, unpacked below the
cache directory and run from there with their own loader and libraries. That needs no rights, and works on a machine
whose package lists were never fetched."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class NotUnpacked(Exception):
    """The package could not be had; the text is the cause."""


def cause_in(text: str) -> str:
    """The last line of a log that names an error, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line and "Aborting" not in line]
    return (errors or lines or ["no message"])[-1]


def cache_directory() -> Path:
    """Below XDG_CACHE_HOME, or the home directory's cache. Raise NotUnpacked for a home that does not exist."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise NotUnpacked(f"there is no cache directory: {error}") from error
    system = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    release = system.get("VERSION_ID") or system.get("VERSION_CODENAME") or "rolling"
    return Path(base) / "doorward-tests" / f"{system.get('ID', 'linux')}-{release}-{platform.machine()}"


def with_its_libraries(root: Path, program: Path) -> tuple[str, ...]:
    """What runs a program that lies unpacked below `root`. Raise NotUnpacked when something is missing."""
    loaders = [path for path in sorted(root.rglob("ld-linux*.so.*")) if not path.is_symlink()]
    if not (loaders and program.exists()):
        raise NotUnpacked("the unpacked package is incomplete")
    libraries = sorted({str(path.parent) for path in root.rglob("lib*.so.*")})
    return (str(loaders[0]), "--library-path", ":".join(libraries), str(program))


def unpack(packages: Sequence[str], home: Path) -> None:
    """The first of the packages that can be had, with all it needs, into `root` below `home`, which appears whole, by
    renaming, or not at all."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise NotUnpacked("there is no apt-get to fetch it with")
    root, work = home / "root", home / "unpacking"
    shutil.rmtree(work, ignore_errors=True)
    (work / "lists/partial").mkdir(parents=True)
    (work / "cache/archives/partial").mkdir(parents=True)
    (work / "status").touch()
    try:
        _download(packages, work)
        for package in sorted((work / "cache/archives").glob("*.deb")):
            _call(["dpkg", "-x", str(package), str(work / "root")], 120)
        shutil.rmtree(root, ignore_errors=True)
        (work / "root").rename(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(packages: Sequence[str], work: Path) -> None:
    apt = ["apt-get", "-qq", "-o", f"Dir::State={work}", "-o", f"Dir::State::status={work}/status"]
    apt += ["-o", f"Dir::Cache={work}/cache", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]
    apt += ["-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=30"]
    # One dead source among several does not matter, if the next step works.
    causes = [_call([*apt, "-o", "APT::Update::Error-Mode=any", "update"], 180)]
    for package in packages:
        cause = _call([*apt, "-y", "--no-install-recommends", "--download-only", "install", package], 600)
        if not cause and any((work / "cache/archives").glob("*.deb")):
            return
        causes.append(cause)
    raise NotUnpacked(f"the package could not be fetched: {'; '.join(filter(None, causes[:2]))}")


def _call(command: list[str], timeout: float) -> str:
    """The cause of a failure, or nothing."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout, env=environment)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return cause_in(answer.stderr) if answer.returncode else ""
