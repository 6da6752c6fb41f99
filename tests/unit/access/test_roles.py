import asyncio
from datetime import timedelta

import pytest

from doorward.application.access.define_role import DefineRole
from doorward.application.access.explain_access import ExplainAccess
from doorward.application.access.find_role import FindRole
from doorward.application.access.has_admin import HasAdmin
from doorward.application.access.remove_role import RemoveRole
from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import SIGNED_IN, any_of
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.errors import (
    AccountMissing,
    InvalidDescription,
    InvalidRoleName,
    LastAdmin,
    RoleBuiltIn,
    RoleMissing,
)
from doorward.domain.ids import UserId, uuid7
from doorward.testing.builders import PASSWORD, a_token, a_user
from doorward.testing.doubles import NOON, PlainTokens
from support.house import House

DISABLE = UserChanges(disabled=True)
ENABLE = UserChanges(disabled=False)


async def test_granting_and_revoking_a_role_take_effect_at_once() -> None:
    """TK-16."""
    house = House()
    ada = await house.with_user("ada")
    token = PlainTokens().verify(a_token(ada), NOON)
    assert (await house.authorize(token, any_of(MODERATOR), NOON)).reason == "role_missing"
    await house.grant(ada.id, MODERATOR, NOON, by=OPERATOR)
    assert (await house.authorize(token, any_of(MODERATOR), NOON)).granted_by == MODERATOR
    await house.revoke(ada.id, MODERATOR, by=OPERATOR)
    assert (await house.authorize(token, any_of(MODERATOR), NOON)).reason == "role_missing"


async def test_disabling_an_account_ends_its_tokens_for_ever() -> None:
    """AD-02, TK-16."""
    house = House()
    ada = await house.with_user("ada")
    token = PlainTokens().verify(a_token(ada), NOON)
    update = house.update
    await update(ada.id, DISABLE, by=OPERATOR)
    assert (await house.authorize(token, SIGNED_IN, NOON)).reason == "session_ended"
    await update(ada.id, ENABLE, by=OPERATOR)
    assert (await house.authorize(token, SIGNED_IN, NOON)).reason == "session_ended"
    await house.authenticate("ada", PASSWORD, NOON)


async def test_deleting_an_account_for_good_ends_its_tokens_and_frees_its_name() -> None:
    """ST-08."""
    house = House(deletion=DeletionPolicy(kept=timedelta(0)))
    ada = await house.with_user("ada")
    token = PlainTokens().verify(a_token(ada), NOON)
    await house.delete_user(ada.id, by=OPERATOR)
    assert (await house.authorize(token, SIGNED_IN, NOON)).reason == "session_ended"
    again = await house.register("ada", "ada@example.org", PASSWORD, NOON)
    assert again != ada.id


async def test_granting_a_role_twice_changes_nothing() -> None:
    house = House()
    ada = await house.with_user("ada")
    await house.grant(ada.id, MODERATOR, NOON, by=OPERATOR)
    await house.grant(ada.id, MODERATOR, NOON, by=OPERATOR)
    assert [event["changed"] for event in house.log.of(SecurityEvent.AUTHZ_CHANGE)] == [True, False]


async def test_a_missing_account_or_role_cannot_be_granted() -> None:
    house = House()
    ada = await house.with_user("ada")
    with pytest.raises(RoleMissing):
        await house.grant(ada.id, RoleName("emperor"), NOON, by=OPERATOR)
    with pytest.raises(AccountMissing):
        await house.grant(UserId(uuid7(NOON)), MODERATOR, NOON, by=OPERATOR)
    with pytest.raises(RoleMissing):
        await house.revoke(ada.id, RoleName("emperor"), by=OPERATOR)


async def test_the_last_admin_keeps_the_role_and_the_account() -> None:
    """AZ-05."""
    house = House()
    ada = await house.with_user("ada", ADMIN)
    await house.with_user("grace", ADMIN, disabled=True)
    for attempt in (
        house.revoke(ada.id, ADMIN, by=OPERATOR),
        house.update(ada.id, DISABLE, by=OPERATOR),
        house.delete_user(ada.id, by=OPERATOR),
    ):
        with pytest.raises(LastAdmin):
            await attempt
    assert await house.stored(ada.id) == ada


async def test_two_admins_who_remove_each_other_at_once_leave_one() -> None:
    """AZ-05."""
    house = House()
    ada, grace = await house.with_user("ada", ADMIN), await house.with_user("grace", ADMIN)
    results = await asyncio.gather(
        house.revoke(ada.id, ADMIN, by=OPERATOR), house.revoke(grace.id, ADMIN, by=OPERATOR), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), LastAdmin]


async def test_own_roles_can_be_added_and_removed_and_built_in_roles_stay() -> None:
    house = House()
    ada = await house.with_user("ada")
    define, remove = DefineRole(house.storage, house.log), RemoveRole(house.storage, house.log)
    assert (await define("editor", "writes", NOON, by=OPERATOR)).added
    assert not (await define("editor", "edits", NOON, by=OPERATOR)).added
    assert (await define("editor", None, NOON, by=OPERATOR)).role.description == "edits"
    await house.grant(ada.id, RoleName("editor"), NOON, by=OPERATOR)
    assert (await FindRole(house.storage)(RoleName("editor"))).description == "edits"
    await remove(RoleName("editor"), by=OPERATOR)
    assert RoleName("editor") not in (await house.stored(ada.id)).roles
    with pytest.raises(RoleMissing):
        await remove(RoleName("editor"), by=OPERATOR)
    with pytest.raises(RoleBuiltIn):
        await remove(ADMIN, by=OPERATOR)
    with pytest.raises(InvalidRoleName):
        await define("Editor", "", NOON, by=OPERATOR)


async def test_an_explanation_is_the_decision_of_the_guard() -> None:
    house = House()
    ada = await house.with_user("ada", MODERATOR)
    token = PlainTokens().verify(a_token(ada), NOON)
    explain = ExplainAccess(IdentifyUser(house.storage), house.directory, house.clock)
    for requirement in (any_of(MODERATOR, ADMIN), any_of(ADMIN), SIGNED_IN):
        for name in ("ada", str(ada.id)):
            explanation = await explain(name, requirement)
            assert explanation.decision == await house.authorize(token, requirement, NOON)
    with pytest.raises(AccountMissing):
        await explain("eve", SIGNED_IN)


async def test_there_is_an_admin_only_if_one_is_enabled() -> None:
    """SU-19."""
    house = House()
    has_admin = HasAdmin(house.storage, house.clock)
    await house.with_user("ada")
    await house.with_user("grace", ADMIN, disabled=True)
    assert not await has_admin()
    await house.with_user("hopper", ADMIN)
    assert await has_admin()


async def test_a_role_that_exists_only_in_a_grant_written_by_hand_can_be_revoked() -> None:
    house = House()
    ada = a_user("ada", RoleName("emperor"))
    house.storage.database.tables.users[ada.id] = ada
    await house.revoke(ada.id, RoleName("emperor"), by=OPERATOR)
    assert (await house.stored(ada.id)).roles == {USER}


@pytest.mark.parametrize("text", ["x" * 201, "two\nlines", "\u202eturned", "\x85", "zero\u200bwidth", "half \udc80"])
async def test_a_description_that_would_not_display_as_written_is_refused(text: str) -> None:
    house = House()
    with pytest.raises(InvalidDescription):
        await DefineRole(house.storage, house.log)("editor", text, NOON, by=OPERATOR)


@pytest.mark.parametrize("text", ["", "x" * 200, "Écrit — and \U0001f58b"])
async def test_a_description_of_one_line_is_stored_as_it_is(text: str) -> None:
    house = House()
    defined = await DefineRole(house.storage, house.log)("editor", text, NOON, by=OPERATOR)
    assert defined.role.description == text
