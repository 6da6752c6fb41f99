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
    """Makes and reads device tokens, which tell browsers from which an account has signed in (OWASP, Device Cookies). A
    device token authorizes nothing."""

    def issue(self, user_id: UserId, present: str | None = None) -> str:
        """Return a device token of the account: `present` if it is one, or else a new one."""
        ...

    def read(self, token: str) -> KnownDevice | None:
        """Return what the device token says, or None if this service did not issue it."""
        ...
