"""Where a MySQL or MariaDB server program comes from: this machine's PATH, or its distribution's package."""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from support.mysql.distribution import NotUnpacked, cause_in, unpack, with_its_libraries

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


def on_path() -> ServerProgram | None:
    """The first server program that is installed here."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *BESIDE_THE_PATH])
    for name in PROGRAMS:
        if found := shutil.which(name, path=path):
            prefix = Path(found).resolve().parent.parent
            shares = tuple(prefix / "share" / share for share in SHARES)
            return ServerProgram(command=(found,), options=(), shares=shares, origin=f"installed as {found}")
    return None


def given(root: Path) -> ServerProgram:
    """A server package that somebody else unpacked below `root`."""
    return replace(_program_below(root), origin=f"unpacked below {root}")


def unpacked(home: Path) -> ServerProgram:
    """The distribution's server, unpacked below `home` by the first caller; others wait for it meanwhile."""
    root = home / "root"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _runs(root):
                unpack(PACKAGES, home)
    except OSError as error:
        raise NoServerError(f"the cache directory cannot be used: {error}") from error
    except NotUnpacked as error:
        raise NoServerError(f"no server is installed, Docker does not answer, and {error}") from error
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
    shares = tuple(root / "usr/share" / share for share in SHARES if (root / "usr/share" / share / "charsets").exists())
    if not (programs and shares):
        raise NoServerError("the unpacked server package is incomplete")
    options = [f"--basedir={root}/usr", f"--lc-messages-dir={shares[0]}", f"--character-sets-dir={shares[0]}/charsets"]
    options += [f"--plugin-dir={path}" for path in root.glob("usr/lib/m*/plugin")]
    try:
        command = with_its_libraries(root, programs[0])
    except NotUnpacked as error:
        raise NoServerError(str(error)) from error
    return ServerProgram(
        command=command, options=tuple(options), shares=shares, origin="unpacked from the distribution's package"
    )
