"""Makes files and directories that only Doorward's own user may access (ST-09)."""

import os
from pathlib import Path


def make_private_directory(path: Path) -> None:
    """Create the directory with mode 0700 unless it exists. Missing directories above it get the mode that is usual for
    the process. Raise OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private_file(path: Path, content: bytes) -> None:
    """Create the file with mode 0600, and write it to the disk. Raise OSError, also if it exists."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 pathlib opens no descriptors
        file.write(content)
        file.flush()
        os.fsync(descriptor)
