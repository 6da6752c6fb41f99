from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from doorward.domain.access.role import RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.username import Username
from doorward.domain.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account.

    `epoch` grows whenever every access token issued so far must die (new password, disabled); tokens carry it.
    `version` grows with each save and is how two writers notice each other.
    """

    id: UserId
    username: Username
    email: Email
    password_hash: PasswordHash = field(repr=False)
    created_at: datetime
    roles: frozenset[RoleName] = frozenset()
    disabled: bool = False
    epoch: int = 0
    version: int = 0

    def granted(self, role: RoleName) -> Self:
        return replace(self, roles=self.roles | {role})

    def revoked(self, role: RoleName) -> Self:
        return replace(self, roles=self.roles - {role})

    def enabled(self) -> Self:
        return replace(self, disabled=False)

    def disabled_now(self) -> Self:
        return replace(self, disabled=True, epoch=self.epoch + 1)

    def with_password(self, password_hash: PasswordHash) -> Self:
        """A new password: what was signed in with the old one is out."""
        return replace(self, password_hash=password_hash, epoch=self.epoch + 1)

    def with_chosen_password(self, password_hash: PasswordHash) -> Self:
        """A new password that the account's holder chose in a session, which goes on; the others are ended by name."""
        return replace(self, password_hash=password_hash)

    def signed_out_everywhere(self) -> Self:
        return replace(self, epoch=self.epoch + 1)

    def rehashed(self, password_hash: PasswordHash) -> Self:
        """The same password, hashed by today's parameters."""
        return replace(self, password_hash=password_hash)

    def named(self, username: Username) -> Self:
        return replace(self, username=username)

    def reachable_at(self, email: Email) -> Self:
        return replace(self, email=email)
