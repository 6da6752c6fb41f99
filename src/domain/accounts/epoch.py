"""Epochs of accounts that no token issued so far has. `docs/decisions/epoch-claim.md` says what an epoch is."""

from datetime import UTC, datetime
from typing import Final

EPOCHS_BY_TIME_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)


def epoch_at(now: datetime) -> int:
    """Return the epoch in which an account begins that may have existed before: the number of seconds since
    EPOCHS_BY_TIME_SINCE. An account enters fewer than one new epoch in a second, so it is above all earlier ones."""
    return int((now - EPOCHS_BY_TIME_SINCE).total_seconds())


def later_epoch(epoch: int, now: datetime) -> int:
    """Return an epoch above this one and above all that the account may have entered meanwhile, which are not known."""
    return max(epoch_at(now), epoch + 1)
