"""The query parameters of the list of accounts."""

from typing import Annotated, Literal

from litestar.params import QueryParameter

from doorward.application.accounts.list_users import MAX_PAGE_SIZE
from doorward.domain.access.role import NAME, parse_role_name
from doorward.domain.accounts.listing import Listing
from doorward.domain.accounts.username import fold
from doorward.interfaces.http.wire.text_limits import MAX_USERNAME_OR_EMAIL_CHARACTERS, PRINTABLE

QueryText = Annotated[
    str,
    QueryParameter(
        name="query",
        max_length=MAX_USERNAME_OR_EMAIL_CHARACTERS,
        pattern=PRINTABLE,
        description="The beginning of a username or, with an `@` in it, of an email.",
    ),
]
HeldRole = Annotated[
    str | None,
    QueryParameter(pattern=f"^{NAME.pattern}$", description="Only accounts that have this role."),
]
IsDisabled = Annotated[bool | None, QueryParameter(description="`true`: only accounts that are disabled now.")]
IsDeleted = Annotated[bool, QueryParameter(description="`true`: only deleted accounts that can be restored.")]
SORTS = Literal["username", "email", "createdAt", "-createdAt", "id", "-deletedAt"]
"""The values of Sort. For an enumeration, Litestar's document refers to a schema that is not in ours."""

SortedBy = Annotated[
    SORTS | None, QueryParameter(name="sort", description="The order; each filter is offered in its own.")
]
AfterKey = Annotated[
    str,
    QueryParameter(
        max_length=MAX_USERNAME_OR_EMAIL_CHARACTERS,
        pattern=PRINTABLE,
        description="The `after` of the page before.",
    ),
]
PageSize = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE)]


def filters(
    beginning: QueryText = "", role: HeldRole = None, *, disabled: IsDisabled = None, deleted: IsDeleted = False
) -> Listing:
    """Return what the list is filtered by. Raise InvalidRoleName."""
    return Listing(
        beginning=fold(beginning),
        role=None if role is None else parse_role_name(role),
        disabled=disabled,
        deleted=deleted,
    )
