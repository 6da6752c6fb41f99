"""The port of accounts that were deleted and can be restored. No other repository finds them, except that their names
and addresses stay taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId


class DeletedUserReader(Protocol):
    async def get(self, user_id: UserId) -> User | None:
        """Return the deleted account with this id, or None."""
        ...

    async def by_username(self, key: str) -> User | None:
        """Return the deleted account with this username key, or None."""
        ...

    async def among(self, user_ids: Sequence[UserId]) -> frozenset[UserId]:
        """Return which of these accounts (any number) are deleted and kept."""
        ...


class DeletedUserRepository(DeletedUserReader, Protocol):
    async def lock(self, user_id: UserId) -> User | None:
        """Return the account and hold it until the transaction ends. What is read is what the others have committed."""
        ...

    async def strip(self, user_id: UserId) -> None:
        """Delete what must not work any more once the account is restored: its letters, the tokens of their links, and
        its code. Links that undo a change stay, and so do the known user agents. The caller holds the account, and ends
        its sessions apart."""
        ...

    async def prune(self, deleted_before: datetime, limit: int) -> int:
        """Delete at most `limit` accounts for good that were deleted before that time, and return how many. They go
        with all that they own. Nothing is announced: their sessions and tokens ended when they were deleted."""
        ...
