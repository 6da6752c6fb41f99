"""Deletion of accounts for good, with all that belongs to them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import BindParameter, Delete, Table, bindparam, delete, select

from doorward.domain.ids import UserId
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, padded
from doorward.infrastructure.sql.session_deletion import delete_sessions
from doorward.infrastructure.sql.tables import letters, link_tokens, sessions, user_roles, users

OF_ACCOUNTS: BindParameter[UserId] = bindparam("user_ids", expanding=True)


def of_accounts(table: Table) -> Delete:
    return delete(table).where(table.c.user_id.in_(OF_ACCOUNTS)).execution_options(**MANY_ROWS)


SESSIONS = select(sessions.c.id).where(sessions.c.user_id.in_(OF_ACCOUNTS)).execution_options(**MANY_ROWS)
DELETE_GRANTS = of_accounts(user_roles)
DELETE_LETTERS = of_accounts(letters)
DELETE_LINK_TOKENS = of_accounts(link_tokens)
DELETE = delete(users).where(users.c.id.in_(OF_ACCOUNTS)).execution_options(**MANY_ROWS)

OWNED: Mapping[str, Delete] = MappingProxyType(
    {
        user_roles.name: DELETE_GRANTS,
        letters.name: DELETE_LETTERS,
        link_tokens.name: DELETE_LINK_TOKENS,
    }
)
"""The tables whose rows belong to accounts, but for sessions, which are deleted in a way of their own."""


async def delete_accounts(connection: SqlConnection, user_ids: Sequence[UserId]) -> None:
    """Delete at most 500 accounts, which the caller has locked, so that no other transaction adds a role or a session
    meanwhile."""
    owners = {"user_ids": padded(user_ids)}
    await delete_sessions(connection, [row.id for row in await connection.rows(SESSIONS, owners)])
    for statement in OWNED.values():
        await connection.change(statement, owners)
    await connection.change(DELETE, owners)
