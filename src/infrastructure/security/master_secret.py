"""The one secret of an installation. Everything else that must be secret is derived from it or sealed under it."""

import contextlib
import os
import re
import secrets
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from doorward.infrastructure.settings.data_dir import is_shared
from doorward.infrastructure.settings.sources import GENERATE_HINT
from doorward.infrastructure.settings.start_refused import StartRefused

NAME, PREVIOUS = "DOORWARD_SECRET_KEY", "DOORWARD_SECRET_KEY_PREVIOUS"
SHORTEST = 32
"""Characters; of random bytes in base64 that is 192 bits, and what we make ourselves has 384."""

LONGEST_FILE = 4096
MADE_OF_BYTES = 48
FEWEST_LEFT, FEWEST_DISTINCT = 16, 8
LONGEST_UNIT = 16

PLACEHOLDERS = re.compile(
    "changeme|change|default|development|doorward|dummy|example|generate|goes|here|insecure|insert|least|local|long|"
    "bezkoder|bits|characters|keyboardcat|mysecret|only|passphrase|password|placeholder|please|private|production|"
    "random|replace|sample|secret|signing|something|string|super|supersecret|test|this|token|value|very|with|your|"
    "abcdefghijklmnopqrstuvwxyz|1234567890|0123456789|deadbeef|qwertyuiop|letmein",
)
"""The words that example settings, tutorials and hurried people make secrets of."""


@dataclass(frozen=True, slots=True)
class MasterSecret:
    value: bytes = field(repr=False)
    previous: "MasterSecret | None" = field(default=None, repr=False)
    """The one before, while it is being replaced: what it made is still good, and nothing new is made with it."""

    def derive(self, purpose: bytes, length: int = 32) -> bytes:
        """A key for one purpose (HKDF-SHA256, RFC 5869): whoever learns it learns nothing of the others."""
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose).derive(self.value)

    def derive_all(self, purpose: bytes, length: int = 32) -> tuple[bytes, ...]:
        """The key of the present secret, and then that of the previous one, if there is one."""
        before = () if self.previous is None else self.previous.derive_all(purpose, length)
        return self.derive(purpose, length), *before


def load_master_secret(value: str | None, path: Path, previous: str | None = None) -> MasterSecret:
    """The given value; else what the file holds; else a new one, which the file holds from then on.

    Raise StartRefused for a secret that is short or guessable, for a file that others can read or that is none, and for
    a previous secret without a present one that is given and different.
    """
    if value is not None:
        present = checked(value, NAME)
        return present if previous is None else replacing(checked(previous, PREVIOUS), present)
    if previous is not None:
        raise StartRefused(f"{PREVIOUS} is set and {NAME} is not: give the new secret as {NAME}")
    held = read(path)
    if held is None:
        make(path)
        held = read(path)
    if held is None:
        raise StartRefused(f"{path} vanished while it was made: start again")
    return checked(held, str(path))


def checked(text: str, source: str) -> MasterSecret:
    """Raise StartRefused, naming `source` and never the text."""
    text = text.strip()
    if len(text) < SHORTEST:
        raise StartRefused(f"{source} holds {len(text)} characters and needs {SHORTEST} random ones: {GENERATE_HINT}")
    left = re.sub(r"[\W_]", "", PLACEHOLDERS.sub("", text.casefold()))
    if len(left) < FEWEST_LEFT or len(set(left)) < FEWEST_DISTINCT or repeats(text):
        raise StartRefused(f"{source} holds an example or a pattern, not a random secret: {GENERATE_HINT}")
    return MasterSecret(text.encode("utf-8", "surrogatepass"))


def replacing(previous: MasterSecret, present: MasterSecret) -> MasterSecret:
    if previous == present:
        raise StartRefused(f"{NAME} and {PREVIOUS} hold the same secret: keep the first, or give a new one")
    return replace(present, previous=previous)


def repeats(text: str) -> bool:
    """True when the text is one short unit over and over."""
    return 0 < (text + text).find(text, 1) <= LONGEST_UNIT


def read(path: Path) -> str | None:
    """None when there is no such file. Raise StartRefused when it is not a plain file of its owner's alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (
            "is a symbolic link: name the file itself" if path.is_symlink() else f"cannot be read: {error.strerror}"
        )
        raise StartRefused(f"{path} {reason}") from error
    try:  # a descriptor, so that what was checked is what is read
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StartRefused(f"{path} is not a plain file")
        if is_shared(status.st_mode):
            raise StartRefused(f"Other users may access {path}; run: chmod 600 {path}")
        return os.read(descriptor, LONGEST_FILE).decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)


def make(path: Path) -> None:
    """Put a new secret there, whole or not at all, unless somebody else just did. Raise StartRefused."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(draft, secrets.token_urlsafe(MADE_OF_BYTES).encode() + b"\n")
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)  # of processes that start together one succeeds, and all read what it wrote
        finally:
            draft.unlink()
        sync_directory(path.parent)
    except OSError as error:
        raise StartRefused(f"{path} cannot be made ({error.strerror}): set {NAME}, or {GENERATE_HINT}") from error


def write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 the mode is set at birth
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
