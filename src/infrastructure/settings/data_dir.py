import os
import stat
from pathlib import Path

from doorward.infrastructure.settings.start_refused import StartRefused

PRIVATE_MODE = 0o700


def make_data_dir(path: Path) -> None:
    """Create the data directory with mode 0700 (ST-09).

    Raise StartRefused when it cannot be created or written, or when other users may access it.
    """
    try:
        path.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(f"DOORWARD_DATA_DIR: {path} cannot be created ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartRefused(f"DOORWARD_DATA_DIR: {path} is not writable for user {os.getuid()}.")
    refuse_shared(path, "700")


def refuse_shared(path: Path, mode: str) -> None:
    """Raise StartRefused when other users may access `path`. A path that does not exist passes."""
    bits = mode_of(path)
    if bits is not None and is_shared(bits):
        raise StartRefused(f"Other users may access {path}, which has mode {bits:04o}; run: chmod {mode} {path}")


def is_shared(mode: int) -> bool:
    """Return whether the permission bits let anybody but the owner read, write or enter."""
    return mode & (stat.S_IRWXG | stat.S_IRWXO) != 0


def is_foreign(status: os.stat_result) -> bool:
    """Return whether another user than this one or root owns the file, and may therefore change it."""
    return status.st_uid not in {0, os.geteuid()}


def mode_of(path: Path) -> int | None:
    """Return the permission bits of `path`, or None if they cannot be read."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
