from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Self

from doorward.domain.access.decision import Access
from doorward.domain.access.role import RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.username import Username
from doorward.domain.ids import UserId
from doorward.domain.personal_data import Held, HeldBack


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account.

    Access tokens carry the `epoch` of their account. It grows whenever all access tokens issued so far must be refused,
    for example when the account is disabled. `version` grows with each save; it detects concurrent writers.
    """

    id: Annotated[UserId, Held("It names the account in tokens, to other services and in the audit log.")]
    username: Annotated[Username, Held("You sign in with it, and administrators know you by it.")]
    email: Annotated[Email, Held("You sign in with it, and letters about the account go there.")]
    password_hash: Annotated[PasswordHash, HeldBack("It proves the password, and could be used to guess it.")] = field(
        repr=False
    )
    created_at: Annotated[datetime, Held("It tells how old the account is.")]
    roles: Annotated[frozenset[RoleName], Held("They decide what you may do.")] = frozenset()
    disabled: Annotated[bool, Held("A disabled account cannot sign in.")] = False
    epoch: Annotated[int, Held("Access tokens with a lower number are refused.")] = 0
    version: Annotated[int, Held("It counts the changes, so that two at once do not collide.")] = 0

    @property
    def access(self) -> Access:
        return Access(user_id=self.id, roles=self.roles, disabled=self.disabled, epoch=self.epoch)

    def granted(self, role: RoleName) -> Self:
        return replace(self, roles=self.roles | {role})

    def revoked(self, role: RoleName) -> Self:
        return replace(self, roles=self.roles - {role})

    def enabled(self) -> Self:
        return replace(self, disabled=False)

    def disabled_now(self) -> Self:
        return replace(self, disabled=True, epoch=self.epoch + 1)

    def with_password(self, password_hash: PasswordHash) -> Self:
        """Return the account with a new password. It revokes all access tokens."""
        return replace(self, password_hash=password_hash, epoch=self.epoch + 1)

    def with_chosen_password(self, password_hash: PasswordHash) -> Self:
        """Return the account with a new password that its holder chose in a session. This session continues, so the
        epoch stays; the other sessions are ended one by one."""
        return replace(self, password_hash=password_hash)

    def with_tokens_revoked(self) -> Self:
        """Return the account with all its access tokens revoked. Its sessions must be ended apart; those that continue
        refresh and get other tokens."""
        return replace(self, epoch=self.epoch + 1)

    def rehashed(self, password_hash: PasswordHash) -> Self:
        """Return the account with the same password, hashed with the current parameters."""
        return replace(self, password_hash=password_hash)

    def with_username(self, username: Username) -> Self:
        return replace(self, username=username)

    def with_email(self, email: Email) -> Self:
        return replace(self, email=email)
