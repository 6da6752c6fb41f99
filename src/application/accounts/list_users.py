from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.page_marks import id_after, moment_after, moment_mark
from doorward.application.ports.storage import Lists
from doorward.application.ports.user_pages import UserPages
from doorward.domain.accounts.listing import Listing, Sort
from doorward.domain.accounts.user import User

MAX_PAGE_SIZE = 200
EVERYBODY = Listing()


@dataclass(frozen=True, slots=True)
class Page:
    users: Sequence[User]
    after: str | None
    """Where the next page begins; None on the last page."""


@final
@dataclass(frozen=True, slots=True)
class ListUsers:
    """Lists accounts page by page. The keyset makes a late page as fast as the first."""

    storage: Lists

    async def __call__(
        self, now: datetime, listing: Listing = EVERYBODY, after: str | None = None, limit: int = 50
    ) -> Page:
        """Return one page. `limit` is limited to 1 to MAX_PAGE_SIZE. Raise ListingRefused for a combination of filters
        and order that no index serves, and InvalidAfter."""
        order, limit = listing.order(), max(1, min(limit, MAX_PAGE_SIZE))
        async with self.storage.reading() as reading:
            users = await read(reading.user_pages, listing, now, after or None, limit + 1)
        if len(users) <= limit:
            return Page(users, None)
        return Page(users[:limit], mark(order, users[limit - 1]))


async def read(pages: UserPages, listing: Listing, now: datetime, after: str | None, limit: int) -> Sequence[User]:
    match listing.order():
        case Sort.USERNAME:
            return await pages.by_username(listing.beginning, after, limit)
        case Sort.EMAIL:
            return await pages.by_email(listing.beginning, after, limit)
        case Sort.EARLIEST_CREATED | Sort.LATEST_CREATED as order:
            return await pages.by_creation(moment_after(after), limit, latest_first=order is Sort.LATEST_CREATED)
        case Sort.LATEST_DELETED:
            return await pages.deleted(moment_after(after), limit)
        case Sort.ID if listing.role is not None:
            return await pages.with_role(listing.role, id_after(after), limit)
        case Sort.ID:
            return await pages.disabled(now, id_after(after), limit)


def mark(order: Sort, last: User) -> str:
    """Return the text by which the next page begins after this account."""
    match order:
        case Sort.USERNAME:
            return last.username.key
        case Sort.EMAIL:
            return last.email_key
        case Sort.EARLIEST_CREATED | Sort.LATEST_CREATED:
            return moment_mark(last.created_at, last)
        case Sort.LATEST_DELETED:
            return moment_mark(last.deleted_at or last.created_at, last)
        case Sort.ID:
            return str(last.id)
