"""Settings in groups. A field of Settings that holds a group stands for the fields of the group, each of which is a
setting like any other."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

from doorward.infrastructure.settings.limits import LimitSettings
from doorward.infrastructure.settings.settings import Settings

GROUPS: Mapping[str, type[Any]] = {"limits": LimitSettings}
"""The class of each group, by the field of Settings that holds it."""


def setting_fields() -> Iterator[Field[Any]]:
    """Yield the field of each setting, in the order of the documentation."""
    for each in fields(Settings):
        if each.name in GROUPS:
            yield from fields(GROUPS[each.name])
        else:
            yield each


def setting_hints() -> Mapping[str, Any]:
    """Return the type of each setting, by its name."""
    hints = get_type_hints(Settings, include_extras=True)
    for group in GROUPS.values():
        hints |= get_type_hints(group, include_extras=True)
    return {each.name: hints[each.name] for each in setting_fields()}


def setting_values(settings: Settings) -> Mapping[str, Any]:
    """Return the value of each setting, by its name."""
    values: dict[str, Any] = {}
    for each in fields(Settings):
        value = getattr(settings, each.name)
        if each.name in GROUPS:
            values |= {inner.name: getattr(value, inner.name) for inner in fields(value)}
        else:
            values[each.name] = value
    return values


def default_values() -> dict[str, Any]:
    """Return the defaults that do not depend on other settings."""
    return {each.name: each.default for each in setting_fields() if each.default is not MISSING}


def grouped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of Settings, for the values of all settings."""
    arguments = dict(values)
    for name, group in GROUPS.items():
        arguments[name] = group(**{each.name: arguments.pop(each.name) for each in fields(group)})
    return arguments
