"""The ports by which attempts to sign in are counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, KnownDevice, LoginHash
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId


class LoginHasher(Protocol):
    def hash(self, login: str) -> LoginHash:
        """Return the keyed hash of a folded login name. People type passwords into that field, so the name itself is
        not stored."""
        ...


class DeviceTokens(Protocol):
    """Makes and reads device tokens, which tell browsers from which an account has signed in (OWASP, Device Cookies). A
    device token authorizes nothing."""

    def issue(self, user_id: UserId, present: str | None = None) -> str:
        """Return a device token of the account: `present` if it is one, or else a new one."""
        ...

    def read(self, token: str) -> KnownDevice | None:
        """Return what the device token says, or None if this service did not issue it."""
        ...


class AttemptReader(Protocol):
    """Reads how often somebody tried to sign in. The caller decides what a count means."""

    async def get(self, key: AttemptKey) -> AttemptCount | None:
        """Return the count of this login name and device, or None."""
        ...

    async def of_logins(self, logins: Sequence[LoginHash]) -> Sequence[tuple[AttemptKey, AttemptCount]]:
        """Return the counts of all devices at these login names."""
        ...

    async def with_user(self, key: AttemptKey, login: str) -> tuple[AttemptCount | None, User | None]:
        """Return the count, and the account that `UserReader.by_login` returns, both read at once."""
        ...


class AttemptRepository(AttemptReader, Protocol):
    async def lock(self, key: AttemptKey) -> AttemptCount | None:
        """Read the count, and hold it until the transaction ends. If there is none, nothing is held."""
        ...

    async def add(self, key: AttemptKey, count: AttemptCount) -> None:
        """Raise TransactionConflict, at the latest when the transaction commits, if there is a count already."""
        ...

    async def save(self, key: AttemptKey, count: AttemptCount) -> None:
        """Replace the count. The caller holds it."""
        ...

    async def clear(self, key: AttemptKey) -> None:
        """Forget the attempts of one device."""
        ...

    async def clear_all(self, logins: Sequence[LoginHash]) -> int:
        """Forget the attempts of all devices at these login names, and return how many counts there were."""
        ...

    async def prune(self, idle_since: datetime, started_before: datetime, few: int, limit: int) -> int:
        """Delete at most `limit` counts that allowed the next attempt before `idle_since`, and return how many. Of
        those, keep the counts of more than `few` attempts that did not begin before `started_before`."""
        ...
