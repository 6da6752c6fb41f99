"""Doorward, the authentication service.

Importing this package imports nothing else. What a program uses is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doorward.infrastructure.settings.settings import Settings as Settings
    from doorward.infrastructure.settings.start_refused import StartRefused as StartRefused
    from doorward.interfaces.embedding.library import Library as Library
    from doorward.interfaces.embedding.library import open as open  # noqa: A004
    from doorward.interfaces.embedding.mounted_app import DoorwardApp as DoorwardApp
    from doorward.interfaces.embedding.mounted_app import create_app as create_app

__version__ = "0.1.0"

HOMES = {
    "DoorwardApp": "doorward.interfaces.embedding.mounted_app",
    "Library": "doorward.interfaces.embedding.library",
    "Settings": "doorward.infrastructure.settings.settings",
    "StartRefused": "doorward.infrastructure.settings.start_refused",
    "create_app": "doorward.interfaces.embedding.mounted_app",
    "open": "doorward.interfaces.embedding.library",
}
"""The module of each name that this package offers."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(HOMES[name]), name)
    except ModuleNotFoundError as error:
        from doorward.interfaces.cli.missing_packages import what_to_install  # noqa: PLC0415 only if one is missing

        raise ModuleNotFoundError(what_to_install(error), name=error.name) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
