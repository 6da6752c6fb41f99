"""Settings as they may be shown: what is secret in them is `***`."""

from dataclasses import fields
from pathlib import Path

from infrastructure.setting_sources import PREFIX
from infrastructure.settings import Settings
from infrastructure.sql.urls import DatabaseUrl

MASK = "***"


def masked_settings(settings: Settings) -> dict[str, object]:
    """Every setting by its variable's name, as JSON values."""
    values: dict[str, object] = {PREFIX + each.name.upper(): getattr(settings, each.name) for each in fields(Settings)}
    values[f"{PREFIX}DATABASE_URL"] = DatabaseUrl.parse(settings.database_url).masked
    values[f"{PREFIX}SECRET_KEY"] = MASK if settings.secret_key is not None else None
    return {name: plain(value) for name, value in values.items()}


def plain(value: object) -> object:
    if isinstance(value, frozenset | tuple):
        return sorted(str(each) for each in value)
    return str(value) if isinstance(value, Path) else value
