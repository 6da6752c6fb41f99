"""Accounts page by page, and what the directory of access asks of many at once."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from doorward.application.ports.repositories import UserReader
from doorward.application.ports.storage import Storage
from doorward.application.ports.user_pages import UserPages
from doorward.domain.access.decision import Access
from doorward.domain.access.role import ADMIN, MODERATOR, USER, RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId, uuid7
from doorward.testing.builders import a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")


@proves(UserPages.by_username, "Return accounts whose username key")
async def test_a_page_is_in_the_order_of_the_keys(storage: Storage) -> None:
    names = ["zoe", "Bob", "ada", "a-b", "a.b", "a_b", "a0b"]
    await put(storage, *map(a_user, names))
    async with storage.reading() as reading:
        page = await reading.user_pages.by_username("", None, 100)
    assert [user.username.key for user in page] == sorted(name.lower() for name in names)


@proves(UserPages, "A page has")
async def test_pages_follow_each_other_without_gap_or_overlap(storage: Storage) -> None:
    users = [a_user(f"user{number:02}", *([MODERATOR, ADMIN] if number % 2 else [])) for number in range(11)]
    await put(storage, *users)
    seen: list[User] = []
    after: str | None = None
    async with storage.reading() as reading:
        while page := await reading.user_pages.by_username("", after, 4):
            assert len(page) <= 4
            seen += page
            after = page[-1].username.key
    assert seen == users


@proves(UserPages.by_username, "Return accounts whose username key")
async def test_a_query_is_the_beginning_of_a_username(storage: Storage) -> None:
    await put(storage, *map(a_user, ["ada", "adam", "bob", "ad_", "nadad"]))
    async with storage.reading() as reading:
        assert [user.username.key for user in await reading.user_pages.by_username("ad", None, 9)] == [
            "ad_",
            "ada",
            "adam",
        ]
        assert [user.username.key for user in await reading.user_pages.by_username("ad", "ada", 9)] == ["adam"]
        assert await reading.user_pages.by_username("AD", None, 9) == []
        assert await reading.user_pages.by_username("%", None, 9) == []


@proves(UserPages.by_email, "Return")
async def test_a_query_with_an_at_sign_is_the_beginning_of_an_email(storage: Storage) -> None:
    bob = replace(a_user("bob"), email=Email.parse("ada@a.example"))
    await put(storage, a_user("zoe"), a_user("ada"), bob)
    async with storage.reading() as reading:
        page = await reading.user_pages.by_email("ada@", None, 9)
        assert [email_of(user).key for user in page] == ["ada@a.example", "ada@example.org"]
        assert [user.username.key for user in await reading.user_pages.by_email("ada@", "ada@a.example", 9)] == ["ada"]


@proves(UserPages.by_email, "An account")
async def test_accounts_without_an_address_are_on_no_page_by_email(storage: Storage) -> None:
    """An adopted account may have none. The others follow each other, whether their keys sort before or behind."""
    unreachable = [replace(a_user(name), email=None) for name in ("bob", "carl", "dora")]
    await put(storage, *unreachable, *map(a_user, ["1st", "ada", "zoe"]))
    seen: list[str] = []
    async with storage.reading() as reading:
        while page := await reading.user_pages.by_email("", seen[-1] if seen else None, 2):
            assert len(seen) < 6
            seen += [user.email_key for user in page]
    assert seen == ["1st@example.org", "ada@example.org", "zoe@example.org"]


@proves(UserReader.access_of, "Return", "Unknown")
async def test_access_is_returned_for_the_accounts_that_exist(storage: Storage) -> None:
    ada, bob = a_user("ada", ADMIN, MODERATOR), replace(a_user("bob", disabled=True), epoch=4)
    await put(storage, ada, bob)
    async with storage.reading() as reading:
        access = await reading.users.access_of([bob.id, UserId(uuid7(NOON)), ada.id, ada.id])
    assert access == {
        ada.id: Access(
            user_id=ada.id, username="ada", roles=frozenset({USER, ADMIN, MODERATOR}), disabled=False, epoch=0
        ),
        bob.id: Access(user_id=bob.id, username="bob", roles=frozenset({USER}), disabled=True, epoch=4),
    }


@proves(UserReader.access_of, "Return")
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


def with_ids_in_order(users: Iterable[User]) -> list[User]:
    accounts = list(users)
    ids = sorted(UserId(uuid7(NOON)) for _ in accounts)
    return [replace(user, id=user_id) for user, user_id in zip(accounts, ids, strict=True)]


def names(users: Sequence[User]) -> str:
    return " ".join(user.username.value.replace("user", "u") for user in users)


async def all_pages(read: Callable[[User | None], Awaitable[Sequence[User]]]) -> str:
    """The names of all pages, each page after the last account of the one before."""
    told, last = list[str](), None
    while page := await read(last):
        told.append(names(page))
        last = page[-1]
    return " | ".join(told)


MOMENTS = [NOON, NOON, NOON, NOON + timedelta(microseconds=1), NOON - timedelta(days=1), NOON]


@proves(UserPages.by_creation, "Return", "Those")
async def test_accounts_are_paged_in_the_order_of_their_creation_both_ways(storage: Storage) -> None:
    """AD-04: also those that were all created at the same moment, as imported ones are."""
    named = (replace(a_user(f"user{number}"), created_at=moment) for number, moment in enumerate(MOMENTS))
    users = with_ids_in_order(named)
    await put(storage, *users, replace(a_user("gone"), deleted_at=NOON))
    async with storage.reading() as reading:
        pages = reading.user_pages

        def marked(last: User | None) -> tuple[datetime, UserId] | None:
            return (last.created_at, last.id) if last else None

        assert (
            await all_pages(lambda last: pages.by_creation(marked(last), 2, latest_first=False))
            == "u4 u0 | u1 u2 | u5 u3"
        )
        assert (
            await all_pages(lambda last: pages.by_creation(marked(last), 4, latest_first=True)) == "u3 u5 u2 u1 | u0 u4"
        )


@proves(UserPages.with_role, "Return accounts that have the")
async def test_accounts_with_a_role_are_paged_by_their_ids_with_all_their_roles(storage: Storage) -> None:
    """AD-04."""
    users = with_ids_in_order(a_user(f"user{n}", *([ADMIN, MODERATOR] if n % 2 else [])) for n in range(7))
    await put(storage, *users, replace(a_user("gone", ADMIN), deleted_at=NOON))
    async with storage.reading() as reading:
        pages = reading.user_pages
        assert await all_pages(lambda last: pages.with_role(ADMIN, last.id if last else None, 2)) == "u1 u3 | u5"
        assert (await pages.with_role(ADMIN, users[4].id, 9)) == [users[5]]
        assert await pages.with_role(RoleName("nobodys"), None, 9) == []


@proves(UserPages.disabled, "Return accounts that are disabled")
async def test_accounts_that_are_disabled_at_a_time_are_paged_by_their_ids(storage: Storage) -> None:
    """AD-02, AD-04: one whose suspension is over is not among them."""
    suspensions = [
        None,
        Suspension(),
        Suspension(until=NOON),
        Suspension(until=NOON + timedelta(seconds=1)),
        Suspension(),
    ]
    users = with_ids_in_order(replace(a_user(f"user{n}"), suspension=each) for n, each in enumerate(suspensions))
    await put(storage, *users, replace(a_user("gone", disabled=True), deleted_at=NOON))
    async with storage.reading() as reading:
        pages = reading.user_pages
        assert await all_pages(lambda last: pages.disabled(NOON, last.id if last else None, 2)) == "u1 u3 | u4"
        assert await pages.disabled(NOON + timedelta(days=1), None, 9) == [users[1], users[4]]


@proves(UserPages.deleted, "Return", "Those")
async def test_deleted_accounts_are_paged_from_the_last_deletion_on(storage: Storage) -> None:
    """AD-04: also those of the same moment."""
    times = [NOON, NOON, NOON - timedelta(hours=1), NOON + timedelta(microseconds=1)]
    users = with_ids_in_order(
        replace(a_user(f"user{number}", MODERATOR), deleted_at=moment) for number, moment in enumerate(times)
    )
    await put(storage, *users, a_user("present"))

    def marked(last: User | None) -> tuple[datetime, UserId] | None:
        return (last.deleted_at, last.id) if last and last.deleted_at else None

    async with storage.reading() as reading:
        pages = reading.user_pages
        assert await all_pages(lambda last: pages.deleted(marked(last), 1)) == "u3 | u1 | u0 | u2"
        assert await all_pages(lambda last: pages.deleted(marked(last), 2)) == "u3 u1 | u0 u2"
        assert await pages.deleted(None, 1) == [users[3]]


@proves(UserPages, "Only the pages")
async def test_a_deleted_account_is_on_no_page_by_name(storage: Storage) -> None:
    await put(storage, a_user("ada"), replace(a_user("adam"), deleted_at=NOON))
    async with storage.reading() as reading:
        assert names(await reading.user_pages.by_username("ad", None, 9)) == "ada"
        assert names(await reading.user_pages.by_email("", None, 9)) == "ada"
