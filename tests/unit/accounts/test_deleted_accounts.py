"""Accounts that are deleted, kept for a while, and restored or deleted for good."""

from datetime import timedelta

import pytest

from doorward.application.access.explain_access import ExplainAccess
from doorward.application.accounts.find_user import FindUser
from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    AccountMissing,
    EmailTaken,
    InvalidCredentials,
    InvalidLink,
    InvalidRefreshToken,
    LastAdmin,
    UsernameTaken,
)
from doorward.domain.letters.language import DEFAULT_LANGUAGE
from doorward.domain.letters.letter import LetterKind
from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Device
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal, a_user
from doorward.testing.doubles import NOON, PlainTokens
from doorward.testing.storage_access import put
from support.house import House

A_MONTH = timedelta(days=30).total_seconds()
A_MOMENT = 0.001


async def deleted(house: House, name: str = "ada") -> User:
    ada = await house.with_user(name, MODERATOR)
    await house.delete_user(ada.id, OPERATOR)
    return ada


async def test_a_deleted_account_is_found_by_nothing_that_people_do_and_its_name_stays_taken() -> None:
    """ST-08."""
    house = House()
    ada = await house.with_user("ada", MODERATOR)
    signed_in = await house.signed_in()
    token = PlainTokens().verify(signed_in.access_token.value, NOON)
    await house.delete_user(ada.id, OPERATOR)
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", PASSWORD, NOON)
    with pytest.raises(InvalidRefreshToken):
        await house.refresh(signed_in.refresh_token.value, NOON)
    assert not (await house.authorize(token, SIGNED_IN, NOON)).allowed
    for refused in (
        house.grant(ada.id, ADMIN, NOON, OPERATOR),
        house.revoke(ada.id, MODERATOR, OPERATOR),
        house.update(ada.id, UserChanges(disabled=False), OPERATOR),
        house.set_password(ada.id, OTHER_PASSWORD, NOON, OPERATOR),
        house.delete_user(ada.id, OPERATOR),
        house.end_all(ada.id, OPERATOR),
        IdentifyUser(house.storage)("ada"),
        IdentifyUser(house.storage)(str(ada.id)),
        ExplainAccess(IdentifyUser(house.storage), house.directory, house.clock)("ada", SIGNED_IN),
    ):
        with pytest.raises(AccountMissing):
            await refused
    with pytest.raises(UsernameTaken):
        await house.register("ADA", "other@example.org", PASSWORD, NOON)
    with pytest.raises(EmailTaken):
        await house.register("other", "ada@example.org", PASSWORD, NOON)


async def test_letters_and_links_of_a_deleted_account_are_void_and_stay_so_when_it_is_restored() -> None:
    """ST-08, RS-03."""
    house = House()
    ada = await house.with_user("ada")
    await house.request_reset("ada@example.org", DEFAULT_LANGUAGE, NOON)
    assert await house.send_letters() == 1
    (letter,) = house.mailer.sent
    await house.set_password(ada.id, OTHER_PASSWORD, NOON, OPERATOR)
    await house.request_reset("ada@example.org", DEFAULT_LANGUAGE, NOON + timedelta(minutes=1))
    await house.delete_user(ada.id, OPERATOR)
    house.clock.move(60)
    assert await house.send_letters() == 0
    assert house.mailer.sent == [letter]
    await house.restore(ada.id, house.clock.now(), OPERATOR)
    assert await house.send_letters() == 0
    with pytest.raises(InvalidLink):
        await house.reset_password(str(letter.token), OTHER_PASSWORD, DEFAULT_LANGUAGE, house.clock.now())


async def test_a_thief_who_deletes_the_account_does_not_get_rid_of_the_link_that_undoes() -> None:
    """VF-02: once it is restored, its owner takes it back."""
    house = House()
    ada = a_user("ada").verified(NOON)
    await put(house.storage, ada)
    signed_in = await house.signed_in()
    by = a_principal(ada, signed_in.session)
    await house.change_password(by, PASSWORD, OTHER_PASSWORD, NOON)
    await house.send_letters()
    token = str(house.mailer.sent[-1].token)
    await house.delete_own_account(by, OTHER_PASSWORD, NOON)
    with pytest.raises(InvalidLink):
        await house.undo_change(token, NOON)
    await house.restore(ada.id, NOON, OPERATOR)
    await house.undo_change(token, NOON)
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", OTHER_PASSWORD, NOON)


async def test_the_first_sign_in_after_a_restoration_is_told_if_the_device_is_new() -> None:
    house = House()
    ada = await house.with_user()
    at_home, elsewhere = (Origin(device=Device("192.0.2.7", agent)) for agent in ("curl/8.5.0", "Wget/1.25"))
    await house.authenticate("ada", PASSWORD, NOON, at_home)
    await house.delete_user(ada.id, OPERATOR)
    await house.restore(ada.id, NOON, OPERATOR)
    await house.authenticate("ada", PASSWORD, NOON, elsewhere)
    assert [letter.kind for letter in house.database.tables.letters.values()] == [LetterKind.NEW_DEVICE]


async def test_an_account_is_restored_with_its_roles_and_without_its_sessions() -> None:
    """ST-08, LG-01."""
    house = House()
    ada = await house.with_user("ada", MODERATOR)
    before = await house.signed_in()
    await house.delete_user(ada.id, OPERATOR)
    house.clock.move(A_MONTH - A_MOMENT)
    restored = await house.restore(ada.id, house.clock.now(), OPERATOR)
    assert (restored.deleted_at, restored.roles) == (None, frozenset({USER, MODERATOR}))
    assert (await house.stored(ada.id)).roles == {USER, MODERATOR}
    token = PlainTokens().verify(before.access_token.value, NOON)
    house.ended.mark_caught_up(house.clock.monotonic())
    assert not (await house.authorize(token, SIGNED_IN, house.clock.now())).allowed
    with pytest.raises(InvalidRefreshToken):
        await house.refresh(before.refresh_token.value, house.clock.now())
    await house.signed_in()
    (line,) = house.log.of(SecurityEvent.USER_RESTORED)
    assert (line["user_id"], line["by"]) == (str(ada.id), "operator")


async def test_an_account_that_was_disabled_when_it_was_deleted_is_so_when_it_is_restored() -> None:
    """AD-02."""
    house = House()
    ada = await house.with_user("ada", disabled=True)
    await house.delete_user(ada.id, OPERATOR)
    await house.restore(ada.id, NOON, OPERATOR)
    with pytest.raises(InvalidCredentials):
        await house.signed_in()


async def test_after_thirty_days_an_account_cannot_be_restored_whether_it_was_pruned_or_not() -> None:
    """ST-08."""
    house = House()
    ada = await deleted(house)
    house.clock.move(A_MONTH)
    with pytest.raises(AccountMissing):
        await house.restore(ada.id, house.clock.now(), OPERATOR)


async def test_pruning_deletes_for_good_and_frees_the_name() -> None:
    """ST-08."""
    house = House()
    ada = await deleted(house)
    await house.with_user("bob")
    house.clock.move(A_MONTH)
    assert await house.prune_deleted(house.clock.now()) == 0
    house.clock.move(A_MOMENT)
    assert await house.prune_deleted(house.clock.now()) == 1
    assert [user.username.value for user in house.database.tables.users.values()] == ["bob"]
    with pytest.raises(AccountMissing):
        await FindUser(house.storage)(ada.id)
    again = await house.register("ada", "ada@example.org", PASSWORD, house.clock.now())
    assert again != ada.id
    (line,) = house.log.of(SecurityEvent.USERS_PRUNED)
    assert line["count"] == 1


async def test_with_no_days_accounts_are_deleted_at_once_and_those_that_were_kept_so_far_are_pruned() -> None:
    house = House()
    ada = await deleted(house)
    house.deletion = DeletionPolicy(kept=timedelta(0))
    bob = await deleted(house, "bob")
    assert list(house.database.tables.users) == [ada.id]
    for user in (ada, bob):
        with pytest.raises(AccountMissing):
            await house.restore(user.id, NOON, OPERATOR)
    house.clock.move(A_MOMENT)
    assert await house.prune_deleted(house.clock.now()) == 1


async def test_a_holder_who_deleted_the_own_account_by_mistake_gets_it_back() -> None:
    house = House()
    signed_in = await house.newly_signed_in()
    await house.delete_own_account(a_principal(signed_in.user, signed_in.session), PASSWORD, NOON)
    with pytest.raises(InvalidCredentials):
        await house.signed_in()
    await house.restore(signed_in.user.id, NOON, OPERATOR)
    await house.signed_in()


async def test_restoring_an_account_that_is_not_deleted_changes_nothing() -> None:
    house = House()
    ada = await house.with_user("ada")
    before = house.database.tables.copied()
    assert await house.restore(ada.id, NOON, OPERATOR) == ada
    assert house.database.tables == before
    assert house.log.of(SecurityEvent.USER_RESTORED) == []


async def test_a_deleted_admin_is_none_until_restored() -> None:
    """AZ-05."""
    house = House()
    ada, grace = await house.with_user("ada", ADMIN), await house.with_user("grace", ADMIN)
    await house.delete_user(ada.id, OPERATOR)
    with pytest.raises(LastAdmin):
        await house.delete_user(grace.id, OPERATOR)
    await house.restore(ada.id, NOON, OPERATOR)
    await house.delete_user(grace.id, OPERATOR)


async def test_an_admin_finds_a_deleted_account_by_its_id_and_the_operator_also_by_its_name() -> None:
    house = House()
    ada = await deleted(house)
    assert (await FindUser(house.storage)(ada.id)).deleted_at == NOON
    identify = IdentifyUser(house.storage)
    assert [await identify.deleted(name) for name in ("ADA", str(ada.id))] == [ada.id] * 2
    bob = await house.with_user("bob")
    for name in ("bob", str(bob.id), "eve"):
        with pytest.raises(AccountMissing):
            await identify.deleted(name)
