"""Who may access a file: Doorward's own user and groups, or others.

Groups count, because Kubernetes and OpenShift give a pod its volumes through a group (`fsGroup`) and change modes back
at each start. Files that Doorward creates are accessible to its user alone.
"""

import os
import stat
from pathlib import Path

from doorward.infrastructure.settings.start_refused import StartRefused

PLATFORM_SECRETS = Path("/run/secrets")
"""Docker and Kubernetes mount secrets here."""


def others_may_access(status: os.stat_result) -> bool:
    """Return whether users outside of Doorward's own groups may read, write or execute the file."""
    return status.st_mode & access_of_others(status, stat.S_IRWXG | stat.S_IRWXO) != 0


def others_may_write(status: os.stat_result) -> bool:
    """Return whether users outside of Doorward's own groups may write the file, or create files in the directory."""
    return status.st_mode & access_of_others(status, stat.S_IWGRP | stat.S_IWOTH) != 0


def belongs_to_another(status: os.stat_result) -> bool:
    """Return whether another user than Doorward's or root owns the file, and may therefore change it."""
    return status.st_uid not in {0, os.geteuid()}


def access_of_others(status: os.stat_result, bits: int) -> int:
    """Return the bits without those of the group, if Doorward's process belongs to that group."""
    return bits & ~stat.S_IRWXG if status.st_gid in {os.getegid(), *os.getgroups()} else bits


def refuse_shared_file(path: Path) -> None:
    """Raise StartRefused when others may access the file. A path that does not exist passes."""
    status = status_of(path)
    if status is not None and others_may_access(status):
        raise StartRefused(f"Other users may access {path}, which has mode {mode_text(status)}; {file_advice(path)}")


def refuse_open_directory(path: Path) -> None:
    """Raise StartRefused when others may create files in the directory."""
    status = status_of(path)
    if status is not None and others_may_write(status):
        raise StartRefused(
            f"Other users may write {path}, which has mode {mode_text(status)}; {directory_advice(path, status)}"
        )


def exposure(path: Path, status: os.stat_result) -> str | None:
    """Return who else may read or change an opened file with a secret, and what helps; None if nobody may, or if a
    platform mounted it."""
    another = belongs_to_another(status)
    if not (another or others_may_access(status)) or is_given_by_platform(path):
        return None
    if another:
        return owner_advice(path)
    return f"other users may access {path}; {file_advice(path)}"


def alteration(path: Path, status: os.stat_result) -> str | None:
    """Return who else may change an opened file without secrets, and what helps; the exceptions are the same."""
    another = belongs_to_another(status)
    if not (another or others_may_write(status)) or is_given_by_platform(path):
        return None
    return owner_advice(path) if another else f"other users may change {path}; run: chmod 644 {path}"


def owner_advice(path: Path) -> str:
    return f"{path} belongs to another user; run: chown {os.geteuid()} {path}"


def file_advice(path: Path) -> str:
    return f"run: chmod 600 {path}"


def directory_advice(path: Path, status: os.stat_result) -> str:
    """Return how to make the directory private. The mode of another user's directory cannot be changed."""
    if os.geteuid() in {0, status.st_uid}:
        return f"run: chmod 700 {path}"
    return f"name a folder inside it, such as {path / 'doorward'}, which Doorward creates for itself"


def mode_text(status: os.stat_result) -> str:
    return f"{stat.S_IMODE(status.st_mode):04o}"


def status_of(path: Path) -> os.stat_result | None:
    """Return the status of `path`, or None if it cannot be read."""
    try:
        return path.stat()
    except OSError:
        return None


def is_given_by_platform(path: Path) -> bool:
    """Return whether a platform mounted this secret: the service cannot change its mode.

    These are files below `/run/secrets`, files of systemd's `LoadCredential=`, and files on read-only mounts, as
    Kubernetes mounts its secrets.
    """
    folders = [PLATFORM_SECRETS]
    if credentials := os.environ.get("CREDENTIALS_DIRECTORY"):
        folders.append(Path(credentials))
    real = path.resolve()
    return any(real.is_relative_to(folder) for folder in folders) or bool(os.statvfs(path).f_flag & os.ST_RDONLY)
