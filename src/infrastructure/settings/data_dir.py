import os
from pathlib import Path

from doorward.infrastructure.private_files import make_private_directory
from doorward.infrastructure.settings.file_access import refuse_open_directory
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused


def needs_data_dir(settings: Settings) -> bool:
    """Return whether anything is stored in the data directory: the master secret or files of the database."""
    stored = any(file.resolve().is_relative_to(settings.data_dir.resolve()) for file in settings.database.files)
    return settings.secret_key is None or stored


def letters_folder(settings: Settings) -> Path:
    """Return the folder of letters, which is used when there is no mail server. FileMailer makes it."""
    return settings.data_dir / "letters"


def make_data_dir(path: Path) -> None:
    """Create the data directory with mode 0700.

    Raise StartRefused when it cannot be created or written, or when others may write it.
    """
    try:
        make_private_directory(path)
    except OSError as error:
        raise StartRefused(f"DOORWARD_DATA_DIR: {path} cannot be created ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartRefused(f"DOORWARD_DATA_DIR: {path} is not writable for user {os.getuid()}.")
    refuse_open_directory(path)
