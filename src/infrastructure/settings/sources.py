"""Finds the text of each setting and converts it to a value. No refusal contains a value."""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Self, get_args, get_origin

import msgspec

from doorward.infrastructure.settings.data_dir import is_foreign, is_shared
from doorward.infrastructure.settings.env_file import read_env_file
from doorward.infrastructure.settings.start_refused import StartRefused

PREFIX = "DOORWARD_"
SECRET_SETTINGS = frozenset({"secret_key", "secret_key_previous", "database_url"})
"""Secret settings: they may come from a file named by `..._FILE`, and they are masked wherever settings are shown."""

PLATFORM_SECRETS = Path("/run/secrets")
"""Docker and Kubernetes mount secrets here and choose the file modes themselves."""

GENERATE_HINT = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

MAX_SECRET_FILE_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True)
class SettingText:
    """The text of one setting and the variable it came from."""

    variable: str
    text: str = field(repr=False)

    def parsed(self, hint: Any, parse: Callable[[str], object] | None) -> object:
        """Convert the text to the type `hint` (`Annotated`). `parse` gets the whole text, or each part of a list.

        Raise StartRefused when the text does not fit.
        """
        kind = hint.__origin__
        if get_origin(kind) in {frozenset, tuple}:
            parts = [part.strip() for part in self.text.split(",")]
            return get_origin(kind)(self._checked(parse or str, part) for part in parts if part)
        if not self.text.strip():
            raise StartRefused(f"{self.variable} is empty; give it a value or remove it.")
        if parse is not None:
            return self._checked(parse, self.text.strip())
        if kind is Path or (isinstance(kind, UnionType) and Path in get_args(kind)):
            return Path(self.text)
        return self._converted(hint)

    def _checked(self, parse: Callable[[str], object], text: str) -> object:
        try:
            return parse(text)
        except ValueError as error:
            raise StartRefused(f"{self.variable}: {error}.") from None

    def _converted(self, hint: Any) -> object:
        kind = hint.__origin__
        try:
            return msgspec.convert(self.text.strip(), hint, strict=False)
        except msgspec.ValidationError as error:
            choices = get_args(kind) if get_origin(kind) is Literal else ("true", "false") if kind is bool else ()
            reason = f"use one of {', '.join(choices)}" if choices else str(error)[:1].lower() + str(error)[1:]
            raise StartRefused(f"{self.variable}: {reason}.") from error


@dataclass(frozen=True, slots=True)
class Sources:
    """The environment and `.env`, in this order: the first that has a setting wins."""

    mappings: tuple[Mapping[str, str], ...] = field(repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None, names: Iterable[str]) -> Self:
        """Raise StartRefused for a name that begins with DOORWARD_ and is not a setting."""
        file = read_env_file(env_file) if env_file is not None else {}
        known = {PREFIX + name.upper() for name in names} | {f"{PREFIX}{name.upper()}_FILE" for name in SECRET_SETTINGS}
        for origin, mapping in (("", environ), (f" (in {env_file})", file)):
            for variable in sorted(mapping):
                if variable.upper().startswith(PREFIX) and variable not in known:
                    raise StartRefused(f"{printable(variable)}{origin} is not a setting; {suggestion(variable, known)}")
        return cls((environ, file))

    def find(self, name: str) -> SettingText | None:
        for mapping in self.mappings:
            found = look_up(mapping, name)
            if found is not None:
                return found
        return None


def look_up(mapping: Mapping[str, str], name: str) -> SettingText | None:
    variable = PREFIX + name.upper()
    in_file = f"{variable}_FILE"
    if name in SECRET_SETTINGS and in_file in mapping:
        if variable in mapping:
            raise StartRefused(f"{variable} and {in_file} are both set; keep one.")
        return SettingText(in_file, read_secret(in_file, mapping[in_file]))
    if variable in mapping:
        return SettingText(variable, mapping[variable])
    if name == "port" and "PORT" in mapping:
        return SettingText("PORT", mapping["PORT"])
    return None


def read_secret(variable: str, raw: str) -> str:
    """Return the text of the file without its last line end.

    The file must have mode 0600 and belong to this user or to root, unless the platform mounts it. Raise StartRefused
    otherwise.
    """
    path = Path(raw)
    try:
        with path.open(encoding="utf-8") as file:
            if reason := exposure(path, os.fstat(file.fileno())):
                raise StartRefused(f"{variable}: {reason}")
            return file.read(MAX_SECRET_FILE_CHARACTERS).removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        raise StartRefused(f"{variable}: {printable(raw)} cannot be read as a text file.") from error


def exposure(path: Path, status: os.stat_result) -> str | None:
    """Return who else may read or change an opened file that holds a secret, and what helps; None if nobody may."""
    name = printable(str(path))
    if path.resolve().is_relative_to(PLATFORM_SECRETS):
        return None
    if is_foreign(status):
        return f"{name} belongs to another user; run: chown {os.geteuid()} {name}"
    return f"other users may access {name}; run: chmod 600 {name}" if is_shared(status.st_mode) else None


def suggestion(variable: str, known: Iterable[str]) -> str:
    """Return what an unknown name may have meant. The last hint is for variables that Kubernetes sets for services."""
    names = sorted(name.removeprefix(PREFIX) for name in known)
    close = difflib.get_close_matches(variable.upper().removeprefix(PREFIX), names, n=1)
    if close:
        return f"did you mean {PREFIX}{close[0]}?"
    return "docs/settings.md lists all settings (a Kubernetes service named doorward needs enableServiceLinks: false)."


def printable(text: str) -> str:
    """Return a name or path with `?` in place of characters that are not printable, for messages of one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
