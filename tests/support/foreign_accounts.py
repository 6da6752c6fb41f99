"""Accounts of another system, for tests of their adoption."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.testing.builders import PASSWORD


def foreign(external_id: str, username: str | None = None, email: str | None = "", **members: object) -> ForeignAccount:
    """Return an account whose password is PASSWORD. Its address is that of its name, unless one is given."""
    address = f"{username}@example.org" if email == "" and username is not None else email
    given: dict[str, object] = {"password_hash": f"$plain$1${PASSWORD}", **members}
    return ForeignAccount(external_id=external_id, username=username, email=address or None, **given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list of accounts as a source."""

    accounts: Sequence[ForeignAccount]
    name: str = "tutorial"
    batch_size: int = 2
    other_roles: tuple[str, ...] = ()

    async def count(self) -> int:
        return len(self.accounts)

    async def roles(self) -> Sequence[str]:
        held = [role for account in self.accounts for role in account.roles]
        return list(dict.fromkeys([*held, *self.other_roles]))

    async def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        for first in range(0, len(self.accounts), self.batch_size):
            yield self.accounts[first : first + self.batch_size]
