"""Whether an account of another system can come by itself, whatever names others have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.account_entries import CLOCK_TOLERANCE, EARLIEST_CREATION
from doorward.application.adoption.wishes import NO_WISH, Wish
from doorward.application.ports.security import PasswordHasher
from doorward.domain.access.role import USER, RoleName
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.domain.adoption.wanted_name import WantedName, wanted_name
from doorward.domain.errors import Invalid, InvalidEmail
from doorward.domain.ids import UserId

ANOTHERS_ADDRESS = "It signs in with an address that is not its own."
UNTYPABLE = "Nobody could type its name here: it is too long, or contains something invisible."


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that can come, if nobody else has its names."""

    foreign: ForeignAccount
    name: WantedName
    email: Email | None
    no_address: str | None
    """Why it has no address."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of its names, without that of a username that is still to be derived."""
        return tuple(each.key for each in (self.name.username, self.email, self.name.alias) if each)

    def account(self, user_id: UserId, username: Username, roles: Mapping[str, RoleName], now: datetime) -> User:
        """Return the account with that username. A time of creation that cannot be true becomes `now`."""
        foreign = self.foreign
        created_at = foreign.created_at or now
        proved = foreign.email_verified and self.email is not None and self.email.key == login_key(foreign.email or "")
        return User(
            id=user_id,
            username=username,
            email=self.email,
            password_hash=PasswordHash(foreign.password_hash or ""),
            roles=frozenset({USER, *(roles[role] for role in foreign.roles)}),
            suspension=WITHOUT_END if foreign.disabled else None,
            created_at=created_at if EARLIEST_CREATION <= created_at <= now + CLOCK_TOLERANCE else now,
            alias=self.name.alias,
            external_id=foreign.external_id,
            email_verified_at=now if proved else None,
        )


@final
@dataclass(frozen=True, slots=True)
class Judgement:
    """Judges accounts one by one."""

    hasher: PasswordHasher

    def candidate(self, foreign: ForeignAccount, wish: Wish = NO_WISH) -> Candidate:
        """Return the account with the names that it wants. Raise Invalid, which says why it cannot come."""
        if not foreign.password_hash:
            raise Invalid("It has no password, because it signs in by other means.")
        if reason := self.hasher.unusable_reason(foreign.password_hash):
            raise Invalid(f"The hash of its password could not be used here: {reason}.")
        email, no_address = address(foreign, wish)
        if foreign.username and foreign.username.strip():
            name = names_of(foreign.username, email, wish)
        elif email or wish.username:
            name = WantedName(None, email.key.partition("@")[0] if email else "")
        else:
            raise Invalid(f"It has no name, and no address that can be used: {no_address}")
        if wish.username is not None:
            name = WantedName(Username.parse(wish.username), "", name.alias)
        return Candidate(foreign=foreign, name=name, email=email, no_address=no_address)


def names_of(username: str, email: Email | None, wish: Wish) -> WantedName:
    """Return under which names an account comes that has one. Raise Invalid."""
    name = wanted_name(username, email)
    if name is not None:
        return name
    if wish.username is None:
        raise Invalid(ANOTHERS_ADDRESS if "@" in login_key(username) else UNTYPABLE)
    return WantedName(None, "")


def address(foreign: ForeignAccount, wish: Wish) -> tuple[Email | None, str | None]:
    """Return the address, or why there is none. A name that is an address is taken for it, if there is no other. Raise
    InvalidEmail for one that the operator wishes."""
    if wish.email is not None:
        return Email.parse(wish.email), None
    if wish.no_email:
        return None, "The map says so."
    given = foreign.email.strip() if foreign.email else ""
    if not given and foreign.username and "@" in foreign.username:
        given = foreign.username
    if not given:
        return None, "It has none."
    try:
        return Email.parse(given), None
    except InvalidEmail as error:
        return None, str(error)
