"""The master secret of an installation. All other secrets are derived from it or sealed under it."""

import contextlib
import os
import re
import secrets
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from doorward.infrastructure.private_files import make_private_directory, write_private_file
from doorward.infrastructure.settings.file_access import others_may_access
from doorward.infrastructure.settings.sources import GENERATE_HINT
from doorward.infrastructure.settings.start_refused import StartRefused

NAME, PREVIOUS = "DOORWARD_SECRET_KEY", "DOORWARD_SECRET_KEY_PREVIOUS"
MIN_CHARACTERS = 32
"""Random bytes in base64 of this length have 192 bits; a generated secret has 384."""

MAX_FILE_BYTES = 4096
GENERATED_BYTES = 48
MIN_RANDOM_CHARACTERS, MIN_DISTINCT_CHARACTERS = 16, 8
MAX_UNIT_CHARACTERS = 16

PLACEHOLDERS = re.compile(
    "changeme|change|default|development|doorward|dummy|example|generate|goes|here|insecure|insert|least|local|long|"
    "bezkoder|bits|characters|keyboardcat|mysecret|only|passphrase|password|placeholder|please|private|production|"
    "random|replace|sample|secret|signing|something|string|super|supersecret|test|this|token|value|very|with|your|"
    "abcdefghijklmnopqrstuvwxyz|1234567890|0123456789|deadbeef|qwertyuiop|letmein",
)
"""Words of the placeholders that examples and tutorials use for secrets."""


@dataclass(frozen=True, slots=True)
class MasterSecret:
    value: bytes = field(repr=False)
    previous: "MasterSecret | None" = field(default=None, repr=False)
    """The previous secret while it is being replaced. What was made with it stays valid; nothing new is made with
    it."""

    def derive(self, purpose: bytes, length: int = 32) -> bytes:
        """Return a key for one purpose (HKDF-SHA256, RFC 5869). A derived key reveals nothing about the others."""
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose).derive(self.value)

    def derive_all(self, purpose: bytes, length: int = 32) -> tuple[bytes, ...]:
        """Return the key of the present secret and then that of the previous one, if there is one."""
        before = () if self.previous is None else self.previous.derive_all(purpose, length)
        return self.derive(purpose, length), *before


def load_master_secret(value: str | None, path: Path, previous: str | None = None) -> MasterSecret:
    """Return the secret: the given value, or else the content of the file, or else a new one that is written to the
    file.

    Raise StartRefused for a short or guessable secret, and for a file that others can read or that is no plain file.
    Raise it also for a previous secret without a different present one.
    """
    if value is not None:
        present = checked(value, NAME)
        if previous is None:
            return present
        return with_previous(present, checked(previous, PREVIOUS))
    if previous is not None:
        raise StartRefused(f"{PREVIOUS} is set and {NAME} is not: give the new secret as {NAME}")
    content = read_secret_file(path)
    if content is None:
        create_secret_file(path)
        content = read_secret_file(path)
    if content is None:
        raise StartRefused(f"{path} vanished while it was made: start again")
    return checked(content, str(path))


def checked(text: str, source: str) -> MasterSecret:
    """Return the secret. Raise StartRefused, which names `source` and never contains the text."""
    text = text.strip()
    if len(text) < MIN_CHARACTERS:
        raise StartRefused(
            f"{source} holds {len(text)} characters and needs {MIN_CHARACTERS} random ones: {GENERATE_HINT}"
        )
    remaining = re.sub(r"[\W_]", "", PLACEHOLDERS.sub("", text.casefold()))
    if len(remaining) < MIN_RANDOM_CHARACTERS or len(set(remaining)) < MIN_DISTINCT_CHARACTERS or is_repetition(text):
        raise StartRefused(f"{source} holds an example or a pattern, not a random secret: {GENERATE_HINT}")
    return MasterSecret(text.encode("utf-8", "surrogatepass"))


def with_previous(present: MasterSecret, previous: MasterSecret) -> MasterSecret:
    """Return the present secret together with the previous one. Raise StartRefused if they are equal."""
    if previous == present:
        raise StartRefused(f"{NAME} and {PREVIOUS} hold the same secret: keep the first, or give a new one")
    return replace(present, previous=previous)


def is_repetition(text: str) -> bool:
    """Return whether the text repeats one unit of at most MAX_UNIT_CHARACTERS."""
    return 0 < (text + text).find(text, 1) <= MAX_UNIT_CHARACTERS


def read_secret_file(path: Path) -> str | None:
    """Return the content of the file, or None if it does not exist. Raise StartRefused if it is no plain file, or if
    others may access it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (
            "is a symbolic link: name the file itself" if path.is_symlink() else f"cannot be read: {error.strerror}"
        )
        raise StartRefused(f"{path} {reason}") from error
    try:  # both the check and the read use the descriptor, so that nobody can exchange the file between them
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StartRefused(f"{path} is not a plain file")
        if others_may_access(status):
            raise StartRefused(f"Other users may access {path}; run: chmod 600 {path}")
        return os.read(descriptor, MAX_FILE_BYTES).decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)


def create_secret_file(path: Path) -> None:
    """Write a new secret to the file in one step, unless another process has just done so. Raise StartRefused."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        make_private_directory(path.parent)
        write_private_file(draft, secrets.token_urlsafe(GENERATED_BYTES).encode() + b"\n")
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)  # one of several processes succeeds, and all read what it wrote
        finally:
            draft.unlink()
        sync_directory(path.parent)
    except OSError as error:
        raise StartRefused(f"{path} cannot be made ({error.strerror}): set {NAME}, or {GENERATE_HINT}") from error


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
