"""The accounts of an import as they were read, and the errors that are found in them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from doorward.application.ports.security import PasswordHasher
from doorward.domain.access.role import USER, RoleName, parse_role_name
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.epoch import epoch_at
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.errors import Invalid, RoleUnknown
from doorward.domain.ids import UserId, uuid7

T = TypeVar("T")

UNUSABLE_IDS = frozenset({0, (1 << 128) - 1})
"""RFC 9562, sections 5.9 and 5.10."""

EARLIEST_CREATION = datetime(1970, 1, 1, tzinfo=UTC)
MAX_REPORTED_LINES = 20
PLACEHOLDER_ID = UserId(uuid7(EARLIEST_CREATION))
"""The id of accounts that are only checked and have none."""

CLOCK_TOLERANCE = timedelta(days=1)
"""How far the clock of the machine that exported the accounts may be ahead."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account as it was read, not yet checked. `line` is the number of its line, from 1 on."""

    line: int
    username: str
    email: str
    password_hash: str = field(repr=False)
    roles: Sequence[str] = ()
    disabled: bool = False
    created_at: datetime | None = None
    """Aware; None stands for the time of the import."""
    id: UserId | None = None
    """The id of the account in the system that it comes from; None stands for a new one."""
    email_verified: bool = False
    """Whether that system knew that the holder reads the mail of the address."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, in a text that contains nothing secret."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class EntryRules:
    """The rules that an entry must meet to become an account at `now`."""

    hasher: PasswordHasher
    roles: Collection[RoleName]
    now: datetime

    def account(self, entry: AccountEntry, new_id: UserId) -> User:
        """Return the account, with `new_id` unless the entry has an id. Raise Invalid."""
        if entry.id is not None and entry.id.int in UNUSABLE_IDS:
            raise Invalid("The id is the nil or the max UUID, which name nothing.")
        name, email = Username.parse(entry.username), Email.parse(entry.email)
        if reason := self.hasher.unusable_reason(entry.password_hash):
            raise Invalid(f"The password hash could not be used here: {reason}.")
        return User(
            id=new_id if entry.id is None else entry.id,
            username=name,
            email=email,
            password_hash=PasswordHash(entry.password_hash),
            roles=frozenset({USER, *map(self._known_role, entry.roles)}),
            suspension=WITHOUT_END if entry.disabled else None,
            epoch=0 if entry.id is None else epoch_at(self.now),
            created_at=self.now if entry.created_at is None else self._checked_time(entry.created_at),
            email_verified_at=self.now if entry.email_verified else None,
        )

    def _known_role(self, name: str) -> RoleName:
        role = parse_role_name(name)
        if role not in self.roles:
            raise RoleUnknown(role)
        return role

    def _checked_time(self, moment: datetime) -> datetime:
        if not EARLIEST_CREATION <= moment <= self.now + CLOCK_TOLERANCE:
            raise Invalid("The time of creation lies before 1970 or in the future.")
        return moment


@dataclass(slots=True)
class Findings:
    """The errors and existing accounts that the lines so far contain."""

    wrong: dict[int, str] = field(default_factory=dict)
    """What is wrong with the first wrong lines, by their numbers."""
    more: int = 0
    """The number of further wrong lines."""
    existing: set[int] = field(default_factory=set)
    """The lines whose account exists already and is skipped."""
    _lines: dict[str | UserId, int] = field(default_factory=dict)
    """The line of each key and id. Username keys contain no `@`, and email keys contain one, so they share a
    dictionary."""

    def add(self, wrong: Mapping[int, str]) -> None:
        reported = sorted(wrong)[: MAX_REPORTED_LINES - len(self.wrong)]
        self.wrong |= {line: wrong[line] for line in reported}
        self.more += len(wrong) - len(reported)

    def repeated(self, line: int, user: User) -> str | None:
        """Return which earlier line has the same username, email or id, if there is one; otherwise add the account."""
        username_line = self._lines.setdefault(user.username.key, line)
        email_line = self._lines.setdefault(user.email.key, line) if user.email else line
        if username_line != line:
            return f"The username is that of line {username_line}."
        if email_line != line:
            return f"The email is that of line {email_line}."
        id_line = line if user.id == PLACEHOLDER_ID else self._lines.setdefault(user.id, line)
        return None if id_line == line else f"The id is that of line {id_line}."


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while batch := list(islice(remaining, size)):
        yield batch
