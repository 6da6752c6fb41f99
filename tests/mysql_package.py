"""Where a MySQL or MariaDB server program comes from: this machine's PATH, or its distribution's package.

The package is unpacked under the cache directory and run from there with its own loader and libraries, so it
needs no rights, installs nothing and works on a machine whose package lists were never fetched.
"""

import fcntl
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

PACKAGES = ("mysql-server-core", "mysql-server-core-8.4", "mysql-server-core-8.0", "mariadb-server-core")
PROGRAMS = ("mysqld", "mariadbd")
SHARES = ("mysql", "mariadb")
BESIDE_THE_PATH = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin")


class NoServerError(Exception):
    """No MySQL server could be had; the text is the cause, fit for a skip's reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProgram:
    """`command` is what to execute; `options` tell it where its own files are."""

    command: tuple[str, ...]
    options: tuple[str, ...]
    shares: tuple[Path, ...]
    origin: str

    def is_mariadb(self) -> bool:
        answer = subprocess.run(
            [*self.command, "--no-defaults", "--version"], capture_output=True, text=True, check=False, timeout=30
        )
        if answer.returncode != 0:
            raise NoServerError(f"the server {self.origin} does not run: {cause_in(answer.stderr)}")
        return "MariaDB" in answer.stdout


def cause_in(text: str) -> str:
    """The last line of a log that names an error, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line and "Aborting" not in line]
    return (errors or lines or ["no message"])[-1]


def on_path() -> ServerProgram | None:
    """The first server program that is installed here."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *BESIDE_THE_PATH])
    for name in PROGRAMS:
        if found := shutil.which(name, path=path):
            prefix = Path(found).resolve().parent.parent
            shares = tuple(prefix / "share" / share for share in SHARES)
            return ServerProgram(command=(found,), options=(), shares=shares, origin=f"installed as {found}")
    return None


def cache_directory() -> Path:
    """Below XDG_CACHE_HOME, or the home directory's cache; a home that does not exist is refused."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise NoServerError(f"there is no cache directory: {error}") from error
    system = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    release = system.get("VERSION_ID") or system.get("VERSION_CODENAME") or "rolling"
    return Path(base) / "doorward-tests" / f"{system.get('ID', 'linux')}-{release}-{platform.machine()}"


def given(root: Path) -> ServerProgram:
    """A server package that somebody else unpacked below `root`."""
    return replace(_program_below(root), origin=f"unpacked below {root}")


def unpacked(home: Path) -> ServerProgram:
    """The distribution's server, unpacked below `home` by the first caller; others wait for it meanwhile."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise NoServerError("no server is installed, Docker does not answer, and there is no apt-get to fetch one")
    root = home / "root"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _runs(root):
                _unpack(home, root)
    except OSError as error:
        raise NoServerError(f"the cache directory cannot be used: {error}") from error
    return _program_below(root)


def _runs(root: Path) -> bool:
    if not root.exists():
        return False
    try:
        _program_below(root).is_mariadb()
    except (NoServerError, OSError, subprocess.SubprocessError):
        return False
    return True


def _program_below(root: Path) -> ServerProgram:
    programs = [root / "usr/sbin" / name for name in PROGRAMS if (root / "usr/sbin" / name).exists()]
    loaders = [path for path in sorted(root.rglob("ld-linux*.so.*")) if not path.is_symlink()]
    shares = tuple(root / "usr/share" / share for share in SHARES if (root / "usr/share" / share / "charsets").exists())
    if not (programs and loaders and shares):
        raise NoServerError("the unpacked server package is incomplete")
    libraries = sorted({str(path.parent) for path in root.rglob("lib*.so.*")})
    options = [f"--basedir={root}/usr", f"--lc-messages-dir={shares[0]}", f"--character-sets-dir={shares[0]}/charsets"]
    options += [f"--plugin-dir={path}" for path in root.glob("usr/lib/m*/plugin")]
    return ServerProgram(
        command=(str(loaders[0]), "--library-path", ":".join(libraries), str(programs[0])),
        options=tuple(options),
        shares=shares,
        origin="unpacked from the distribution's package",
    )


def _unpack(home: Path, root: Path) -> None:
    """Fetch the package with all it needs; `root` appears whole, by renaming, or not at all."""
    work = home / "unpacking"
    shutil.rmtree(work, ignore_errors=True)
    (work / "lists/partial").mkdir(parents=True)
    (work / "cache/archives/partial").mkdir(parents=True)
    (work / "status").touch()
    try:
        _download(work)
        for package in sorted((work / "cache/archives").glob("*.deb")):
            _call(["dpkg", "-x", str(package), str(work / "root")], 120)
        shutil.rmtree(root, ignore_errors=True)
        (work / "root").rename(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(work: Path) -> None:
    apt = ["apt-get", "-qq", "-o", f"Dir::State={work}", "-o", f"Dir::State::status={work}/status"]
    apt += ["-o", f"Dir::Cache={work}/cache", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]
    apt += ["-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=30"]
    # One dead source among several does not matter, if the next step works.
    causes = [_call([*apt, "-o", "APT::Update::Error-Mode=any", "update"], 180)]
    for package in PACKAGES:
        cause = _call([*apt, "-y", "--no-install-recommends", "--download-only", "install", package], 600)
        if not cause and any((work / "cache/archives").glob("*.deb")):
            return
        causes.append(cause)
    raise NoServerError(f"the server package could not be fetched: {'; '.join(filter(None, causes[:2]))}")


def _call(command: list[str], timeout: float) -> str:
    """The cause of a failure, or nothing."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout, env=environment)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return cause_in(answer.stderr) if answer.returncode else ""
