"""Every page of accounts follows one index, however many accounts there are: the databases say so themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, Select, event, text

from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.user import User
from doorward.infrastructure.sql import user_pages
from doorward.infrastructure.sql.connection import SqlConnection, connected
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from support.made_tables import make_tables
from support.mysql.server import MySQLServer

ACCOUNTS = 600
"""So many that a database prefers an index to reading everything."""

RARE = 12
"""One account of so many is disabled, and one deleted. Of many more, MySQL may rather read the table itself."""

MYSQL = pytest.param("mysql", marks=pytest.mark.full)
"""With as few accounts as these, MySQL takes two indexes for equally cheap now and then, and chooses another one."""

LIMIT = 5
MOST_ROWS_READ = 60
"""For the accounts of a page, their roles, and what the database reads to find the place in the index."""

FOLLOWED: Mapping[str, tuple[str, str]] = {
    "BY_USERNAME": ("uq_users_username_key", "username_key>"),
    "BY_EMAIL": ("uq_users_email_key", "email_key>"),
    "FIRST": ("ix_users_created_at_id", ""),
    "FIRST_OF_MOMENT": ("ix_users_created_at_id", "created_at=? AND id>"),
    "FIRST_AFTER": ("ix_users_created_at_id", "created_at>"),
    "LATEST": ("ix_users_created_at_id", ""),
    "LATEST_OF_MOMENT": ("ix_users_created_at_id", "created_at=? AND id<"),
    "LATEST_BEFORE": ("ix_users_created_at_id", "created_at<"),
    "DELETED_LAST": ("ix_users_deleted_at_id", "deleted_at>"),
    "DELETED_THAT_MOMENT": ("ix_users_deleted_at_id", "deleted_at=? AND id<"),
    "DELETED_BEFORE": ("ix_users_deleted_at_id", "deleted_at<"),
    "WITH_ROLE": ("ix_user_roles_role_user_id", "role=? AND user_id>"),
    "DISABLED": ("ix_users_disabled_id", "disabled=? AND id>"),
}
"""The index that MySQL names for each statement, and the beginning of the range that SQLite names; an empty one stands
for the whole index in its order."""

Step = Mapping[str, Any]
"""One line of a plan, by the names of its columns."""


def some_accounts() -> list[User]:
    """All of the same moment, as if they had been imported."""
    return [
        replace(
            a_user(f"u{number:03}", *([MODERATOR] if number % 2 else []), disabled=number % RARE == 1),
            deleted_at=NOON if number % RARE == 2 else None,
        )
        for number in range(ACCOUNTS)
    ]


def values(name: str, middle: User) -> dict[str, Any]:
    """Values for the parameters of a statement, of a page in the middle."""
    by_key = {"BY_USERNAME": middle.username.key, "BY_EMAIL": middle.email_key}
    asked = {"first": "u", "end": "v", "moment": NOON, "now": NOON}
    return {**asked, "wanted": MODERATOR, "is_disabled": True, "count": LIMIT, "after": by_key.get(name, middle.id)}


async def explained(connection: SqlConnection, prefix: str, name: str, middle: User) -> Sequence[Step]:
    """What the database answers to a statement with that prefix. The statement itself is run afterwards."""
    told: list[Step] = []

    def explain(_: Any, cursor: Any, sql: str, parameters: Any, *__: Any) -> None:
        cursor.execute(f"{prefix} {sql}", parameters)
        names = [column[0] for column in cursor.description]
        told.extend(dict(zip(names, row, strict=True)) for row in cursor.fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        await connection.rows(getattr(user_pages, name), values(name, middle))
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    return told


def test_every_statement_of_a_page_is_tried() -> None:
    """AD-04."""
    assert {name for name, value in vars(user_pages).items() if isinstance(value, Select)} == set(FOLLOWED)


def made(kind: str, request: pytest.FixtureRequest) -> DatabaseUrl:
    """Return the URL of a new database: rows that other tests deleted may still count in the statistics of MySQL."""
    if kind == "mysql":
        url = DatabaseUrl.parse(request.getfixturevalue("mysql_url"))
    else:
        url = DatabaseUrl(sqlite_path=request.getfixturevalue("tmp_path") / "doorward.db")
    make_tables(url)
    return url


@pytest.mark.parametrize("kind", ["sqlite", MYSQL])
async def test_every_page_follows_its_index(kind: str, request: pytest.FixtureRequest) -> None:
    """AD-04: it is read in the order of the index and not sorted, and no more is read than it needs."""
    database = made(kind, request)
    storage = SqlStorage.open(database)
    try:
        users = some_accounts()
        async with storage.transaction() as tx:
            await tx.users.add_all(users)
        middle = users[ACCOUNTS // 2]
        if database.sqlite_path is None:
            server: MySQLServer = request.getfixturevalue("mysql_server")
            server.sql(f"USE {database.database}", "ANALYZE TABLE users, user_roles")
        async with connected(storage.engines.reading, in_transaction=False) as connection:
            for name, (index, beginning) in FOLLOWED.items():
                if database.sqlite_path is not None:
                    plan = await explained(connection, "EXPLAIN QUERY PLAN", name, middle)
                    assert sqlite_follows(plan, beginning), (name, plan)
                else:
                    plan = await explained(connection, "EXPLAIN FORMAT=TRADITIONAL", name, middle)
                    assert mysql_follows(plan, index), (name, plan)
                    read = await rows_read(connection, name, middle)
                    assert read <= MOST_ROWS_READ, (name, read, plan)
    finally:
        await storage.close()


def sqlite_follows(plan: Sequence[Step], beginning: str) -> bool:
    """Whether the inner SELECT, which has the limit, reads that range of an index and sorts nothing."""
    (inner,) = [step["id"] for step in plan if step["detail"].startswith(("CO-ROUTINE", "MATERIALIZE"))]
    steps = [step["detail"] for step in plan if step["parent"] == inner]
    follows = f"({beginning}" in steps[0] if beginning else "INDEX ix_" in steps[0] and "created_at_id" in steps[0]
    return follows and "INDEX" in steps[0] and not [step for step in steps if "TEMP B-TREE" in step]


def mysql_follows(plan: Sequence[Step], index: str) -> bool:
    """Whether the inner SELECT, which has the limit, reads the index and sorts nothing."""
    inner = [step for step in plan if step["select_type"] == "DERIVED"]
    return inner[0]["key"] == index and not [step for step in inner if "filesort" in (step["Extra"] or "")]


async def rows_read(connection: SqlConnection, name: str, middle: User) -> int:
    """How many rows MySQL reads, of tables and of indexes, for one page."""
    before = await handled(connection)
    await connection.rows(getattr(user_pages, name), values(name, middle))
    return await handled(connection) - before


async def handled(connection: SqlConnection) -> int:
    """How many rows this connection has read so far, with those that MariaDB left out while it read an index."""
    status = await connection.rows(text("SHOW SESSION STATUS LIKE 'Handler%'"))
    return sum(int(row[1]) for row in status if row[0].startswith(("Handler_read", "Handler_icp_attempts")))
