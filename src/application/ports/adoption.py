"""The ports of adoption: where accounts of another system come from, and which of them came before."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from doorward.domain.adoption.foreign_account import ForeignAccount


class AccountSource(Protocol):
    """The accounts of another system at one moment. They are read, and never changed."""

    @property
    def name(self) -> str:
        """Return the name of the source, within which the ids of its accounts are unique."""
        ...

    async def count(self) -> int:
        """Return about how many accounts there are."""
        ...

    async def roles(self) -> Sequence[str]:
        """Return the names of all roles."""
        ...

    def batches(self) -> AsyncIterator[Sequence[ForeignAccount]]:
        """Yield all accounts in parts, in an order that is always the same. It can be called several times."""
        ...


class AdoptionReader(Protocol):
    async def known(self, source: str, external_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these accounts (any number) were adopted from the source, also if they were deleted here
        since."""
        ...


class AdoptionRepository(AdoptionReader, Protocol):
    async def add_all(self, source: str, external_ids: Sequence[str]) -> None:
        """Note that these accounts (any number) are adopted. Raise TransactionConflict if one of them was before."""
        ...
