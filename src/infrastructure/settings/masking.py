"""Settings as they may be shown: what is secret in them is `***`."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.sources import PREFIX, SECRETS
from doorward.infrastructure.sql.urls import DatabaseUrl

MASK = "***"
SHOWN: Mapping[str, Callable[[str], str]] = {"database_url": lambda url: DatabaseUrl.parse(url).masked}
"""Of a secret setting, what is none."""


def masked_settings(settings: Settings) -> dict[str, object]:
    """Every setting by its variable's name, as JSON values."""
    return {PREFIX + each.name.upper(): masked(each.name, getattr(settings, each.name)) for each in fields(Settings)}


def masked(name: str, value: object) -> object:
    if name in SECRETS and value is not None:
        return SHOWN[name](str(value)) if name in SHOWN else MASK
    if isinstance(value, frozenset | tuple):
        return sorted(str(each) for each in value)
    return str(value) if isinstance(value, Path) else value
