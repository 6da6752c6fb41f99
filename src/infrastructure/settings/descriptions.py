"""Descriptions of the settings, for the documentation and the tests that compare it with the code."""

from dataclasses import fields
from typing import NamedTuple, get_type_hints

from msgspec import Meta

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.sources import PREFIX


class SettingDescription(NamedTuple):
    """One row of the table of settings."""

    name: str
    default: str
    meaning: str


def describe_settings() -> list[SettingDescription]:
    """Return every setting in the order of the table in docs/settings.md."""
    hints = get_type_hints(Settings, include_extras=True)
    described = []
    for each in fields(Settings):
        meta: Meta = hints[each.name].__metadata__[0]
        default = (meta.extra or {}).get("default") or default_text(each.default)
        described.append(SettingDescription(PREFIX + each.name.upper(), default, meta.description or ""))
    return described


def default_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
