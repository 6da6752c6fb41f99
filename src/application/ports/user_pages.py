"""The port of lists of accounts. Each method reads one page along one index, so that its cost does not grow with the
number of accounts. Whoever adds an order or a filter adds a method with an index of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from doorward.domain.access.role import RoleName
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId


class UserPages(Protocol):
    """Lists of accounts, page by page.

    A page has at most `limit` accounts, those that follow `after`; None begins with the first one. Only the pages of
    `deleted` have accounts that were deleted.
    """

    async def by_username(self, beginning: str, after: str | None, limit: int) -> Sequence[User]:
        """Return accounts whose username key begins so, in the order of that key."""
        ...

    async def by_email(self, beginning: str, after: str | None, limit: int) -> Sequence[User]:
        """Return accounts whose email key begins so, in the order of that key. An account without an address is not
        among them."""
        ...

    async def by_creation(
        self, after: tuple[datetime, UserId] | None, limit: int, *, latest_first: bool
    ) -> Sequence[User]:
        """Return accounts in the order of their creation, or in the opposite one. Those of the same moment follow in
        the order of their ids."""
        ...

    async def with_role(self, role: RoleName, after: UserId | None, limit: int) -> Sequence[User]:
        """Return accounts that have the role, in the order of their ids."""
        ...

    async def disabled(self, now: datetime, after: UserId | None, limit: int) -> Sequence[User]:
        """Return accounts that are disabled at that time, in the order of their ids."""
        ...

    async def deleted(self, after: tuple[datetime, UserId] | None, limit: int) -> Sequence[User]:
        """Return deleted accounts, those first that were deleted last. Those of the same moment follow in the opposite
        order of their ids."""
        ...
