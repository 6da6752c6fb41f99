"""What a storage adapter implements, beside StorageAdapter, so that `doorward backup` and `doorward restore` work with
it. Those of other packages need not: the commands then say that this storage offers no backups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol, runtime_checkable

from doorward.infrastructure.backup.form import Heading
from doorward.infrastructure.backup.voided import RestoreRules


class Progress(Protocol):
    def __call__(self, table: str, done: int, of: int) -> None:
        """Take note that so many rows of the table were read or written. It may be called in a thread, and whatever it
        raises ends the work."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    rules: RestoreRules
    replace: bool
    """Whether accounts that the database holds may be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    heading: Heading
    left_out: Mapping[str, int]
    """How many rows of which table are void."""
    migrated: tuple[str, str] | None
    """The revision of the backup and that of the database now, if they differ."""


@runtime_checkable
class BackupAdapter(Protocol):
    """Both methods wait until nothing uses the file any more, also when they are cancelled."""

    async def back_up(self, file: BinaryIO, now: datetime, progress: Progress) -> Heading:
        """Write everything that was committed so far to the file. Others may write to the database meanwhile. Raise
        StartRefused if the database cannot be used, and OSError if the file cannot be written."""
        ...

    async def restore(self, file: BinaryIO, request: RestoreRequest, progress: Progress) -> Restored:
        """Store the content of a backup, in place of all that the database contains. No node starts on the database
        before everything is stored; a restore that was interrupted is begun anew. Raise StartRefused, BackupUnreadable,
        RestoreRefused or InvalidKey, and OSError if the file cannot be read."""
        ...
