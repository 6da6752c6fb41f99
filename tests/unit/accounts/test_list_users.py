"""Lists of accounts: which combinations are offered, and how pages follow each other."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from doorward.application.accounts.list_users import ListUsers
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.listing import OFFERED, Listing, Sort
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.errors import InvalidAfter, ListingRefused
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House

LISTS = [
    (Listing(sort=Sort.USERNAME), "ada bob eve"),
    (Listing(sort=Sort.EMAIL), "ada bob eve"),
    (Listing(sort=Sort.EARLIEST_CREATED), "eve bob ada"),
    (Listing(sort=Sort.LATEST_CREATED), "ada bob eve"),
    (Listing(beginning="a"), "ada"),
    (Listing(beginning="bob@"), "bob"),
    (Listing(disabled=True), "eve"),
    (Listing(deleted=True), "tim pat"),
]
HOUR = timedelta(hours=1)
ADA = a_user("ada")


async def peopled() -> House:
    house = House()
    ada, bob, eve = a_user("ada", ADMIN), a_user("bob", ADMIN, MODERATOR), a_user("eve", disabled=True)
    pat, tim = replace(a_user("pat"), deleted_at=NOON), replace(a_user("tim"), deleted_at=NOON + HOUR)
    bob = replace(bob, created_at=NOON - HOUR, suspension=Suspension(until=NOON))
    await put(house.storage, ada, bob, replace(eve, created_at=NOON - 2 * HOUR), pat, tim)
    return house


async def listed(house: House, listing: Listing, limit: int) -> str:
    names, after = list[str](), None
    while True:
        page = await ListUsers(house.storage)(NOON, listing, after, limit)
        names += [user.username.value for user in page.users]
        if (after := page.after) is None:
            return " ".join(names)


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize(("listing", "names"), LISTS)
async def test_each_list_has_each_of_its_accounts_once_and_in_order(listing: Listing, names: str, limit: int) -> None:
    """AD-04."""
    assert await listed(await peopled(), listing, limit) == names


async def test_a_list_by_role_is_in_the_order_of_ids() -> None:
    house = await peopled()
    admins = {str(user.id): user.username.value for user in house.database.tables.users.values() if ADMIN in user.roles}
    assert await listed(house, Listing(role=ADMIN), 1) == " ".join(admins[user_id] for user_id in sorted(admins))


@pytest.mark.parametrize(
    ("listing", "asked"),
    [
        (Listing(role=ADMIN, disabled=True), "role and disabled=true"),
        (Listing(role=ADMIN, sort=Sort.USERNAME), "role and sort=username"),
        (Listing(beginning="a", sort=Sort.LATEST_CREATED), "query and sort=-createdAt"),
        (Listing(beginning="a", sort=Sort.EMAIL), "query and sort=email"),
        (Listing(beginning="a@", sort=Sort.USERNAME), "query with an @ and sort=username"),
        (Listing(beginning="a", deleted=True), "query and deleted=true"),
        (Listing(disabled=False), "disabled=false"),
        (Listing(sort=Sort.ID), "sort=id"),
        (Listing(sort=Sort.LATEST_DELETED), "sort=-deletedAt"),
    ],
)
async def test_a_combination_that_no_index_serves_is_refused_by_its_names(listing: Listing, asked: str) -> None:
    """AD-04."""
    with pytest.raises(
        ListingRefused, match=f"^Accounts cannot be listed by {asked}. Ask for one of these: query with"
    ):
        await ListUsers(House().storage)(NOON, listing)


def test_every_order_is_offered_with_some_filter() -> None:
    assert {sort for sorts in OFFERED.values() for sort in sorts} == set(Sort)


@pytest.mark.parametrize(
    "after", ["x", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00/x", f"2026-11-23T12:00:00/{UUID(int=7)}"]
)
@pytest.mark.parametrize("listing", [Listing(sort=Sort.LATEST_CREATED), Listing(deleted=True), Listing(disabled=True)])
async def test_an_after_of_another_list_is_refused(listing: Listing, after: str) -> None:
    with pytest.raises(InvalidAfter):
        await ListUsers(House().storage)(NOON, listing, after)
