"""What people get of their own data: complete, with purpose and retention, and without anything secret."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta

import pytest

from doorward.application.accounts.export_own_data import MAX_AUDIT_ENTRIES, ExportOwnData
from doorward.application.accounts.own_data import HELD_BACK, KINDS, OwnData, held_back_fields, held_fields
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.audit.personal_values import annotations_of, camel
from doorward.application.ports.audit import AuditRecord
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.errors import InvalidToken, WrongPassword
from doorward.infrastructure.sql.tables import metadata
from support.builders import LOGINS, OTHER_PASSWORD, PASSWORD, a_principal, a_session
from support.doubles import NOON
from support.house import House
from support.storage_access import put

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

ABOUT_NOBODY = frozenset({"roles", "services", "leases", "signing_keys"})

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

UNANNOTATED = frozenset({"sealed", "erased", "keys"})
"""Fields of an audit record that are not stored by themselves."""


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


@pytest.mark.parametrize("kind", [kind for kinds in KINDS.values() for kind in kinds], ids=lambda kind: kind.__name__)
def test_every_field_says_what_it_is_held_for_or_why_it_is_held_back(kind: type) -> None:
    unsaid = {each.name for each in fields(kind)} - annotations_of(kind).keys()
    assert unsaid == (UNANNOTATED if kind is AuditRecord else frozenset())
    for part in held_fields().values():
        for about in part.values():
            assert about.purpose.endswith(".")
            assert about.kept.endswith(".")


async def exported(house: House, by: Principal) -> OwnData:
    return await ExportOwnData(house.storage, LOGINS)(by)


async def test_everything_about_an_account_is_exported_and_nothing_of_others() -> None:
    house = House()
    await house.with_user("grace")
    await house.signed_in("grace")
    user_id = await house.register("ada", "ada@example.org", PASSWORD, NOON)
    assert user_id is not None
    ada = await house.stored(user_id)
    await house.signed_in("ada")
    await house.request_reset("ada@example.org", "en", NOON)
    await house.send_letters()
    with pytest.raises(WrongPassword):
        await house.authenticate("ada", OTHER_PASSWORD, NOON)
    session = next(each for each in house.database.tables.sessions.values() if each.user_id == ada.id)
    parts = (await exported(house, a_principal(ada, session))).parts
    assert parts.keys() == KINDS.keys()
    assert (parts["account"]["username"], parts["account"]["email"]) == ("ada", "ada@example.org")
    assert parts["account"]["roles"] == ["user"]
    assert [each["id"] for each in parts["sessions"]] == [str(session.id)]
    assert parts["sessions"][0]["device"].keys() == {"address", "userAgent"}
    assert [letter["kind"] for letter in parts["letters"]] == ["password_reset"]
    assert [token["purpose"] for token in parts["linkTokens"]] == ["password_reset"]
    assert [count["attempts"] for count in parts["attempts"]] == [1]
    assert [entry["event"] for entry in parts["audit"]] == ["authn_login_success", "user_created"]
    assert "grace" not in str(parts)


async def test_an_export_shows_exactly_the_fields_that_have_a_purpose() -> None:
    """LG-03: no hash, no token."""
    house = House()
    signed_in = await house.newly_signed_in()
    parts = (await exported(house, a_principal(signed_in.user, signed_in.session))).parts
    top_level = {name for name in held_fields()["account"] if "." not in name}
    assert parts["account"].keys() == top_level
    assert parts["sessions"][0].keys() == {name for name in held_fields()["sessions"] if "." not in name}
    assert parts["audit"][0].keys() == held_fields()["audit"].keys()
    assert "$plain$" not in str(parts)
    assert "hash" not in str(parts).casefold()


async def test_an_administrator_is_not_identified_and_the_reason_of_a_suspension_is_not_shown() -> None:
    house = House()
    ada, root = await house.with_user("ada"), await house.with_user("root", ADMIN)
    session = a_session(root)
    await put(house.storage, session, a_session(ada))
    by = a_principal(root, session, any_of(ADMIN), address="192.0.2.7")
    suspension = Suspension(reason="spam", until=NOON + timedelta(days=1))
    update = UpdateUser(house.storage, house.log, house.clock)
    await update(ada.id, UserChanges(disabled=True, suspension=suspension), by)
    parts = (await exported(house, a_principal(ada, session))).parts
    (entry,) = parts["audit"]
    assert (entry["actor"], entry["address"], entry["sessionId"]) == ("administrator", None, None)
    assert entry["after"] == {"suspension": {"until": "2026-11-24T12:00:00Z"}}
    assert parts["account"]["suspension"] == {"until": "2026-11-24T12:00:00Z"}
    assert "spam" not in str(parts)


async def test_many_audit_entries_come_in_several_exports() -> None:
    house = House()
    ada = await house.with_user()
    session = a_session(ada)
    await put(house.storage, session)
    for _ in range(MAX_AUDIT_ENTRIES + 1):
        await house.end_all(ada.id, OPERATOR)
    by = a_principal(ada, session)
    first = await exported(house, by)
    assert len(first.parts["audit"]) == MAX_AUDIT_ENTRIES
    second = await ExportOwnData(house.storage, LOGINS)(by, first.after)
    assert [entry["number"] for entry in second.parts["audit"]] == [1]
    assert second.after is None


async def test_an_account_that_was_just_deleted_exports_nothing() -> None:
    house = House()
    ada = await house.with_user()
    async with house.storage.transaction() as tx:
        await tx.users.delete(ada.id)
    with pytest.raises(InvalidToken):
        await exported(house, a_principal(ada, a_session(ada)))
