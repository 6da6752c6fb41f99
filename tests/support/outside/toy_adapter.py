"""A package from outside of Doorward: one adapter of each kind. It imports what such a package may import.

`toy://USER:PASSWORD@NAME/PATH?token=TOKEN` keeps accounts in the file PATH, from one process to the next.
`toy://TOKEN@NAME/PATH` for letters writes their subjects into the file PATH. The hasher `toy` only seems to hash.
"""

import pickle
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit

from doorward.adapters import (
    Address,
    Finding,
    HasherAdapter,
    HasherAdapterFactory,
    HasherOptions,
    MailAdapter,
    MailAdapterFactory,
    MailOptions,
    StartRefused,
    StorageAdapter,
    StorageAdapterFactory,
    StorageAddress,
)
from doorward.application.ports.letters import LetterContents
from doorward.application.ports.security import PasswordHasher
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.testing.doubles import PlainHasher


class ToyStorage(MemoryStorage):
    """Storage in memory, which a file outlives."""

    def __init__(self, now: Callable[[], datetime], file: Path) -> None:
        super().__init__(now)
        self.file = file
        if content := file.read_bytes():
            self.database.tables = pickle.loads(content)

    async def close(self) -> None:
        self.file.write_bytes(pickle.dumps(self.database.tables))


@dataclass(frozen=True, slots=True)
class ToyAdapter:
    url: SplitResult

    @classmethod
    def at(cls, address: StorageAddress) -> Self:
        url = urlsplit(address.url.text)
        if address.table_prefix:
            raise ValueError("DOORWARD_TABLE_PREFIX is not for toy://, which has no tables; remove it")
        if not url.path or url.port is not None:  # the text of a port that is no number is in urlsplit's error
            raise ValueError("write toy://USER:PASSWORD@NAME/PATH?token=TOKEN")
        return cls(url)

    @property
    def file(self) -> Path:
        return Path(self.url.path)

    @property
    def masked(self) -> str:
        return f"toy://{self.url.username}:***@{self.url.hostname}{self.url.path}"

    @property
    def files(self) -> Sequence[Path]:
        return [self.file]

    def open(self, now: Callable[[], datetime]) -> ToyStorage:
        return ToyStorage(now, self.file)

    async def check(self) -> None:
        if self.url.hostname == "broken":
            raise RuntimeError(f"no route to {self.url.geturl()}")
        if not self.file.exists():
            raise StartRefused(f"The database {self.masked} has no schema; run `doorward migrate`.")

    async def migrate(self) -> tuple[str | None, str]:
        before = "1" if self.file.exists() else None
        self.file.touch(0o600)
        return before, "1"

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        good = self.file.exists()
        return [Finding.judged("database", f"{self.masked} answers", good=good, fix="run doorward migrate")]


@dataclass(frozen=True, slots=True)
class ToyMailer:
    file: Path
    options: MailOptions

    async def send(self, contents: LetterContents) -> None:
        written = self.options.templates.write(contents)
        self.file.write_text(f"{self.options.sender} to {contents.recipient}: {written.subject}", "utf-8")


@dataclass(frozen=True, slots=True)
class ToyMailAdapter:
    url: SplitResult

    @classmethod
    def at(cls, address: Address) -> Self:
        return cls(urlsplit(address.text))

    @property
    def masked(self) -> str:
        return f"toy://***@{self.url.hostname}"

    def open(self, options: MailOptions) -> AbstractAsyncContextManager[ToyMailer]:
        return nullcontext(ToyMailer(Path(self.url.path), options))

    def diagnose(self, sender: Sender) -> Finding:
        return Finding(check="letters", state="ok", text=f"letters from {sender} go to {self.masked}")


@dataclass(frozen=True, slots=True)
class ToyHasherAdapter:
    name: str

    def check(self) -> None:
        """Do nothing: this works everywhere."""

    @asynccontextmanager
    async def open(self, options: HasherOptions) -> AsyncIterator[PasswordHasher]:
        assert options.threads > 0
        yield PlainHasher()

    def diagnose(self) -> Finding:
        return Finding(check="hasher", state="advice", text=f"{self.name} does not hash", fix="use another one")


FACTORIES: tuple[StorageAdapterFactory, MailAdapterFactory, HasherAdapterFactory] = (
    ToyAdapter.at,
    ToyMailAdapter.at,
    ToyHasherAdapter,
)
ADAPTERS: tuple[type[StorageAdapter], type[MailAdapter], type[HasherAdapter]] = (
    ToyAdapter,
    ToyMailAdapter,
    ToyHasherAdapter,
)
