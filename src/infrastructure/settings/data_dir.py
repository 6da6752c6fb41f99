import os
import stat
from pathlib import Path

from doorward.infrastructure.settings.start_refused import StartRefused

PRIVATE = 0o700


def make_data_dir(path: Path) -> None:
    """The folder exists and is its owner's alone (ST-09). Raise StartRefused when it cannot be made or written, or when
    others may use it."""
    try:
        path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(f"DOORWARD_DATA_DIR: {path} cannot be made ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartRefused(f"DOORWARD_DATA_DIR: {path} is not writable for user {os.getuid()}.")
    refuse_open(path, "700")


def refuse_open(path: Path, mode: str) -> None:
    """Raise StartRefused when anybody but the owner may do anything there; what does not exist is open to nobody."""
    bits = mode_of(path)
    if bits is not None and open_to_others(bits):
        raise StartRefused(f"others may use {path}, which has mode {bits:04o}; run: chmod {mode} {path}")


def open_to_others(mode: int) -> bool:
    """True when anybody but the owner may do anything there."""
    return mode & (stat.S_IRWXG | stat.S_IRWXO) != 0


def mode_of(path: Path) -> int | None:
    """Permission bits; None when there is no such thing."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
