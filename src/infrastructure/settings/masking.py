"""Settings for display, with `***` in place of secrets."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from doorward.infrastructure.mail.smtp_url import SmtpUrl
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.sources import PREFIX, SECRET_SETTINGS
from doorward.infrastructure.sql.urls import DatabaseUrl

MASK = "***"
MASKED_IN_PART: Mapping[str, Callable[[str], str]] = {
    "database_url": lambda url: DatabaseUrl.parse(url).masked,
    "smtp_url": lambda url: SmtpUrl.parse(url).masked,
}
"""Secret settings of which only a part is secret."""


def masked_settings(settings: Settings) -> dict[str, object]:
    """Return every setting as a JSON value, by the name of its environment variable."""
    return {PREFIX + each.name.upper(): masked(each.name, getattr(settings, each.name)) for each in fields(Settings)}


def masked(name: str, value: object) -> object:
    if name in SECRET_SETTINGS and value is not None:
        return MASKED_IN_PART[name](str(value)) if name in MASKED_IN_PART else MASK
    if isinstance(value, frozenset | tuple):
        return sorted(str(each) for each in value)
    return str(value) if isinstance(value, Path) else value
