from collections.abc import Iterable
from gzip import GzipFile
from hashlib import sha256
from typing import BinaryIO, Final, final

import msgspec

from doorward.infrastructure.backup.file_errors import using_file
from doorward.infrastructure.backup.form import End, Heading, Values

COMPRESSION: Final = 3
"""Of 1 to 9. A higher level takes several times as long, and saves a tenth of the size."""


@final
class BackupWriter:
    """Writes a backup to a file, line by line. The file stays open. Each step raises FileFailed."""

    def __init__(self, file: BinaryIO, heading: Heading) -> None:
        with using_file():  # it writes a heading of its own
            self._zip = GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=file, mtime=0)
        self._hash = sha256()
        self._encoder = msgspec.json.Encoder()
        self._rows = 0
        self._write(heading)

    def rows(self, rows: Iterable[Values]) -> None:
        """Write rows of the present table. The caller writes as many of each as the heading says."""
        lines = list(map(self._encoder.encode, rows))
        self._rows += len(lines)
        if lines:
            self._write_bytes(b"\n".join(lines) + b"\n")

    def end(self) -> None:
        """Write the end. Without it, the backup counts as cut off."""
        self._write(End(self._rows, self._hash.hexdigest()))
        with using_file():
            self._zip.close()

    def _write(self, line: Heading | End) -> None:
        self._write_bytes(self._encoder.encode(line) + b"\n")

    def _write_bytes(self, lines: bytes) -> None:
        self._hash.update(lines)
        with using_file():
            self._zip.write(lines)
