from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Self

from doorward.domain.access.decision import Access
from doorward.domain.access.role import RoleName
from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.suspension import WITHOUT_END, Suspension
from doorward.domain.accounts.username import Username
from doorward.domain.ids import UserId
from doorward.domain.letters.language import Language
from doorward.domain.personal_data import Held, HeldBack


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account.

    Access tokens carry the `epoch` of their account. It grows whenever all access tokens issued so far must be refused,
    for example when the account is disabled. `version` grows with each save; it detects concurrent writers.
    """

    id: Annotated[UserId, Held("It names the account in tokens, to other services and in the audit log.")]
    username: Annotated[Username, Held("You sign in with it, and administrators know you by it.")]
    email: Annotated[Email | None, Held("You sign in with it, and letters about the account go there.")]
    """None for an account that was adopted without an address. It is asked for one at its next sign-in."""
    password_hash: Annotated[PasswordHash, HeldBack("It proves the password, and could be used to guess it.")] = field(
        repr=False
    )
    created_at: Annotated[datetime, Held("It tells how old the account is.")]
    roles: Annotated[frozenset[RoleName], Held("They decide what you may do.")] = frozenset()
    suspension: Annotated[Suspension | None, Held("An account that is disabled cannot sign in.")] = None
    """Whoever asks whether the account is disabled asks `is_enabled_at`, because a suspension can end by itself."""
    deleted_at: Annotated[datetime | None, Held("It says when the account was deleted.")] = None
    """When the account was deleted, if it can be restored. Only `DeletedUserReader` finds it then."""
    epoch: Annotated[int, Held("Access tokens with a lower number are refused.")] = 0
    version: Annotated[int, Held("It counts the changes, so that two at once do not collide.")] = 0
    alias: Annotated[Alias | None, Held("You sign in with it, as in the system that the account comes from.")] = None
    """The name with which an adopted account signed in before, if that cannot be a username."""
    external_id: Annotated[str | None, Held("It names the account in the system that it comes from.")] = None
    """The id of an adopted account in the system that it comes from."""
    email_verified_at: Annotated[datetime | None, Held("It says when you proved that the address is yours.")] = None
    """When the holder proved that they read the mail of this address; None if that is not known."""
    locale: Annotated[Language | None, Held("Letters are written in it.")] = None
    """The language of letters that no request of the holder caused; None if nobody named one."""

    @property
    def email_key(self) -> str:
        """Return the key of the email address; empty if there is none."""
        return self.email.key if self.email else ""

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None

    @property
    def access(self) -> Access:
        return Access(
            user_id=self.id,
            username=self.username.value,
            roles=self.roles,
            disabled=self.suspension is not None,
            disabled_until=self.suspension.until if self.suspension else None,
            epoch=self.epoch,
        )

    def is_enabled_at(self, now: datetime) -> bool:
        return self.suspension_at(now) is None

    def suspension_at(self, now: datetime) -> Suspension | None:
        """Return why the account is disabled at that time, or None if it is enabled."""
        return self.suspension if self.suspension and self.suspension.holds_at(now) else None

    @property
    def address(self) -> str | None:
        """Return the text of the email address."""
        return self.email.value if self.email else None

    @property
    def login_keys(self) -> tuple[str, ...]:
        """Return the keys of all names with which the account signs in."""
        return tuple(name.key for name in (self.username, self.email, self.alias) if name is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Return all names with which the account signs in. Its password must not contain them."""
        return tuple(name.value for name in (self.username, self.email, self.alias) if name is not None)

    def granted(self, role: RoleName) -> Self:
        return replace(self, roles=self.roles | {role})

    def revoked(self, role: RoleName) -> Self:
        return replace(self, roles=self.roles - {role})

    def enabled(self) -> Self:
        return replace(self, suspension=None)

    def disabled_now(self, suspension: Suspension = WITHOUT_END) -> Self:
        """Return the account, disabled from now on. It revokes all access tokens."""
        return replace(self, suspension=suspension, epoch=self.epoch + 1)

    def disabled_still(self, suspension: Suspension) -> Self:
        """Return an account that is disabled already with another reason or end."""
        return replace(self, suspension=suspension)

    def deleted_now(self, now: datetime) -> Self:
        """Return the account, deleted. It revokes all access tokens."""
        return replace(self, deleted_at=now, epoch=self.epoch + 1)

    def is_restorable(self, policy: DeletionPolicy, now: datetime) -> bool:
        return self.deleted_at is not None and self.deleted_at > policy.kept_since(now)

    def restored(self) -> Self:
        return replace(self, deleted_at=None)

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
        """Return the account with that address. Another address than before is not verified."""
        same = email.key == self.email_key
        return replace(self, email=email, email_verified_at=self.email_verified_at if same else None)

    def verified(self, now: datetime) -> Self:
        """Return the account with a verified address. One that was verified before keeps its time."""
        return replace(self, email_verified_at=self.email_verified_at or now)

    def with_locale(self, locale: Language) -> Self:
        return replace(self, locale=locale)
