"""Accounts page by page, and what the directory of access asks of many at once."""

from dataclasses import replace

import pytest

from doorward.application.ports.storage import Storage
from doorward.domain.access.decision import Access
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId, uuid7
from support.builders import a_user, email_of
from support.doubles import NOON
from support.storage_access import put


async def test_a_page_is_in_the_order_of_the_keys(storage: Storage) -> None:
    names = ["zoe", "Bob", "ada", "a-b", "a.b", "a_b", "a0b"]
    await put(storage, *map(a_user, names))
    async with storage.reading() as reading:
        page = await reading.users.page("", None, 100)
    assert [user.username.key for user in page] == sorted(name.lower() for name in names)


async def test_pages_follow_each_other_without_gap_or_overlap(storage: Storage) -> None:
    users = [a_user(f"user{number:02}", *([MODERATOR, ADMIN] if number % 2 else [])) for number in range(11)]
    await put(storage, *users)
    seen: list[User] = []
    after: str | None = None
    async with storage.reading() as reading:
        while page := await reading.users.page("", after, 4):
            assert len(page) <= 4
            seen += page
            after = page[-1].username.key
    assert seen == users


async def test_a_query_is_the_beginning_of_a_username(storage: Storage) -> None:
    await put(storage, *map(a_user, ["ada", "adam", "bob", "ad_", "nadad"]))
    async with storage.reading() as reading:
        assert [user.username.key for user in await reading.users.page("ad", None, 9)] == ["ad_", "ada", "adam"]
        assert [user.username.key for user in await reading.users.page("ad", "ada", 9)] == ["adam"]
        assert await reading.users.page("AD", None, 9) == []
        assert await reading.users.page("%", None, 9) == []


async def test_a_query_with_an_at_sign_is_the_beginning_of_an_email(storage: Storage) -> None:
    bob = replace(a_user("bob"), email=Email.parse("ada@a.example"))
    await put(storage, a_user("zoe"), a_user("ada"), bob)
    async with storage.reading() as reading:
        page = await reading.users.page("ada@", None, 9)
        assert [email_of(user).key for user in page] == ["ada@a.example", "ada@example.org"]
        assert [user.username.key for user in await reading.users.page("ada@", "ada@a.example", 9)] == ["ada"]


async def test_access_is_returned_for_the_accounts_that_exist(storage: Storage) -> None:
    ada, bob = a_user("ada", ADMIN, MODERATOR), replace(a_user("bob", disabled=True), epoch=4)
    await put(storage, ada, bob)
    async with storage.reading() as reading:
        access = await reading.users.access_of([bob.id, UserId(uuid7(NOON)), ada.id, ada.id])
    assert access == {
        ada.id: Access(user_id=ada.id, roles=frozenset({USER, ADMIN, MODERATOR}), disabled=False, epoch=0),
        bob.id: Access(user_id=bob.id, roles=frozenset({USER}), disabled=True, epoch=4),
    }


@pytest.mark.parametrize("number", [0, 1, 1203])
async def test_access_is_returned_for_any_number_of_accounts(storage: Storage, number: int) -> None:
    known = [a_user("ada"), a_user("bob")][:number]
    await put(storage, *known)
    strangers = [UserId(uuid7(NOON)) for _ in range(number - len(known))]
    async with storage.reading() as reading:
        access = await reading.users.access_of([*known_ids(known[:1]), *strangers, *known_ids(known[1:])])
    assert set(access) == {user.id for user in known}


def known_ids(users: list[User]) -> list[UserId]:
    return [user.id for user in users]
