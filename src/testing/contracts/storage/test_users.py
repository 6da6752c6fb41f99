import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.ports.repositories import UserReader, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.password import PasswordHash, PasswordPolicy
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import (
    EmailTaken,
    RoleMissing,
    TransactionConflict,
    UsernameTaken,
)
from doorward.domain.ids import UserId, uuid7
from doorward.testing.builders import PASSWORD, a_session, a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON, ListLog, PlainHasher, ShortBlocklist
from doorward.testing.storage_access import announced, found, put, session, sessions_of

pytestmark = pytest.mark.asyncio(loop_scope="function")

NOBODY = UserId(uuid7(NOON))


@proves(UserReader.get, "Return")
@proves(UserRepository.add, "Add the account")
async def test_an_account_comes_back_as_it_was(storage: Storage) -> None:
    exact = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    ada = replace(
        a_user("Ada", MODERATOR),
        suspension=WITHOUT_END,
        epoch=7,
        version=3,
        created_at=exact,
        email_verified_at=exact,
    )
    await put(storage, ada)
    assert await found(storage, ada.id) == ada


@proves(UserRepository.add, "Add the account")
async def test_a_time_is_the_same_moment_in_every_time_zone(storage: Storage) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    ada = replace(a_user(), created_at=elsewhere)
    await put(storage, ada)
    stored = await found(storage, ada.id)
    assert stored is not None
    assert stored.created_at == NOON


@proves(UserReader.get, "Return")
async def test_a_missing_account_is_returned_as_none(storage: Storage) -> None:
    assert await found(storage, NOBODY) is None


@proves(UserRepository.add, "Raise UsernameTaken")
@pytest.mark.parametrize("other", ["ada", "ADA"])
async def test_a_username_belongs_to_one_account(storage: Storage, other: str) -> None:
    await put(storage, a_user("ada"))
    with pytest.raises(UsernameTaken):
        await put(storage, replace(a_user(other), email=Email.parse("other@example.org")))


@proves(UserRepository.add, "Raise EmailTaken")
async def test_an_email_belongs_to_one_account(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    with pytest.raises(EmailTaken):
        await put(storage, replace(a_user("bob"), email=ada.email))


@proves(UserRepository.add, "Raise UsernameTaken", "Raise EmailTaken")
async def test_if_username_and_email_are_taken_the_refusal_names_the_username(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    await put(storage, ada, bob)
    with pytest.raises(UsernameTaken):
        await put(storage, replace(a_user("carol"), username=ada.username, email=bob.email))


@proves(UserReader, "Keys")
async def test_keys_that_a_collation_would_call_equal_are_different(storage: Storage) -> None:
    """SU-09, the half of the storage: the key decides, byte by byte, and no column folds it further."""
    keys = [
        "admin",
        "Admin",
        "ADMIN",
        "admin ",
        " admin",
        "ádmin",
        "\uff41\uff44\uff4d\uff49\uff4e",
        "ad\u200bmin",
        "admin\x01",
        "ädmin",
    ]
    users = [
        replace(a_user(f"user{number}"), username=Username(f"user{number}", key)) for number, key in enumerate(keys)
    ]
    await put(storage, *users)
    async with storage.reading() as reading:
        assert [await reading.users.by_login(key) for key in keys] == users


@proves(UserRepository.add, "Raise UsernameTaken")
async def test_fifty_simultaneous_sign_ups_with_one_name_make_one_account(storage: Storage) -> None:
    """SU-09: variants that fold alike, all at the same time; everybody else hears that it is taken."""
    rules = PasswordRules(PasswordPolicy(), ShortBlocklist())
    register = RegisterUser(storage, PlainHasher(), rules, EmailVerification.OFF, ListLog())
    names = ["Grace", "GRACE", "\uff47\uff52\uff41\uff43\uff45", "gracE", "\u24bcrace"]

    async def sign_up(number: int) -> UserId | None:
        return await register(names[number % 5], f"grace{number}@example.org", PASSWORD, NOON)

    answers = await asyncio.gather(*map(sign_up, range(50)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert {type(answer) for answer in refused} == {UsernameTaken}
    assert len(refused) == 49
    async with storage.reading() as reading:
        assert len(await reading.user_pages.by_username("", None, 100)) == 1


@proves(UserRepository.add, "Add the account")
async def test_fifty_simultaneous_sign_ups_with_different_names_make_fifty_accounts(storage: Storage) -> None:
    await asyncio.gather(*(put(storage, a_user(f"user{number}")) for number in range(50)))
    async with storage.reading() as reading:
        assert len(await reading.user_pages.by_username("", None, 100)) == 50


@proves(UserRepository.add, "Raise RoleMissing")
async def test_an_account_with_a_missing_role_is_not_added(storage: Storage) -> None:
    ada = a_user("ada", RoleName("wizard"))
    with pytest.raises(RoleMissing):
        await put(storage, ada)
    assert await found(storage, ada.id) is None


@proves(UserReader.by_login, "Return the account", "If there is none")
async def test_an_account_is_found_by_its_username_or_its_email(storage: Storage) -> None:
    ada = a_user("Ada", MODERATOR)
    await put(storage, ada, a_user("bob"))
    async with storage.reading() as reading:
        assert await reading.users.by_login("ada") == ada
        assert await reading.users.by_login("ada@example.org") == ada
        assert await reading.users.by_login("Ada") is None


@proves(UserReader.by_login, "Return the account")
async def test_an_account_with_that_username_is_found_before_one_with_that_email(storage: Storage) -> None:
    ada = a_user("ada")
    named = replace(a_user("bob"), username=Username("ada@example.org", "ada@example.org"))
    await put(storage, ada, named)
    async with storage.reading() as reading:
        assert await reading.users.by_login("ada@example.org") == named


@proves(UserReader, "Texts")
@pytest.mark.parametrize(
    "key", ["", "' OR '1'='1", "%", "_da", 'ada" --', "ada\\", "ada\x01", "x" * 16_000, "{'a': 1}", "0"]
)
async def test_a_typed_name_is_only_compared_and_never_run_as_sql(storage: Storage, key: str) -> None:
    """ST-03."""
    await put(storage, a_user("ada"))
    async with storage.reading() as reading:
        assert await reading.users.by_login(key) is None
        assert await reading.user_pages.by_username(key or "x", key, 10) == []


@proves(UserReader, "Texts")
async def test_text_is_stored_and_never_run_as_sql(storage: Storage) -> None:
    """ST-03."""
    text = "'); DROP TABLE users; -- %s :name ? \\ \" ` \x01 \U0001f512"
    ada = replace(a_user(), username=Username("O'Neill", "o'neill; --"), password_hash=PasswordHash(f"$plain$1${text}"))
    await put(storage, ada)
    assert await found(storage, ada.id) == ada


@proves(UserRepository.save, "Save everything", "The stored version")
async def test_a_save_changes_everything_but_the_roles(storage: Storage) -> None:
    ada = a_user("ada", MODERATOR)
    await put(storage, ada)
    changed = replace(
        ada.with_username(Username.parse("Ada.L")).with_email(Email.parse("l@example.org")).disabled_now(),
        password_hash=PasswordHash("$plain$1$other"),
        roles=frozenset({ADMIN}),
    )
    async with storage.transaction() as tx:
        await tx.users.save(changed)
    assert await found(storage, ada.id) == replace(changed, roles=ada.roles, version=1)


@proves(UserRepository.save, "Raise UsernameTaken")
async def test_a_save_is_refused_if_the_name_or_email_is_taken(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    await put(storage, ada, bob)
    with pytest.raises(UsernameTaken):
        async with storage.transaction() as tx:
            await tx.users.save(ada.with_username(bob.username).with_email(email_of(bob)))
    with pytest.raises(EmailTaken):
        async with storage.transaction() as tx:
            await tx.users.save(ada.with_email(email_of(bob)))
    assert await found(storage, ada.id) == ada


@proves(UserRepository.save, "Raise TransactionConflict")
async def test_of_two_who_read_the_same_version_one_saves(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)

    async def save(user: User) -> None:
        async with storage.transaction() as tx:
            await tx.users.save(user)

    answers = await asyncio.gather(
        save(ada.disabled_now()), save(ada.with_password(PasswordHash("$plain$1$other"))), return_exceptions=True
    )
    assert [type(answer) for answer in answers if answer] == [TransactionConflict]
    stored = await found(storage, ada.id)
    assert stored is not None
    assert (stored.version, stored.epoch) == (1, 1)


@proves(UserRepository.save, "Raise TransactionConflict")
async def test_a_deleted_account_is_not_saved(storage: Storage) -> None:
    with pytest.raises(TransactionConflict):
        async with storage.transaction() as tx:
            await tx.users.save(a_user())


@proves(UserRepository.delete, "Delete the account", "Return")
async def test_deleting_an_account_deletes_its_grants_and_its_id_is_never_used_again(storage: Storage) -> None:
    """ST-08, the half of the storage."""
    ada = a_user("ada", ADMIN)
    await put(storage, ada, a_user("bob"))
    async with storage.transaction() as tx:
        assert await tx.users.delete(ada.id)
        assert await tx.users.get(ada.id) is None
    again = a_user("ada")
    await put(storage, again)
    async with storage.transaction() as tx:
        assert await tx.users.count_enabled(ADMIN, NOON) == 0
        assert await tx.users.access_of([ada.id]) == {}
        assert not await tx.users.delete(ada.id)
    assert await found(storage, ada.id) is None
    assert await found(storage, again.id) == again


@proves(UserRepository, "Each of `save`")
async def test_a_change_of_an_account_is_announced(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.users.grant(ada.id, MODERATOR, NOON)
        await tx.users.revoke(ada.id, MODERATOR)
        await tx.users.save(ada.disabled_now())
        await tx.users.delete(ada.id)
    assert [change for change in await announced(storage) if change == Change.of_account(ada.id)] == [
        Change.of_account(ada.id)
    ] * 4


@proves(UserRepository.delete, "Delete the account", "The end of the sessions")
async def test_deleting_an_account_deletes_its_sessions_and_announces_their_end_once(storage: Storage) -> None:
    """ST-08, the half of the storage. In the epoch after its last, so that every token that it ever had is before."""
    ada, bob = replace(a_user("ada"), epoch=7), a_user("bob")
    sessions, other = [a_session(ada) for _ in range(3)], a_session(bob)
    await put(storage, ada, bob, *sessions, other)
    async with storage.transaction() as tx:
        assert await tx.users.delete(ada.id)
    assert await announced(storage) == [Change.of_account(ada.id), Change.sessions_ended(ada.id, 8)]
    assert await sessions_of(storage, ada) == []
    assert await session(storage, sessions[0].id) is None
    assert await session(storage, other.id) == other


@proves(UserRepository, "A call")
async def test_a_call_that_changes_nothing_is_not_announced(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.users.grant(ada.id, USER, NOON)
        await tx.users.revoke(ada.id, ADMIN)
        await tx.users.delete(NOBODY)
    assert await announced(storage) == []
