"""Programs that Go builds from a public module, kept below the cache directory. The first build takes minutes."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.mysql.distribution import NotUnpacked, cache_directory, cause_in

BUILD_SECONDS = 1_500
FOLDER = "go"


class NotBuilt(Exception):
    """The program could not be had. The text is the cause, fit for a skip's reason."""


def built(name: str, files: Mapping[str, str], package: str) -> Path:
    """Return the program of that name, which is made of `package` in a module of these files, unless it is there.

    `name` has the version, so that another version is another program. Raise NotBuilt.
    """
    try:
        home = cache_directory() / FOLDER
        home.mkdir(parents=True, exist_ok=True)
        with (home / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (home / name).exists():
                _build(home, name, files, package)
    except (OSError, NotUnpacked) as error:
        raise NotBuilt(str(error)) from error
    return home / name


def _build(home: Path, name: str, files: Mapping[str, str], package: str) -> None:
    go = shutil.which("go")
    if go is None:
        raise NotBuilt("Go is not installed")
    source, output = home / f"{name}.source", home / f"{name}.building"
    source.mkdir(exist_ok=True)
    for path, text in files.items():
        (source / path).write_text(text, "utf-8")
    environment = os.environ | {"GOFLAGS": "-mod=mod -buildvcs=false"}
    try:
        run = subprocess.run(
            [go, "build", "-o", str(output), package],
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuilt(f"{name} was not built in {BUILD_SECONDS} seconds") from error
    if run.returncode != 0:
        raise NotBuilt(f"{name} cannot be built: {cause_in(run.stderr)}")
    output.rename(home / name)
    shutil.rmtree(source, ignore_errors=True)
