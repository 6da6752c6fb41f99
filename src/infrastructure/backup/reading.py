import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from hashlib import sha256
from typing import BinaryIO, Final, final

import msgspec

from doorward.domain.errors import BackupUnreadable
from doorward.infrastructure.backup.file_errors import using_file
from doorward.infrastructure.backup.form import (
    BYTES_AT_ONCE,
    FORM,
    MAX_LINE_BYTES,
    ROWS_AT_ONCE,
    End,
    Heading,
    TableHeading,
    Values,
    row_decoder,
)

NO_BACKUP: Final = "it is no file that `doorward backup` wrote"
CUT_OFF: Final = "it was cut off before its end"
ALTERED: Final = "it was altered after it was written"


@final
class BackupReader:
    """Reads a backup, in order: the heading, the rows of each table, and the end. Each step raises
    BackupUnreadable or FileFailed."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = GzipFile(fileobj=file, mode="rb")
        self._hash = sha256()
        self._rows = 0
        with recognised():
            self.heading = msgspec.json.decode(self._line(), type=Heading)
        if self.heading.format != FORM:
            raise BackupUnreadable(f"its form is {self.heading.format}, and this version reads {FORM}")

    def rows(self, table: TableHeading) -> Iterator[Sequence[Values]]:
        """Yield the rows of the next table, at most ROWS_AT_ONCE at a time, and fewer if they are long."""
        decode = row_decoder(table.columns).decode
        left = table.rows
        while left > 0:
            found: list[Values] = []
            size_bytes = 0
            with undamaged():
                while len(found) < min(ROWS_AT_ONCE, left) and size_bytes < BYTES_AT_ONCE:
                    line = self._line()
                    size_bytes += len(line)
                    found.append(decode(line))
            left -= len(found)
            self._rows += len(found)
            yield found

    def end(self) -> None:
        """Check the end, which must follow the rows of the last table."""
        expected = End(self._rows, self._hash.hexdigest())
        with undamaged():
            found = msgspec.json.decode(self._line(), type=End)
            followed = self._zip.read(1)
        if found != expected or followed:
            raise BackupUnreadable(ALTERED)

    def _line(self) -> bytes:
        with using_file():
            line = self._zip.readline(MAX_LINE_BYTES)
        if not line:
            raise BackupUnreadable(CUT_OFF)
        if not line.endswith(b"\n"):
            raise BackupUnreadable(ALTERED)
        self._hash.update(line)
        return line


@contextmanager
def recognised() -> Iterator[None]:
    """Raise BackupUnreadable for a file that does not begin as a backup does."""
    try:
        yield
    except EOFError:
        raise BackupUnreadable(CUT_OFF) from None
    except (BadGzipFile, zlib.error, msgspec.MsgspecError, UnicodeDecodeError, BackupUnreadable):
        raise BackupUnreadable(NO_BACKUP) from None


@contextmanager
def undamaged() -> Iterator[None]:
    """Raise BackupUnreadable for a file that was recognised and cannot be read on."""
    try:
        yield
    except EOFError:
        raise BackupUnreadable(CUT_OFF) from None
    except (BadGzipFile, zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
        raise BackupUnreadable(ALTERED) from None
