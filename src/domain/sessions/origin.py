from dataclasses import dataclass

from doorward.domain.letters.language import Language
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a sign-in comes from, as far as its request tells."""

    device: Device = UNKNOWN_DEVICE
    device_token: str | None = None
    """The device token of the browser, if it sent one. It is not verified."""
    language: Language | None = None
    """The language that the request prefers."""


UNKNOWN_ORIGIN = Origin()
