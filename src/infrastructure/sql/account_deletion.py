"""Deletion of accounts for good, with all that belongs to them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import BindParameter, Delete, Table, bindparam, delete, select

from doorward.domain.ids import UserId
from doorward.infrastructure.sql.audit_heads import delete_keys
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, padded
from doorward.infrastructure.sql.session_deletion import delete_sessions
from doorward.infrastructure.sql.tables import (
    known_agents,
    letters,
    link_tokens,
    profiles,
    sessions,
    sign_in_codes,
    undo_links,
    user_roles,
    users,
)

OF_ACCOUNTS: BindParameter[UserId] = bindparam("user_ids", expanding=True)


def of_accounts(table: Table) -> Delete:
    return delete(table).where(table.c.user_id.in_(OF_ACCOUNTS)).execution_options(**MANY_ROWS)


SESSIONS = select(sessions.c.id).where(sessions.c.user_id.in_(OF_ACCOUNTS)).execution_options(**MANY_ROWS)
DELETE_GRANTS = of_accounts(user_roles)
DELETE_LETTERS = of_accounts(letters)
DELETE_LINK_TOKENS = of_accounts(link_tokens)
DELETE_UNDO_LINKS = of_accounts(undo_links)
DELETE_CODES = of_accounts(sign_in_codes)
DELETE_AGENTS = of_accounts(known_agents)
DELETE_PROFILES = of_accounts(profiles)
DELETE = delete(users).where(users.c.id.in_(OF_ACCOUNTS)).execution_options(**MANY_ROWS)

KEPT: Mapping[str, Delete] = MappingProxyType(
    {
        user_roles.name: DELETE_GRANTS,
        profiles.name: DELETE_PROFILES,
        undo_links.name: DELETE_UNDO_LINKS,
        known_agents.name: DELETE_AGENTS,
    }
)
"""What belongs to accounts and is kept while a deleted account can be restored, by the names of the tables."""

VOID: Mapping[str, Delete] = MappingProxyType(
    {
        letters.name: DELETE_LETTERS,
        link_tokens.name: DELETE_LINK_TOKENS,
        sign_in_codes.name: DELETE_CODES,
    }
)
"""What is deleted at once. Sessions are deleted at once, too, in a way of their own."""


async def strip_account(connection: SqlConnection, user_id: UserId) -> None:
    for statement in VOID.values():
        await connection.change(statement, {"user_ids": [user_id]})


async def delete_accounts(connection: SqlConnection, user_ids: Sequence[UserId]) -> None:
    """Delete at most 500 accounts, which the caller has locked, so that no other transaction adds a role or a session
    meanwhile."""
    owners = {"user_ids": padded(user_ids)}
    await delete_sessions(connection, [row.id for row in await connection.rows(SESSIONS, owners)])
    for statement in (*VOID.values(), *KEPT.values()):
        await connection.change(statement, owners)
    await delete_keys(connection, user_ids)
    await connection.change(DELETE, owners)
