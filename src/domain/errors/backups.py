"""Refusals about backups."""

from doorward.domain.errors.families import Conflict, Invalid


class BackupUnreadable(Invalid):
    """A file is no backup, or not the one that was written, or of another version."""

    code = "backup_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This backup cannot be used: {reason}.")


class RestoreRefused(Conflict):
    """The database is not one into which a backup may be restored now."""

    code = "restore_refused"
