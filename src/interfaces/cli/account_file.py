"""Accounts in JSON Lines: UTF-8, one JSON object per line; blank lines are allowed."""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from shutil import copyfileobj
from typing import Annotated, BinaryIO

import msgspec

from doorward.application.accounts.account_entries import AccountEntry, Problem
from doorward.encoding.strict_json import InvalidJson, parse_object

MAX_LINE_BYTES = 16_384

PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
UNKNOWN_MEMBER = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
PLACE = re.compile(r" - at `\$\.([^`]*)`$")


class Account(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    username: str
    email: str
    password_hash: str
    roles: tuple[str, ...] = ()
    disabled: bool = False
    created_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


DECODER = msgspec.json.Decoder(Account)


@dataclass(frozen=True, slots=True)
class AccountFile:
    """The entries of a file, from `start` (a position in bytes) on. It can be iterated over several times."""

    file: BinaryIO
    start: int = 0

    def __iter__(self) -> Iterator[AccountEntry | Problem]:
        self.file.seek(self.start)
        number = 0
        while line := self.file.readline(MAX_LINE_BYTES + 2):
            number += 1
            if len(line.rstrip(b"\r\n")) > MAX_LINE_BYTES:
                self._skip_rest_of(line)
                yield Problem(number, f"The line is longer than {MAX_LINE_BYTES} bytes.")
            elif line.strip():
                yield read(number, line)

    def _skip_rest_of(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self.file.readline(MAX_LINE_BYTES)


def read(number: int, line: bytes) -> AccountEntry | Problem:
    try:
        parse_object(line, name="line")
        account = DECODER.decode(line)
    except InvalidJson as error:
        return Problem(number, str(error))
    except msgspec.ValidationError as error:
        return Problem(number, discreet(str(error)))
    return AccountEntry(
        number,
        account.username,
        account.email,
        account.password_hash,
        account.roles,
        account.disabled,
        account.created_at,
    )


def discreet(message: str) -> str:
    """What msgspec says of names and types. A member name that could hold something private is left out."""
    if found := UNKNOWN_MEMBER.fullmatch(message):
        return f"There is no member {found[1]}." if PLAIN_NAME.fullmatch(found[1]) else "A member has an unknown name."
    place = PLACE.search(message)
    return f"{place[1]}: {message[: place.start()]}." if place else f"{message}."


@contextmanager
def repeatable(file: BinaryIO) -> Iterator[AccountFile]:
    """Yield the entries of the file, or of a temporary private copy when the file can be read only once."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        yield AccountFile(file, file.tell())
        return
    with tempfile.TemporaryFile() as copy:
        copyfileobj(file, copy)
        yield AccountFile(copy)
