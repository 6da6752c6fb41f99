"""Every table and column about a person is in the export of the own data, or is held back for a reason."""

from collections.abc import Mapping

import pytest

from doorward.application.accounts.own_data import HELD_BACK, held_back_fields, held_fields
from doorward.application.audit.personal_values import camel
from doorward.infrastructure.sql.tables import metadata

PARTS: Mapping[str, str] = {
    "users": "account",
    "profiles": "profile",
    "user_roles": "account",
    "sessions": "sessions",
    "letters": "letters",
    "link_tokens": "linkTokens",
    "sign_in_attempts": "attempts",
    "audit_entries": "audit",
}
"""The part of the export that shows a table."""

HELD_BACK_TABLES: Mapping[str, str] = {
    "audit_streams": "auditKey",
    "changes": "changes",
    "sign_in_codes": "signInCodes",
    "adopted_accounts": "adoptions",
    "known_agents": "knownAgents",
    "undo_links": "undoLinks",
    "invitations": "invitations",
}
"""Tables that are not shown, by the name of the reason in HELD_BACK."""

ABOUT_NOBODY = frozenset({"roles", "services", "leases", "signing_keys", "heartbeats", "nodes", "agreed_settings"})

SHOWN_AS: Mapping[str, str] = {
    "users.username_key": "username",
    "users.email_key": "email",
    "users.alias_key": "alias",
    "users.disabled": "suspension",
    "users.disabled_until": "suspension.until",
    "users.disabled_reason": "suspension.reason",
    "user_roles.user_id": "id",
    "user_roles.role": "roles",
    "user_roles.granted_at": "rolesGrantedAt",
    "profiles.user_id": "text",
    "profiles.profile": "text",
    "sessions.used_on": "lastUsedAt",
    "sessions.address": "device.address",
    "sessions.user_agent": "device.userAgent",
    "sessions.spent": "rotatedTokens",
    "link_tokens.token_hash": "hash",
}
"""The field of a column that has another name."""


def test_every_table_is_exported_or_held_back_for_a_reason_or_about_nobody() -> None:
    """A new table is a decision."""
    known = {*PARTS, *HELD_BACK_TABLES, *ABOUT_NOBODY}
    assert {table.name for table in metadata.sorted_tables} == known
    assert set(HELD_BACK_TABLES.values()) <= HELD_BACK.keys()
    for name in ABOUT_NOBODY:
        assert {"user_id", "stream", "login", "recipient"}.isdisjoint(metadata.tables[name].columns.keys())


@pytest.mark.parametrize("name", PARTS)
def test_every_column_about_an_account_is_exported_or_held_back_with_its_reason(name: str) -> None:
    part = PARTS[name]
    named = held_fields()[part].keys() | held_back_fields().get(part, {}).keys() | HELD_BACK.keys()
    columns = {f"{name}.{column}": camel(column) for column in list(metadata.tables[name].columns.keys())}
    missing = {column for column, field in columns.items() if SHOWN_AS.get(column, field) not in named}
    assert not missing, f"annotate the fields of {missing} with Held or HeldBack (domain/personal_data.py)"
