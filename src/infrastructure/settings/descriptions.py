"""Descriptions of the settings, for the documentation and the tests that compare it with the code."""

from typing import NamedTuple

from msgspec import Meta

from doorward.infrastructure.settings.groups import setting_fields, setting_hints
from doorward.infrastructure.settings.sources import PREFIX


class SettingDescription(NamedTuple):
    """One row of the table of settings."""

    name: str
    default: str
    meaning: str


def describe_settings() -> list[SettingDescription]:
    """Return every setting in the order of the table in docs/settings.md."""
    hints = setting_hints()
    described = []
    for each in setting_fields():
        meta: Meta = hints[each.name].__metadata__[0]
        default = (meta.extra or {}).get("default") or default_text(each.default)
        described.append(SettingDescription(PREFIX + each.name.upper(), default, meta.description or ""))
    return described


def default_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
