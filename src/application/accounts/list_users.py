from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import fold

MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Page:
    users: Sequence[User]
    after: str | None
    """Where the next page begins; None on the last page."""


@final
@dataclass(frozen=True, slots=True)
class ListUsers:
    """Lists accounts in the order of their usernames, page by page. The keyset makes a late page as fast as the
    first."""

    storage: Storage

    async def __call__(self, query: str = "", after: str | None = None, limit: int = 50) -> Page:
        """Return one page. `query` is the beginning of a username or, if it contains an `@`, of an email; the order is
        then that of the emails. `limit` is limited to 1 to MAX_PAGE_SIZE."""
        folded, limit = fold(query), max(1, min(limit, MAX_PAGE_SIZE))
        async with self.storage.reading() as reading:
            users = await reading.users.page(folded, after, limit + 1)
        if len(users) <= limit:
            return Page(users, None)
        last = users[limit - 1]
        by_email = last.email is not None and "@" in folded
        return Page(users[:limit], last.email.key if last.email and by_email else last.username.key)
