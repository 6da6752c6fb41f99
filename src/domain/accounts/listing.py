"""What administrators can ask of a list of accounts, and the combinations that an index serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from doorward.domain.access.role import RoleName
from doorward.domain.errors import ListingRefused


class Sort(StrEnum):
    USERNAME = "username"
    EMAIL = "email"
    EARLIEST_CREATED = "createdAt"
    LATEST_CREATED = "-createdAt"
    ID = "id"
    LATEST_DELETED = "-deletedAt"


NO_FILTER, NAME, EMAIL = "", "query", "query with an @"
ROLE, DISABLED, DELETED = "role", "disabled=true", "deleted=true"

OFFERED: Final[Mapping[str, tuple[Sort, ...]]] = MappingProxyType(
    {
        NO_FILTER: (Sort.USERNAME, Sort.EMAIL, Sort.EARLIEST_CREATED, Sort.LATEST_CREATED),
        NAME: (Sort.USERNAME,),
        EMAIL: (Sort.EMAIL,),
        ROLE: (Sort.ID,),
        DISABLED: (Sort.ID,),
        DELETED: (Sort.LATEST_DELETED,),
    }
)
"""The orders that each filter is offered in. The first one is its own, in which it is listed if none is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of accounts as an administrator asks for it."""

    beginning: str = ""
    """The folded beginning of a username or, with an `@` in it, of an email."""
    role: RoleName | None = None
    disabled: bool | None = None
    deleted: bool = False
    sort: Sort | None = None

    def order(self) -> Sort:
        """Return the order of the list. Raise ListingRefused if no index serves the combination."""
        filters = self.filters
        served = OFFERED[filters[0]] if len(filters) == 1 and filters[0] in OFFERED else ()
        order = self.sort or next(iter(served), None)
        if order is None or order not in served:
            asked = [*filter(None, filters), *([f"sort={self.sort.value}"] if self.sort else [])]
            raise ListingRefused(asked, {name: [sort.value for sort in sorts] for name, sorts in OFFERED.items()})
        return order

    @property
    def filters(self) -> list[str]:
        """Return the names of the filters that are asked for, or that of none."""
        query = EMAIL if "@" in self.beginning else NAME
        named = {
            query: bool(self.beginning),
            ROLE: self.role is not None,
            DISABLED: self.disabled is True,
            "disabled=false": self.disabled is False,
            DELETED: self.deleted,
        }
        return [name for name, is_asked in named.items() if is_asked] or [NO_FILTER]
