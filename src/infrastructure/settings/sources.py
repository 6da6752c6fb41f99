"""Finds the text of each setting and converts it to a value. No refusal contains a value."""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Self, get_args, get_origin

import msgspec

from doorward.infrastructure.settings.env_file import read_env_file
from doorward.infrastructure.settings.file_access import alteration, exposure
from doorward.infrastructure.settings.start_refused import StartRefused

PREFIX = "DOORWARD_"
SECRET_SETTINGS = frozenset({"secret_key", "secret_key_previous", "database_url", "smtp_url", "redis_url"})
"""Secret settings, which are masked wherever settings are shown."""

FILE_SETTINGS = SECRET_SETTINGS | {"database_ssl_ca"}
"""Settings that may come from a file named by `..._FILE`."""

KUBERNETES_LINK = re.compile(r"_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP)")
KUBERNETES_ADDRESS = re.compile(r"(tcp|udp)://")
"""Kubernetes describes each service of a namespace to its pods by variables with such names and values."""

GENERATE_HINT = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

MAX_FILE_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True)
class SettingText:
    """The text of one setting and the variable it came from."""

    variable: str
    text: str = field(repr=False)

    def parsed(self, hint: Any, parse: Callable[[str], object] | None) -> object:
        """Convert the text to the type `hint` (`Annotated[..., Meta]`). `parse` gets the whole text, or each part of a
        list.

        Raise StartRefused when the text does not fit.
        """
        kind = hint.__origin__
        if get_origin(kind) in {frozenset, tuple}:
            parts = [part.strip() for part in self.text.split(",")]
            if any(len(part.split()) > 1 for part in parts):
                raise StartRefused(f"{self.variable}: separate the values by commas, not by blanks.")
            return get_origin(kind)(self._checked(parse or str, part) for part in parts if part)
        if not self.text.strip():
            raise StartRefused(f"{self.variable} is empty; give it a value or remove it.")
        if parse is not None:
            return self._converted(self._checked(parse, self.text.strip()), hint)
        if kind is Path or (isinstance(kind, UnionType) and Path in get_args(kind)):
            return Path(self.text)
        return self._converted(self.text.strip(), hint)

    def _checked(self, parse: Callable[[str], object], text: str) -> object:
        try:
            return parse(text)
        except ValueError as error:
            raise StartRefused(f"{self.variable}: {error}.") from None

    def _converted(self, value: object, hint: Any) -> object:
        try:
            return msgspec.convert(value, hint, strict=False)
        except msgspec.ValidationError as error:
            raise StartRefused(f"{self.variable}: {advice(hint)}.") from error


def advice(hint: Any) -> str:
    """Return what to write for a setting of this type."""
    kind, meta = hint.__origin__, hint.__metadata__[0]
    if meta.extra and "advice" in meta.extra:
        return str(meta.extra["advice"])
    if get_origin(kind) is Literal:
        return f"use one of {', '.join(get_args(kind))}"
    if kind is bool:
        return "use one of true, false"
    if kind is int:
        return f"write a whole number from {meta.ge} to {meta.le}"
    return "write 1 to 200 characters without blanks"


@dataclass(frozen=True, slots=True)
class Sources:
    """The environment and `.env`, in this order: the first that has a setting wins."""

    mappings: tuple[Mapping[str, str], ...] = field(repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None, names: Iterable[str]) -> Self:
        """Raise StartRefused for a name that begins with DOORWARD_ and is not a setting."""
        file = read_env_file(env_file) if env_file is not None else {}
        known = {PREFIX + name.upper() for name in names} | {f"{PREFIX}{name.upper()}_FILE" for name in FILE_SETTINGS}
        for origin, mapping in (("", environ), (f" (in {env_file})", file)):
            for variable in sorted(mapping):
                if variable.upper().startswith(PREFIX) and variable not in known:
                    hint = suggestion(variable, mapping[variable], known)
                    raise StartRefused(f"{printable(variable)}{origin} is not a setting; {hint}")
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
    if name in FILE_SETTINGS and in_file in mapping:
        if variable in mapping:
            raise StartRefused(f"{variable} and {in_file} are both set; keep one.")
        exposed = exposure if name in SECRET_SETTINGS else alteration
        return SettingText(in_file, read_text(in_file, mapping[in_file], exposed))
    if variable in mapping:
        return SettingText(variable, mapping[variable])
    if name == "port" and "PORT" in mapping:
        return SettingText("PORT", mapping["PORT"])
    return None


def read_text(variable: str, raw: str, exposed: Callable[[Path, os.stat_result], str | None]) -> str:
    """Return the text of the file without its last line end. Raise StartRefused for what `exposed` returns."""
    path = Path(raw)
    try:
        with path.open(encoding="utf-8") as file:
            if reason := exposed(path, os.fstat(file.fileno())):
                raise StartRefused(f"{variable}: {reason}")
            return file.read(MAX_FILE_CHARACTERS).removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        raise StartRefused(f"{variable}: {printable(raw)} cannot be read as a text file.") from error


def suggestion(variable: str, value: str, known: Iterable[str]) -> str:
    """Return what an unknown name may have meant."""
    if KUBERNETES_LINK.search(variable) or KUBERNETES_ADDRESS.match(value):
        return "Kubernetes sets it for a service whose name begins with doorward; set enableServiceLinks: false"
    names = sorted(name.removeprefix(PREFIX) for name in known)
    close = difflib.get_close_matches(variable.upper().removeprefix(PREFIX), names, n=1)
    return f"did you mean {PREFIX}{close[0]}?" if close else "docs/settings.md lists all settings"


def printable(text: str) -> str:
    """Return a name or path with `?` in place of characters that are not printable, for messages of one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
