import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from doorward.infrastructure.security.master_secret import sync_directory


@contextmanager
def new_private_file(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Provide a file of mode 0600 that gets its name when the block has ended without an exception, and is on the disk
    then. Raise FileExistsError before the block if the name is in use and may not be overwritten, and other errors of
    the system."""
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 pathlib opens no descriptors
            yield file
            file.flush()
            os.fsync(descriptor)
        if not overwrite:  # somebody may have used the name meanwhile
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_directory(path.parent)
