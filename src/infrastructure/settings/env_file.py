"""The `.env` file: lines of NAME=VALUE, read by python-dotenv. Nothing in a value is substituted."""

import io
import os
import re
from pathlib import Path

from doorward.infrastructure.settings.file_access import belongs_to_another, file_advice, others_may_write, status_of
from doorward.infrastructure.settings.start_refused import StartRefused

UNQUOTED_COMMENT = re.compile(r"=\s*#")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables that the file sets; none if there is no file.

    Raise StartRefused for an ambiguous line, and for a file that other users may change: they could choose the database
    and the secret. Whether they may read it is a finding of `doorward doctor`, since it need not contain a secret.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            refuse_changeable(path, os.fstat(file.fileno()))
            text = file.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, PermissionError) and status_of(path) is None:  # in a directory that we may not search
            return {}
        raise StartRefused(f"{path} cannot be read as UTF-8 text; check the file and who may read it.") from error
    return parse_env(text, str(path))


def refuse_changeable(path: Path, status: os.stat_result) -> None:
    if belongs_to_another(status):
        raise StartRefused(f"{path} belongs to another user; run: chown {os.geteuid()} {path}")
    if others_may_write(status):
        raise StartRefused(f"Other users may change {path}; {file_advice(path)}")


def parse_env(text: str, source: str) -> dict[str, str]:
    """Return the variables that `text` sets.

    Raise StartRefused, which names `source` and the line but never repeats a line, since it may hold a secret. Refused
    are lines that python-dotenv cannot parse or would read in an unexpected way: a name without a value, a comment in
    place of a value, a control character, and a name that is set twice.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 most starts have no such file

    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        written = binding.original.string
        blank_lines = written[: len(written) - len(written.lstrip())].count("\n")
        at = f"{source}, line {binding.original.line + blank_lines}"
        if binding.key is None and not binding.error:
            continue
        name, value = binding.key, binding.value
        if name is None or value is None or UNQUOTED_COMMENT.search(written.split("'")[0].split('"')[0]):
            raise StartRefused(f"{at}: write NAME=VALUE, or NAME='VALUE' when the value holds blanks, quotes or #.")
        if not value.replace("\t", "").replace("\n", "").isprintable():
            raise StartRefused(f"{at}: the value of {name} holds a control character; remove it.")
        if name in values:
            raise StartRefused(f"{at}: {name} is set twice; keep one of the lines.")
        values[name] = value
    return values
