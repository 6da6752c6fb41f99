"""What tests of programs that use Doorward need: the service in memory, doubles of its ports, and builders.

    from doorward.testing import InMemoryDoorward

    def test_a_moderator_is_admitted() -> None:
        doorward = InMemoryDoorward()
        ada = doorward.user("ada", roles=["moderator"])
        assert doorward.admit(ada.token(), "moderator").user_id == ada.id

Whoever uses pytest has the fixtures of `plugin.py` without an import: `doorward`, `doorward_app` and `doorward_server`.
Each name is imported when it is used, so that importing this package takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doorward.testing.app import InMemoryApp
    from doorward.testing.builders import PASSWORD, a_principal, a_session, a_user, an_invitation
    from doorward.testing.doubles import (
        NOON,
        ExactLimiter,
        FrozenClock,
        ListLog,
        ListMailer,
        PlainHasher,
        PlainLinkTokens,
        PlainSealer,
        PlainTokens,
        ShortBlocklist,
    )
    from doorward.testing.in_memory import InMemoryDoorward, InMemoryUser
    from doorward.testing.providers import InMemoryProvider
    from doorward.testing.server import DoorwardServer

__all__ = [
    "NOON",
    "PASSWORD",
    "DoorwardServer",
    "ExactLimiter",
    "FrozenClock",
    "InMemoryApp",
    "InMemoryDoorward",
    "InMemoryProvider",
    "InMemoryUser",
    "ListLog",
    "ListMailer",
    "PlainHasher",
    "PlainLinkTokens",
    "PlainSealer",
    "PlainTokens",
    "ShortBlocklist",
    "a_principal",
    "a_session",
    "a_user",
    "an_invitation",
]

MODULES = {
    "app": ("InMemoryApp",),
    "builders": ("PASSWORD", "a_principal", "a_session", "a_user", "an_invitation"),
    "in_memory": ("InMemoryDoorward", "InMemoryUser"),
    "providers": ("InMemoryProvider",),
    "server": ("DoorwardServer",),
}
"""The module of each name. Those that are not here are in `doubles`."""


def __getattr__(name: str) -> object:
    """Return one of the names above."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = next((module for module, names in MODULES.items() if name in names), "doubles")
    return getattr(import_module(f"{__name__}.{module}"), name)
