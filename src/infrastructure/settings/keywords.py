"""Makes settings from keywords in Python types, for a program that Doorward is a part of."""

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.sources import PREFIX
from doorward.infrastructure.settings.start_refused import StartRefused

VARIABLE = re.compile(rf"\b{PREFIX}([A-Z_]+)")
AS_WRITTEN = str | int | Path | IPv4Address | IPv4Network | IPv6Address | IPv6Network


def settings_of(values: Mapping[str, object]) -> Settings:
    """Return the settings with these values. The environment and `.env` are not read.

    The checks are those of the variables, and so are the messages. They name each setting as the caller wrote it.
    Raise StartRefused with one line that contains no secret.
    """
    variables = {PREFIX + name.upper(): text_of(name, value) for name, value in values.items() if value is not None}
    try:
        return load_settings(variables)
    except StartRefused as refused:
        text = VARIABLE.sub(lambda found: found[1].lower(), str(refused))
        raise StartRefused(text) from None


def text_of(name: str, value: object) -> str:
    """Return the value as it is written in a variable. Raise StartRefused for a value of a type that has no meaning."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, AS_WRITTEN):
        return str(value)
    if isinstance(value, timedelta):
        return duration_text(name, value)
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(text_of(name, each) for each in value)
    kind = type(value).__name__
    raise StartRefused(f"{name}: write text, a number, a truth value, a path, a timedelta or a list, and not a {kind}.")


def duration_text(name: str, value: timedelta) -> str:
    """Return the days of a setting in days, and otherwise the seconds."""
    unit, unit_name = (timedelta(days=1), "days") if name.endswith("_days") else (timedelta(seconds=1), "seconds")
    if value % unit:
        raise StartRefused(f"{name}: write a timedelta of whole {unit_name}.")
    return str(value // unit)
