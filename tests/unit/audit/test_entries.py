"""What stands in the audit log after each change: who, what, before and after, from which address and session."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from doorward.application.access.define_role import DefineRole
from doorward.application.access.remove_role import RemoveRole
from doorward.application.accounts.unlock_user import UnlockUser
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.ports.audit import AuditQuery, AuditRecord
from doorward.application.services.register_service import RegisterService
from doorward.application.services.remove_service import RemoveService
from doorward.application.sessions.end_other_sessions import EndOtherSessions
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of
from doorward.domain.access.role import ADMIN, MODERATOR, RoleName
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.profile import Profile, ProfileChange
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.accounts.username import Username
from doorward.domain.audit.sealed_entry import SERVICE_STREAM
from doorward.domain.audit.source import Source
from doorward.domain.errors import RefreshTokenReused
from doorward.domain.ids import UserId
from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Device
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.testing.builders import LOGINS, OTHER_PASSWORD, PASSWORD, a_principal, a_session
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House

ADDRESS = "192.0.2.7"
SECRETS = (PASSWORD, OTHER_PASSWORD, "$plain$", "hash", "token_")


async def records(house: House, account: UserId | None = None) -> list[AuditRecord]:
    """The entries about the account, or about the service, the newest first."""
    async with house.storage.reading() as reading:
        found = await reading.audit.page(AuditQuery(account=account), None, 100)
    wanted = SERVICE_STREAM if account is None else account
    return [record for record in found if record.sealed.stream == wanted]


async def latest(house: House, account: UserId | None = None) -> AuditRecord:
    found = await records(house, account)
    assert found, "nothing was recorded"
    return max(found, key=lambda record: record.sealed.number)


def told(record: AuditRecord) -> tuple[str, str, object, object]:
    return record.sealed.event, record.sealed.actor, dict(record.before), dict(record.after)


async def test_an_admin_who_changes_an_account_is_named_with_address_and_session() -> None:
    """AD-03: who, what, before and after, from where."""
    house = House()
    ada, root = await house.with_user("ada"), await house.with_user("root", ADMIN)
    session = a_session(root)
    await put(house.storage, session)
    by = a_principal(root, session, any_of(ADMIN), address=ADDRESS)
    changes = UserChanges(username=Username.parse("countess"), email=Email.parse("new@example.org"))
    await UpdateUser(house.storage, house.log, house.clock)(ada.id, changes, by)
    record = await latest(house, ada.id)
    before, after = (
        {"username": "ada", "email": "ada@example.org"},
        {"username": "countess", "email": "new@example.org"},
    )
    assert told(record) == ("user_updated", str(root.id), before, after)
    assert (record.sealed.session_id, record.address) == (session.id, ADDRESS)
    assert record.sealed.at == NOON


async def test_a_sign_in_names_the_session_that_it_opened() -> None:
    house = House()
    ada = await house.with_user()
    signed_in = await house.authenticate("ada", PASSWORD, NOON, Origin(device=Device(ADDRESS, "Mozilla/5.0")))
    record = await latest(house, ada.id)
    after = {"factor": "password", "endedSessions": 0, "tokensRevoked": False}
    assert told(record) == ("authn_login_success", str(ada.id), {}, after)
    assert (record.sealed.session_id, record.address) == (signed_in.session.id, ADDRESS)


async def test_somebody_who_signs_up_is_a_visitor_with_an_address() -> None:
    house = House()
    user_id = await house.register("ada", "ada@example.org", PASSWORD, NOON, by=Source.visitor(ADDRESS))
    record = await latest(house, user_id)
    assert (record.sealed.event, record.sealed.actor, record.address) == ("user_created", "visitor", ADDRESS)
    assert (record.after["username"], record.after["roles"]) == ("ada", ["user"])


async def test_a_refresh_leaves_no_entry_unless_it_ends_the_session() -> None:
    """RF-02."""
    house = House()
    signed_in = await house.newly_signed_in()
    ada = signed_in.user
    count = len(await records(house, ada.id))
    await house.refresh(signed_in.refresh_token.value, NOON)
    assert len(await records(house, ada.id)) == count
    with pytest.raises(RefreshTokenReused):
        await house.refresh(signed_in.refresh_token.value, NOON + timedelta(minutes=1), Source.visitor(ADDRESS))
    record = await latest(house, ada.id)
    assert told(record) == ("authn_token_reuse", "visitor", {"session": str(signed_in.session.id)}, {})
    assert record.address == ADDRESS


async def test_a_change_that_changes_nothing_leaves_no_entry() -> None:
    house = House()
    ada = await house.with_user("ada", MODERATOR)
    await house.grant(ada.id, MODERATOR, NOON, OPERATOR)
    await UpdateUser(house.storage, house.log, house.clock)(ada.id, UserChanges(disabled=False), OPERATOR)
    session = a_session(ada)
    await put(house.storage, session)
    assert await EndOtherSessions(house.storage, house.log)(a_principal(ada, session)) == 0
    assert await records(house, ada.id) == []


Change = Callable[[House, UserId], Awaitable[object]]


async def renamed(house: House, user_id: UserId) -> None:
    await UpdateUser(house.storage, house.log, house.clock)(user_id, UserChanges(disabled=True), OPERATOR)


async def changed_own_password(house: House, user_id: UserId) -> None:
    user = await house.stored(user_id)
    session = a_session(user)
    await put(house.storage, session)
    await house.change_password(a_principal(user, session), PASSWORD, OTHER_PASSWORD, NOON)


async def unlocked(house: House, user_id: UserId) -> None:
    await UnlockUser(house.storage, LOGINS, house.log)(await house.stored(user_id), OPERATOR)


CHANGES: dict[str, tuple[Change, str]] = {
    "disabled": (renamed, "user_updated"),
    "granted": (lambda house, user_id: house.grant(user_id, MODERATOR, NOON, OPERATOR), "authz_change"),
    "revoked": (lambda house, user_id: house.revoke(user_id, RoleName("user"), OPERATOR), "authz_change"),
    "password changed": (changed_own_password, "authn_password_change"),
    "password set": (
        lambda house, user_id: house.set_password(user_id, OTHER_PASSWORD, NOON, OPERATOR),
        "authn_password_change",
    ),
    "all sessions ended": (lambda house, user_id: house.end_all(user_id, OPERATOR), "sessions_ended"),
    "unlocked": (unlocked, "user_unlocked"),
    "deleted": (
        lambda house, user_id: house.delete_user(user_id, OPERATOR),
        "user_deleted",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_each_change_of_an_account_leaves_one_entry_without_anything_secret(name: str) -> None:
    """AD-03, LG-03."""
    house = House()
    ada = await house.with_user()
    change, event = CHANGES[name]
    await change(house, ada.id)
    (record,) = await records(house, ada.id)
    assert record.sealed.event == event
    shown = f"{dict(record.before)} {dict(record.after)}"
    assert not [secret for secret in SECRETS if secret in shown]


async def test_roles_and_services_have_the_stream_of_the_service() -> None:
    house = House()
    await DefineRole(house.storage, house.log)("editor", "Edits.", NOON, OPERATOR)
    await DefineRole(house.storage, house.log)("editor", "Edits.", NOON, OPERATOR)
    await DefineRole(house.storage, house.log)("editor", "Edits all.", NOON, OPERATOR)
    await RemoveRole(house.storage, house.log)(RoleName("editor"), OPERATOR)
    made = await RegisterService(house.storage, RandomServiceSecrets(), house.log)("shop", NOON, OPERATOR)
    await RemoveService(house.storage, house.log)("shop", OPERATOR)
    found = sorted(await records(house), key=lambda record: record.sealed.number)
    was, became = ({"role": "editor", "description": text} for text in ("Edits.", "Edits all."))
    shop = {"service": made.service.id, "name": "shop"}
    assert [told(record) for record in found] == [
        ("authz_admin", "operator", {}, was),
        ("authz_admin", "operator", was, became),
        ("authz_admin", "operator", became, {}),
        ("service_added", "operator", {}, shop),
        ("service_removed", "operator", shop, {}),
    ]


async def test_nothing_of_a_deleted_person_can_be_read() -> None:
    """ST-08: the audit log is kept, and identifies nobody."""
    house = House(deletion=DeletionPolicy(kept=timedelta(0)))
    ada = await house.with_user()
    await house.authenticate("ada", PASSWORD, NOON, Origin(device=Device(ADDRESS, "Mozilla/5.0")))
    await house.delete_user(ada.id, OPERATOR)
    found = await records(house, ada.id)
    assert [record.sealed.event for record in found] == ["user_deleted", "authn_login_success"]
    assert all(record.erased and not record.before and not record.after for record in found)
    assert [record.address for record in found] == [None, None]


async def test_a_suspension_is_recorded_with_its_reason_and_its_end() -> None:
    house = House()
    ada = await house.with_user()
    until = NOON + timedelta(days=3)
    changes = UserChanges(disabled=True, suspension=Suspension(reason="spam", until=until))
    await UpdateUser(house.storage, house.log, house.clock)(ada.id, changes, OPERATOR)
    suspended = {"suspension": {"reason": "spam", "until": "2026-11-26T12:00:00Z"}}
    assert told(await latest(house, ada.id)) == ("user_updated", "operator", {"suspension": None}, suspended)


async def test_a_profile_is_recorded_as_it_was_and_as_it_became() -> None:
    house = House()
    ada = await house.with_user()
    update = UpdateUser(house.storage, house.log, house.clock)
    await update(ada.id, UserChanges(profile=ProfileChange(Profile.of({"floor": 1}))), OPERATOR)
    await update(ada.id, UserChanges(profile=ProfileChange(None)), OPERATOR)
    before, after = {"profile": {"floor": 1}}, {"profile": None}
    assert told(await latest(house, ada.id)) == ("user_updated", "operator", before, after)
