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
    from doorward.testing.app import InMemoryApp as InMemoryApp
    from doorward.testing.builders import PASSWORD as PASSWORD
    from doorward.testing.builders import a_principal as a_principal
    from doorward.testing.builders import a_session as a_session
    from doorward.testing.builders import a_user as a_user
    from doorward.testing.builders import an_invitation as an_invitation
    from doorward.testing.doubles import NOON as NOON
    from doorward.testing.doubles import ExactLimiter as ExactLimiter
    from doorward.testing.doubles import FrozenClock as FrozenClock
    from doorward.testing.doubles import ListLog as ListLog
    from doorward.testing.doubles import ListMailer as ListMailer
    from doorward.testing.doubles import PlainHasher as PlainHasher
    from doorward.testing.doubles import PlainLinkTokens as PlainLinkTokens
    from doorward.testing.doubles import PlainSealer as PlainSealer
    from doorward.testing.doubles import PlainTokens as PlainTokens
    from doorward.testing.doubles import ShortBlocklist as ShortBlocklist
    from doorward.testing.in_memory import InMemoryDoorward as InMemoryDoorward
    from doorward.testing.in_memory import InMemoryUser as InMemoryUser
    from doorward.testing.providers import InMemoryProvider as InMemoryProvider
    from doorward.testing.server import DoorwardServer as DoorwardServer

HOMES = {
    "DoorwardServer": "doorward.testing.server",
    "ExactLimiter": "doorward.testing.doubles",
    "FrozenClock": "doorward.testing.doubles",
    "InMemoryApp": "doorward.testing.app",
    "InMemoryDoorward": "doorward.testing.in_memory",
    "InMemoryProvider": "doorward.testing.providers",
    "InMemoryUser": "doorward.testing.in_memory",
    "ListLog": "doorward.testing.doubles",
    "ListMailer": "doorward.testing.doubles",
    "NOON": "doorward.testing.doubles",
    "PASSWORD": "doorward.testing.builders",
    "PlainHasher": "doorward.testing.doubles",
    "PlainLinkTokens": "doorward.testing.doubles",
    "PlainSealer": "doorward.testing.doubles",
    "PlainTokens": "doorward.testing.doubles",
    "ShortBlocklist": "doorward.testing.doubles",
    "a_principal": "doorward.testing.builders",
    "a_session": "doorward.testing.builders",
    "a_user": "doorward.testing.builders",
    "an_invitation": "doorward.testing.builders",
}
"""The module of each name that this package offers."""


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
