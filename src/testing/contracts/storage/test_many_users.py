"""Accounts that are added many at once."""

from dataclasses import replace

import pytest

from doorward.application.ports.repositories import UserReader, UserRepository
from doorward.application.ports.storage import Storage, Transaction
from doorward.domain.access.role import ADMIN, MODERATOR, Role, RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.errors import DomainError, EmailTaken, RoleMissing, TransactionConflict, UsernameTaken
from doorward.testing.builders import a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MANY = 1_234
"""More than two batches of any adapter."""


async def add(storage: Storage, *users: User) -> None:
    async with storage.transaction() as tx:
        await tx.users.add_all(users)


async def taken(storage: Storage, names: list[str], emails: list[str]) -> list[set[str]]:
    async with storage.reading() as reading:
        return [set(keys) for keys in await reading.users.taken(names, emails)]


async def all_of(storage: Storage) -> list[User]:
    async with storage.reading() as reading:
        return list(await reading.user_pages.by_username("", None, 10_000))


@proves(UserRepository.add_all, "Add any number")
async def test_many_accounts_come_back_as_they_were(storage: Storage) -> None:
    await put(storage, Role(name=RoleName("editor"), created_at=NOON))
    kinds = ((), (MODERATOR,), (ADMIN, MODERATOR), (RoleName("editor"),))
    users = [replace(a_user(f"user{n:05}", *kinds[n % 4], disabled=n % 3 == 0), epoch=n % 5) for n in range(MANY)]
    users[7] = replace(users[7], roles=frozenset())
    await add(storage, *users)
    assert await all_of(storage) == users


@proves(UserRepository.add_all, "Add any number")
async def test_adding_no_accounts_changes_nothing(storage: Storage) -> None:
    await add(storage)
    assert await all_of(storage) == []


@proves(UserReader, "Texts")
async def test_texts_of_many_accounts_are_stored_and_never_run_as_sql(storage: Storage) -> None:
    """ST-03: not even where many rows go in one statement."""
    texts = ["'); DROP TABLE users; --", "%s %(id)s :name ?", "\\' \" `", "a\x01b", "\U0001f512", "{0}", "'", "\\"]
    users = [
        replace(
            a_user(f"user{n}"),
            username=Username(text, text),
            email=Email(f"{text}@example.org", f"{text}@example.org"),
            password_hash=PasswordHash(text),
        )
        for n, text in enumerate(texts)
    ]
    await add(storage, *users)
    assert [await found(storage, user.id) for user in users] == users


@proves(UserRepository.add_all, "Raise")
@proves(Storage.transaction, "Roll back")
@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (a_user("ADA"), UsernameTaken),
        (replace(a_user("bob"), email=Email.parse("Ada@example.org")), EmailTaken),
        (replace(a_user("carol"), email=a_user("user3").email), EmailTaken),
        (replace(a_user("user3"), email=Email.parse("other@example.org")), UsernameTaken),
        (a_user("bob", RoleName("wizard")), RoleMissing),
    ],
    ids=["a name in use", "an email in use", "an email twice", "a name twice", "a role that is not there"],
)
async def test_if_one_account_cannot_be_added_none_is(
    storage: Storage, wrong: User, refusal: type[DomainError]
) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    with pytest.raises(refusal):
        await add(storage, *(a_user(f"user{n}") for n in range(MANY)), wrong)
    assert await all_of(storage) == [ada]


@proves(UserRepository.add, "Raise TransactionConflict")
@proves(UserRepository.add_all, "Raise")
async def test_an_id_in_use_is_refused_and_its_account_stays(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    for other in (a_user("bob"), a_user("carol")):
        with pytest.raises(TransactionConflict):
            await add(storage, replace(other, id=ada.id))
    assert await all_of(storage) == [ada]


@proves(UserRepository.add_all, "Add any number")
async def test_adding_accounts_is_not_announced(storage: Storage) -> None:
    await add(storage, a_user("ada", ADMIN), a_user("bob"))
    assert await announced(storage) == []


@proves(UserReader.taken, "Return which of these keys")
async def test_names_and_emails_in_use_are_distinguished_from_free_ones(storage: Storage) -> None:
    users = [a_user(f"user{n}") for n in range(MANY)]
    await add(storage, *users)
    names, emails = [user.username.key for user in users], [email_of(user).key for user in users]
    assert await taken(storage, [*names, "nobody"], [*emails, "nobody@example.org"]) == [{*names}, {*emails}]
    one_each = ["user1", "User2", "nobody"], ["user3@example.org"]
    assert await taken(storage, *one_each) == [{"user1"}, {"user3@example.org"}]
    assert await taken(storage, emails[:3], names[:3]) == [set(), set()]
    assert await taken(storage, [], []) == [set(), set()]


@proves(UserReader.taken, "Return which of these keys")
@proves(Transaction, "A transaction reads")
async def test_within_a_transaction_its_own_accounts_are_in_use(storage: Storage) -> None:
    ada = a_user("ada")
    async with storage.transaction() as tx:
        await tx.users.add_all([ada])
        named, reachable = await tx.users.taken(["ada"], ["bob@example.org"])
        assert named == {"ada"}
        assert not reachable
        assert await tx.users.get(ada.id) == ada
