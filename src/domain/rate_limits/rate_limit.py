"""How many requests a client, a network or everybody may send in a time."""

import re
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from typing import Final, Self

PERIOD_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
OFF: Final = "off"
LIMIT: Final = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)(?:/(address|network|all))?")
FORM: Final = "write limits such as 20/hour, 100/hour/network or 600/minute/all, separated by commas, or off for none"


class Scope(StrEnum):
    """Who shares a count."""

    ADDRESS = "address"
    """An IPv4 address, or a /64 network of IPv6, because one client has all of its addresses (RFC 6177)."""
    NETWORK = "network"
    """A /24 network of IPv4, or a /48 network of IPv6."""
    ALL = "all"
    """Everybody."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`amount` requests in each window of `seconds`, which slides."""

    amount: int
    seconds: int
    per: Scope = Scope.ADDRESS

    @classmethod
    def parse_all(cls, raw: str) -> tuple[Self, ...]:
        """Return the limits of a text such as `20/hour, 600/minute/all`; none for `off`. Raise ValueError."""
        if raw.strip() == OFF:
            return ()
        parsed = []
        for part in raw.split(","):
            found = LIMIT.fullmatch(part.strip())
            if found is None:
                raise ValueError(FORM)
            parsed.append(cls(int(found[1]), PERIOD_SECONDS[found[2]], Scope(found[3] or Scope.ADDRESS)))
        return tuple(parsed)

    def wait_seconds(self, previous: int, previous_left: float, current: int, current_left: float) -> int:
        """Return the whole seconds, at least 1, after which one more request is admitted.

        `previous` requests were in the window before, which weighs the less the fewer seconds are left of it.
        `current` are in the present one, which becomes the one before in `current_left` seconds. At that very moment it
        still has its full weight.
        """
        if current >= self.amount:
            return max(0, floor(current_left)) + 1
        enough_left = self.seconds * (self.amount - current) / previous if previous else self.seconds
        return max(0, floor(previous_left - enough_left)) + 1
