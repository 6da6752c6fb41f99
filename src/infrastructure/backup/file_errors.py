"""Keeps errors of a backup file apart from those of the database, which is used at the same time and has errors of the
same classes."""

from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from typing import final


@final
class FileFailed(Exception):
    """The file of a backup could not be read or written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def using_file() -> Iterator[None]:
    """Raise FileFailed in place of an error of the system. A wrong content is none."""
    try:
        yield
    except BadGzipFile:
        raise
    except OSError as error:
        raise FileFailed(error) from error


@contextmanager
def raising_file_errors() -> Iterator[None]:
    """Raise the error of the system again."""
    try:
        yield
    except FileFailed as failed:
        raise failed.error from None
