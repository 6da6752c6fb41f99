"""The ports by which attempts to sign in are counted."""

from typing import Protocol

from doorward.domain.accounts.attempts import KnownDevice, LoginHash
from doorward.domain.ids import UserId


class LoginHasher(Protocol):
    def hash(self, login: str) -> LoginHash:
        """Return the keyed hash of a folded login name. People type passwords into that field, so the name itself is
        not stored."""
        ...


class DeviceTokens(Protocol):
    """Marks browsers from which an account has signed in (OWASP, Device Cookies). A mark authorizes nothing."""

    def issue(self, user_id: UserId, present: str | None = None) -> str:
        """Return the mark of a device of the account: `present` if it is one, or else a new one."""
        ...

    def read(self, token: str) -> KnownDevice | None:
        """Return what the mark says, or None if this service did not issue it."""
        ...
