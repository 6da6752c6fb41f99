from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final, Self

from doorward.domain.access.role import DESCRIPTION, SURROGATE
from doorward.domain.errors import InvalidReason, InvalidUntil
from doorward.domain.personal_data import Held, HeldBack

MAX_REASON_CHARACTERS = 200
"""The longest reason of a suspension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """Why an account is disabled, and until when. Administrators see the reason, and the holder of the account does
    not."""

    reason: Annotated[str, HeldBack("Administrators write it for each other.", is_secret=False)] = field(
        default="", repr=False
    )
    until: Annotated[datetime | None, Held("The account can sign in again from then on.")] = None
    """None stands for no end."""

    @classmethod
    def parse(cls, reason: str, until: datetime | None, now: datetime) -> Self:
        """Return the suspension as an administrator asks for it. Raise InvalidReason, or InvalidUntil unless `until` is
        later than `now`."""
        if len(reason) > MAX_REASON_CHARACTERS or not DESCRIPTION.fullmatch(reason) or SURROGATE.search(reason):
            raise InvalidReason
        return cls(reason=reason, until=None if until is None else future(until, now))

    def holds_at(self, now: datetime) -> bool:
        return self.until is None or now < self.until


WITHOUT_END: Final = Suspension()


def future(until: datetime, now: datetime) -> datetime:
    """Return the time in UTC. Raise InvalidUntil for a time without an offset, for one that UTC cannot express, and for
    one that is not in the future."""
    try:
        moment = until.astimezone(UTC)
    except OverflowError:
        raise InvalidUntil from None
    if until.tzinfo is None or moment <= now:
        raise InvalidUntil
    return moment
