"""Pages of accounts. `tests/integration/contracts/test_page_plans.py` shows that each follows its index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, final
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, bindparam, func, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE

from doorward.domain.access.role import RoleName
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection
from doorward.infrastructure.sql.tables import user_roles, users
from doorward.infrastructure.sql.types import SQLITE
from doorward.infrastructure.sql.user_rows import NO_ADDRESS, to_users

LAST_CHARACTER = "\U0010ffff"
"""The last code point, which sorts after every character of a key."""

BEFORE_ALL = UserId(UUID(int=0))
"""The nil UUID, which no account has."""

BEHIND_NO_ADDRESS = NO_ADDRESS + LAST_CHARACTER
"""Sorts behind the keys of accounts without an address, and before those of addresses that begin with a letter."""

NO_VALUES: Mapping[str, Any] = MappingProxyType({})

PRESENT = func.coalesce(users.c.deleted_at, null()).is_(None)
"""The condition that an account was not deleted, in a form that no index serves: a database would follow that of
deleted accounts otherwise, and sort what it finds."""


@final
class equals(FunctionElement[Any]):  # noqa: N801 named like an SQL operator
    """The condition that the first column of an index has a value, before one on the second column.

    MySQL and MariaDB may take an equality alone for the place in the index, and read all rows from there on. Two limits
    make a range of both columns. SQLite does the opposite.
    """

    type = NULLTYPE  # SQLAlchemy would compare a boolean with 1, and no index serves that
    inherit_cache = True

    def __init__(self, column: Column[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=column.type))


@compiles(equals, SQLITE)
def _sqlite_equals(element: equals, compiler: Any, **options: Any) -> str:
    column, value = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = {value}"


@compiles(equals)
def _mysql_equals(element: equals, compiler: Any, **options: Any) -> str:
    column, value = element.clauses
    least, most = column >= value, column <= value
    return f"{compiler.process(least, **options)} AND {compiler.process(most, **options)}"


def page(*order: Column[Any], where: Sequence[ColumnElement[bool]], latest_first: bool = False) -> Select[Any]:
    """Return the SELECT of a page of accounts and their roles. The limit counts accounts, so it precedes the join."""
    inner = select(users).where(*where).order_by(*directed(order, latest_first=latest_first))
    return with_roles(inner, order, latest_first=latest_first)


def with_roles(inner: Select[Any], order: Sequence[Column[Any]], *, latest_first: bool = False) -> Select[Any]:
    found = inner.limit(bindparam("count")).subquery("page")
    grants = found.outerjoin(user_roles, user_roles.c.user_id == found.c.id)
    sorted_alike = directed([found.c[column.name] for column in order], latest_first=latest_first)
    return select(found, user_roles.c.role).select_from(grants).order_by(*sorted_alike).execution_options(**MANY_ROWS)


def directed(order: Sequence[Any], *, latest_first: bool) -> list[ColumnElement[Any] | UnaryExpression[Any]]:
    return [column.desc() if latest_first else column for column in order]


def keyed_page(key: Column[str]) -> Select[Any]:
    return page(key, where=[PRESENT, key >= bindparam("first"), key < bindparam("end"), key > bindparam("after")])


BY_USERNAME = keyed_page(users.c.username_key)
BY_EMAIL = keyed_page(users.c.email_key)

CREATION = (users.c.created_at, users.c.id)
CREATED_THEN = equals(users.c.created_at, "moment")
FIRST = page(*CREATION, where=[PRESENT])
FIRST_OF_MOMENT = page(*CREATION, where=[PRESENT, CREATED_THEN, users.c.id > bindparam("after")])
FIRST_AFTER = page(*CREATION, where=[PRESENT, users.c.created_at > bindparam("moment")])
LATEST = page(*CREATION, where=[PRESENT], latest_first=True)
LATEST_OF_MOMENT = page(*CREATION, where=[PRESENT, CREATED_THEN, users.c.id < bindparam("after")], latest_first=True)
LATEST_BEFORE = page(*CREATION, where=[PRESENT, users.c.created_at < bindparam("moment")], latest_first=True)

DELETION = (users.c.deleted_at, users.c.id)
DELETED_THEN = equals(users.c.deleted_at, "moment")
DELETED_LAST = page(*DELETION, where=[users.c.deleted_at.is_not(None)], latest_first=True)
DELETED_THAT_MOMENT = page(*DELETION, where=[DELETED_THEN, users.c.id < bindparam("after")], latest_first=True)
DELETED_BEFORE = page(*DELETION, where=[users.c.deleted_at < bindparam("moment")], latest_first=True)

WITH_ROLE = with_roles(
    select(users)
    .select_from(user_roles.join(users))
    .where(equals(user_roles.c.role, "wanted"), user_roles.c.user_id > bindparam("after"), PRESENT)
    .order_by(user_roles.c.role, user_roles.c.user_id),
    [users.c.id],
)
DISABLED = with_roles(
    select(users)
    .where(
        equals(users.c.disabled, "is_disabled"),
        users.c.id > bindparam("after"),
        PRESENT,
        or_(users.c.disabled_until.is_(None), users.c.disabled_until > bindparam("now")),
    )
    .order_by(users.c.disabled, users.c.id),
    [users.c.id],
)


@final
@dataclass(frozen=True, slots=True)
class SqlUserPages:
    connection: SqlConnection

    async def by_username(self, beginning: str, after: str | None, limit: int) -> Sequence[User]:
        return await self._pages([BY_USERNAME], key_range(beginning, after), limit)

    async def by_email(self, beginning: str, after: str | None, limit: int) -> Sequence[User]:
        asked = key_range(beginning, after)
        found = await self._pages([BY_EMAIL], asked | {"end": min(asked["end"], NO_ADDRESS)}, limit)
        if len(found) == limit:
            return found
        behind = {name: max(asked[name], BEHIND_NO_ADDRESS) for name in ("first", "after")}
        return [*found, *await self._pages([BY_EMAIL], asked | behind, limit - len(found))]

    async def by_creation(
        self, after: tuple[datetime, UserId] | None, limit: int, *, latest_first: bool
    ) -> Sequence[User]:
        if after is None:
            return await self._pages([LATEST if latest_first else FIRST], NO_VALUES, limit)
        following = [LATEST_OF_MOMENT, LATEST_BEFORE] if latest_first else [FIRST_OF_MOMENT, FIRST_AFTER]
        return await self._pages(following, {"moment": after[0], "after": after[1]}, limit)

    async def with_role(self, role: RoleName, after: UserId | None, limit: int) -> Sequence[User]:
        return await self._pages([WITH_ROLE], {"wanted": role, "after": after or BEFORE_ALL}, limit)

    async def disabled(self, now: datetime, after: UserId | None, limit: int) -> Sequence[User]:
        asked = {"is_disabled": True, "now": now, "after": after or BEFORE_ALL}
        return await self._pages([DISABLED], asked, limit)

    async def deleted(self, after: tuple[datetime, UserId] | None, limit: int) -> Sequence[User]:
        if after is None:
            return await self._pages([DELETED_LAST], NO_VALUES, limit)
        return await self._pages([DELETED_THAT_MOMENT, DELETED_BEFORE], {"moment": after[0], "after": after[1]}, limit)

    async def _pages(self, statements: Sequence[Select[Any]], asked: Mapping[str, Any], limit: int) -> Sequence[User]:
        """Read one range of the index after the other until the page is full.

        A condition for all ranges at once, such as `(a, b) > (x, y)`, makes MySQL read the index from its beginning.
        """
        found: list[User] = []
        for statement in statements:
            if len(found) < limit:
                rows = await self.connection.rows(statement, {**asked, "count": limit - len(found)})
                found += to_users(rows)
        return found


def key_range(beginning: str, after: str | None) -> dict[str, str]:
    return {"first": beginning, "end": beginning + LAST_CHARACTER, "after": after or ""}
