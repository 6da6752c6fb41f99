"""Accounts as somebody hands them over to be imported, and what is wrong with them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from doorward.application.ports.security import PasswordHasher
from doorward.domain.access.role import USER, RoleName, parse_role_name
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.errors import Invalid, RoleUnknown
from doorward.domain.ids import UserId

T = TypeVar("T")

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
MOST_TOLD = 20
AHEAD = timedelta(days=1)
"""How far another machine's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account that was read, and nothing of it checked. `line` is where it stands, from 1 on."""

    line: int
    username: str
    email: str
    password_hash: str = field(repr=False)
    roles: Sequence[str] = ()
    disabled: bool = False
    created_at: datetime | None = None
    """Aware; None for the time of the import."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, in words that hold nothing secret."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class EntryRules:
    """What an entry must be to become an account at `now`."""

    hasher: PasswordHasher
    roles: Collection[RoleName]
    now: datetime

    def account(self, entry: AccountEntry, user_id: UserId) -> User:
        """Raise an Invalid."""
        name, email = Username.parse(entry.username), Email.parse(entry.email)
        if damage := self.hasher.damage(entry.password_hash):
            raise Invalid(f"The password hash could not be used here: {damage}.")
        return User(
            id=user_id,
            username=name,
            email=email,
            password_hash=PasswordHash(entry.password_hash),
            roles=frozenset({USER, *map(self._known, entry.roles)}),
            disabled=entry.disabled,
            created_at=self.now if entry.created_at is None else self._sane(entry.created_at),
        )

    def _known(self, name: str) -> RoleName:
        role = parse_role_name(name)
        if role not in self.roles:
            raise RoleUnknown(role)
        return role

    def _sane(self, moment: datetime) -> datetime:
        if not EARLIEST <= moment <= self.now + AHEAD:
            raise Invalid("The time of creation lies before 1970 or in the future.")
        return moment


@dataclass(slots=True)
class Findings:
    """What the lines so far have shown."""

    wrong: dict[int, str] = field(default_factory=dict)
    """The first wrong lines, by their numbers, and what is wrong with them."""
    more: int = 0
    """How many there are besides."""
    existing: set[int] = field(default_factory=set)
    """Lines whose account is left as it is."""
    _lines: dict[str, int] = field(default_factory=dict)
    """Where each key was first: a username's has no `@`, an email's has one."""

    def add(self, wrong: Mapping[int, str]) -> None:
        told = sorted(wrong)[: MOST_TOLD - len(self.wrong)]
        self.wrong |= {line: wrong[line] for line in told}
        self.more += len(wrong) - len(told)

    def repeated(self, line: int, user: User) -> str | None:
        """Remember the account, and say whose name or email it has."""
        named = self._lines.setdefault(user.username.key, line)
        reachable = self._lines.setdefault(user.email.key, line)
        if named != line:
            return f"The username is that of line {named}."
        return None if reachable == line else f"The email is that of line {reachable}."


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while batch := list(islice(remaining, size)):
        yield batch
