"""Settings for display, with `***` in place of secrets."""

from collections.abc import Callable, Mapping
from pathlib import Path

from doorward.infrastructure.rate_limits.redis_url import masked_redis_url
from doorward.infrastructure.settings.groups import setting_values
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.sources import PREFIX, SECRET_SETTINGS

MASK = "***"
MASKED_IN_PART: Mapping[str, Callable[[Settings], str]] = {
    "database_url": lambda settings: settings.database.masked,
    "smtp_url": lambda settings: settings.mail.masked if settings.mail else MASK,
    "redis_url": lambda settings: masked_redis_url(settings.limits.redis_url or ""),
}
"""Secret settings of which only a part is secret."""


def masked_settings(settings: Settings) -> dict[str, object]:
    """Return every setting as a JSON value, by the name of its environment variable."""
    return {PREFIX + name.upper(): shown(settings, name, value) for name, value in setting_values(settings).items()}


def shown(settings: Settings, name: str, value: object) -> object:
    if name in SECRET_SETTINGS and value is not None:
        return MASKED_IN_PART[name](settings) if name in MASKED_IN_PART else MASK
    if isinstance(value, frozenset | tuple):
        return sorted(str(each) for each in value)
    return str(value) if isinstance(value, Path) else value
