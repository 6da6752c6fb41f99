"""How guessing at passwords is slowed down (NIST SP 800-63B-4, section 3.2.2)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, NewType
from uuid import UUID

from doorward.domain.errors import TooManyAttempts
from doorward.domain.ids import UserId
from doorward.domain.personal_data import Held, HeldBack

LoginHash = NewType("LoginHash", bytes)
"""A keyed hash of a login name, 32 bytes, whether anybody has the name or not."""

DeviceId = NewType("DeviceId", UUID)
"""A browser from which the account has signed in before, or a session of the account."""

UNKNOWN_DEVICES = DeviceId(UUID(int=0))
"""All devices from which the account has not signed in before. They are counted together."""

UNKNOWN_DEVICES_WITH_CODES = DeviceId(UUID(int=1))
"""The same devices, when they try codes of letters. So strangers who guess at the password of an account do not
keep its owner from signing in by a code."""

SHARED_DEVICES = frozenset({UNKNOWN_DEVICES, UNKNOWN_DEVICES_WITH_CODES})

WINDOW = timedelta(days=1)
DELAYS_SECONDS = ((0, 1), (1, 3), (7, 5), (23, 10))
"""The delay from a number of failures beyond the free ones on."""


ATTEMPT_KEPT = "Until you sign in with that name, or for about a day."


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """What is counted for itself: the attempts at one login name from one device."""

    login: Annotated[LoginHash, HeldBack("It is a keyed hash of your username or email.")]
    device: Annotated[DeviceId, Held("Your browsers are counted apart from those of strangers.", ATTEMPT_KEPT)] = (
        UNKNOWN_DEVICES
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCount:
    """Consecutive attempts without a success. An attempt counts from before its password is hashed."""

    attempts: Annotated[int, Held("Wrong passwords slow the next attempt down.", ATTEMPT_KEPT)]
    first_at: Annotated[datetime, Held("The count begins anew a day later.", ATTEMPT_KEPT)]
    allowed_at: Annotated[datetime, Held("The next attempt is refused before this time.", ATTEMPT_KEPT)]
    """The next attempt is refused before this time."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser from which an account has signed in before, so that a stranger's attempts do not lock it out."""

    user_id: UserId
    device: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPolicy:
    """The first attempts are free. After them each has to wait longer, and a day has a limit."""

    free: int = 3
    per_day: int = 50
    """Per login name. An account has two, its username and its email, so 100 guesses a day are possible."""

    def counted(self, before: AttemptCount | None, now: datetime) -> AttemptCount:
        """Return the count with one more attempt. Raise TooManyAttempts, which changes nothing."""
        if before is None or now >= before.first_at + WINDOW:
            before = AttemptCount(attempts=0, first_at=now, allowed_at=now)
        # Requests at the same moment may be counted in another order than their times: nothing delays the free ones.
        if before.attempts >= min(self.free, self.per_day) and now < before.allowed_at:
            raise TooManyAttempts(ceil((before.allowed_at - now).total_seconds()))
        attempts = before.attempts + 1
        if attempts >= self.per_day:
            return replace(before, attempts=attempts, allowed_at=before.first_at + WINDOW)
        return replace(before, attempts=attempts, allowed_at=now + self._delay(attempts))

    def _delay(self, attempts: int) -> timedelta:
        beyond = attempts - self.free
        return timedelta(seconds=max((delay for first, delay in DELAYS_SECONDS if beyond >= first), default=0))
