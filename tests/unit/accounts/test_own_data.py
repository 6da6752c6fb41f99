"""What people get of their own data: complete, with purpose and retention, and without anything secret."""

from dataclasses import fields
from datetime import timedelta

import pytest

from doorward.application.accounts.export_own_data import MAX_AUDIT_ENTRIES, ExportOwnData
from doorward.application.accounts.own_data import KINDS, OwnData, held_fields
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.audit.personal_values import annotations_of
from doorward.application.ports.audit import AuditRecord
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.errors import InvalidToken, WrongPassword
from doorward.testing.builders import LOGINS, OTHER_PASSWORD, PASSWORD, a_principal, a_session
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House

UNANNOTATED = frozenset({"sealed", "erased", "keys"})
"""Fields of an audit record that are not stored by themselves."""


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
