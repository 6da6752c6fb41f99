"""Accounts in JSON Lines: UTF-8, one JSON object per line. Blank lines and a byte order mark before the first line are
allowed."""

import os
import re
import stat
import tempfile
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from shutil import copyfileobj
from typing import Annotated, BinaryIO, Final
from uuid import UUID

import msgspec

from doorward.application.accounts.account_entries import AccountEntry, Problem
from doorward.domain.ids import UserId
from doorward.encoding.strict_json import InvalidJson, parse_object
from doorward.interfaces.validation_messages import split_path, unknown_member

MAX_LINE_BYTES: Final = 16_384
PLAIN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""A member name that looks like a name and not like a password. Only such names are printed."""


class Account(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """One line of the file."""

    username: str
    email: str
    password_hash: str
    roles: tuple[str, ...] = ()
    disabled: bool = False
    created_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    id: UUID | None = None
    email_verified: bool = False


DECODER = msgspec.json.Decoder(Account)


@dataclass(frozen=True, slots=True)
class AccountFile:
    """The entries of a file, from the position `start_bytes` on. It can be iterated over several times."""

    file: BinaryIO
    start_bytes: int = 0

    def __iter__(self) -> Iterator[AccountEntry | Problem]:
        self.file.seek(self.start_bytes)
        number = 0
        while line := self.file.readline(MAX_LINE_BYTES + 2):
            number += 1
            if number == 1:
                line = line.removeprefix(BOM_UTF8)
            if len(line.rstrip(b"\r\n")) > MAX_LINE_BYTES:
                self._skip_rest_of(line)
                yield Problem(number, f"The line is longer than {MAX_LINE_BYTES} bytes.")
            elif line.strip():
                yield parse_line(number, line)

    def _skip_rest_of(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self.file.readline(MAX_LINE_BYTES)


def parse_line(number: int, line: bytes) -> AccountEntry | Problem:
    """Return the entry of the line with that number, or the problem with it."""
    try:
        parse_object(line, name="line")
        account = DECODER.decode(line)
    except InvalidJson as error:
        return Problem(number, str(error))
    except msgspec.ValidationError as error:
        return Problem(number, problem_text(str(error)))
    return AccountEntry(
        number,
        account.username,
        account.email,
        account.password_hash,
        account.roles,
        account.disabled,
        account.created_at,
        None if account.id is None else UserId(account.id),
        account.email_verified,
    )


def problem_text(message: str) -> str:
    """Return msgspec's message as a sentence. A member name that could hold something private is left out."""
    name = unknown_member(message)
    if name is not None:
        return f"There is no member {name}." if PLAIN_NAME.fullmatch(name) else "A member has an unknown name."
    text, path = split_path(message)
    return f"{path}: {text}." if path else f"{text}."


@contextmanager
def open_entries(file: BinaryIO) -> Iterator[AccountFile]:
    """Yield the entries of the file, or of a temporary private copy when the file can be read only once."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        yield AccountFile(file, file.tell())
        return
    with tempfile.TemporaryFile() as copy:
        copyfileobj(file, copy)
        yield AccountFile(copy)
