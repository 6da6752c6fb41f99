from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.list_users import ListUsers
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.listing import Listing
from doorward.domain.accounts.username import Username
from doorward.domain.errors import (
    AccountMissing,
    EmailUnproven,
    InvalidCredentials,
    InvalidEmail,
    PasswordBlocked,
    RoleRequired,
    RoleUnknown,
    TransactionConflict,
    UsernameTaken,
)
from doorward.domain.ids import UserId, uuid7
from doorward.infrastructure.memory.storage import MemoryStorage, MemoryTransaction
from doorward.testing.builders import BLOCKED, PASSWORD, a_principal, a_session, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House

NOBODY = UserId(uuid7(NOON))


async def test_the_operator_creates_accounts_with_any_role_and_with_a_reserved_name() -> None:
    """SU-19: the first admin is created so; there is no default account."""
    house = House()
    admin = await house.create("admin", "admin@example.org", PASSWORD, NOON, by=OPERATOR, roles=["admin"])
    assert (await house.stored(admin.id)).roles == {USER, ADMIN}


async def test_an_account_with_an_unknown_role_is_not_created() -> None:
    house = House()
    with pytest.raises(RoleUnknown):
        await house.create("ada", "ada@example.org", PASSWORD, NOON, by=OPERATOR, roles=["emperor"])
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", PASSWORD, NOON)


async def test_an_admin_who_is_demoted_while_the_password_is_hashed_creates_no_account() -> None:
    """AZ-07: no account with the role that the admin has lost."""
    house = House()
    ada = await house.with_user("ada", ADMIN)
    await house.with_user("grace", ADMIN)
    session = a_session(ada)
    await put(house.storage, session)
    by = a_principal(ada, session, any_of(ADMIN))
    await house.create("bob", "bob@example.org", PASSWORD, NOON, by=by, roles=["admin"])
    await house.revoke(ada.id, ADMIN, OPERATOR)
    with pytest.raises(RoleRequired):
        await house.create("eve", "eve@example.org", PASSWORD, NOON, by=by, roles=["admin"])
    with pytest.raises(InvalidCredentials):
        await house.authenticate("eve", PASSWORD, NOON)


async def test_setting_a_password_replaces_the_old_one_and_ends_its_tokens() -> None:
    house = House()
    ada = await house.with_user("ada")
    await house.set_password(ada.id, "a kettle full of violets", NOON, by=OPERATOR)
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", PASSWORD, NOON)
    await house.authenticate("ada", "a kettle full of violets", NOON)
    assert (await house.stored(ada.id)).epoch == ada.epoch + 1


async def test_a_password_that_the_operator_sets_must_meet_the_same_rules() -> None:
    house = House()
    ada = await house.with_user("ada")
    set_password = house.set_password
    with pytest.raises(PasswordBlocked):
        await set_password(ada.id, BLOCKED, NOON, by=OPERATOR)
    with pytest.raises(AccountMissing):
        await set_password(NOBODY, PASSWORD, NOON, by=OPERATOR)


async def test_an_account_can_get_another_name_and_email_unless_they_are_taken() -> None:
    house = House()
    ada = await house.with_user("ada", MODERATOR)
    await house.with_user("grace")
    update = house.update
    await update(
        ada.id, UserChanges(username=Username.parse("Countess"), email=Email.parse("c@example.org")), by=OPERATOR
    )
    stored = await house.stored(ada.id)
    assert (stored.username.value, stored.address, stored.roles) == (
        "Countess",
        "c@example.org",
        frozenset({USER, MODERATOR}),
    )
    with pytest.raises(UsernameTaken):
        await update(ada.id, UserChanges(username=Username.parse("GRACE")), by=OPERATOR)
    with pytest.raises(AccountMissing):
        await update(NOBODY, UserChanges(disabled=False), by=OPERATOR)


async def test_deleting_a_missing_account_is_refused() -> None:
    house = House()
    with pytest.raises(AccountMissing):
        await house.delete_user(NOBODY, by=OPERATOR)


async def test_pages_follow_each_other_without_gap_or_overlap() -> None:
    """AD-04."""
    house = House()
    for number in range(7):
        await house.with_user(f"user{number}")
    await house.with_user("zoe")
    pages, after = [], None
    while True:
        page = await ListUsers(house.storage)(NOON, Listing(beginning="user"), after, limit=3)
        pages.append([user.username.value for user in page.users])
        if (after := page.after) is None:
            break
    assert pages == [["user0", "user1", "user2"], ["user3", "user4", "user5"], ["user6"]]


async def test_a_query_with_an_at_sign_searches_emails() -> None:
    house = House()
    await house.with_user("ada")
    await house.with_user("adam")
    page = await ListUsers(house.storage)(NOON, Listing(beginning="ada@"))
    assert [user.username.value for user in page.users] == ["ada"]


async def test_a_page_is_never_larger_than_its_maximum() -> None:
    """AD-04."""
    house = House()
    for number in range(205):
        await house.with_user(f"user{number}")
    assert len((await ListUsers(house.storage)(NOON, limit=10_000)).users) == 200
    assert len((await ListUsers(house.storage)(NOON, limit=-1)).users) == 1


async def test_an_account_is_identified_by_id_or_username() -> None:
    house = House()
    ada = await house.with_user("ada")
    identify = IdentifyUser(house.storage)
    assert [await identify(name) for name in (str(ada.id), "ADA")] == [ada] * 2
    with pytest.raises(AccountMissing):
        await identify(str(NOBODY))


@pytest.mark.parametrize(
    "text", ["ada@example.org", " Ada@example.org ", "ada\uff20example.org", "ada@example.org.", "@"]
)
async def test_an_email_identifies_no_account_because_nobody_has_proved_whose_it_is(text: str) -> None:
    """AD-07."""
    house = House()
    await house.with_user("ada")
    with pytest.raises(EmailUnproven):
        await IdentifyUser(house.storage)(text)


async def test_an_email_is_taken_where_the_administrator_accepts_that_it_is_not_verified() -> None:
    """AD-07."""
    house = House()
    ada = await house.with_user("ada")
    by_email = IdentifyUser(house.storage).by_email
    assert await by_email("Ada@EXAMPLE.org", unverified=True) == ada
    with pytest.raises(EmailUnproven):
        await by_email("ada@example.org", unverified=False)
    verified = a_user("grace").verified(house.clock.now())
    await put(house.storage, verified)
    assert await by_email("grace@example.org", unverified=False) == verified
    with pytest.raises(AccountMissing):
        await by_email("eve@example.org", unverified=True)
    with pytest.raises(InvalidEmail):
        await by_email("ada", unverified=True)


async def test_a_username_that_looks_like_an_id_is_a_username() -> None:
    house = House()
    victim = await house.with_user("victim")
    trap = await house.with_user(victim.id.hex)
    assert await IdentifyUser(house.storage)(victim.id.hex) == trap
    assert await IdentifyUser(house.storage)(str(victim.id).upper()) == victim


class ContestedStorage(MemoryStorage):
    """Rolls back the first `losses` transactions with a conflict."""

    losses = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with super().transaction() as tx:
            yield tx
            self.losses -= 1
            if self.losses >= 0:
                raise TransactionConflict(cause="test")


async def test_a_conflict_is_retried_and_raised_after_the_last_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.application.transactions.MAX_PAUSE_SECONDS", 0)
    house = House()
    storage = ContestedStorage()
    ada = a_user("ada")
    async with storage.transaction() as tx:
        await tx.users.add(ada)
    update = UpdateUser(storage, house.log, house.clock)
    storage.losses = 2
    assert (await update(ada.id, UserChanges(disabled=True), by=OPERATOR)).suspension
    storage.losses = 1000
    with pytest.raises(TransactionConflict):
        await update(ada.id, UserChanges(disabled=False), by=OPERATOR)
    async with storage.reading() as reading:
        stored = await reading.users.get(ada.id)
    assert stored is not None
    assert stored.suspension
