"""People who look at their account again get the present state without a query."""

from dataclasses import replace

import pytest

from doorward.application.change_feed.own_accounts import OwnAccount, OwnAccounts
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.user import User
from doorward.domain.sessions.session import Session
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.testing.builders import a_session, a_user
from doorward.testing.doubles import NOON, FrozenClock
from doorward.testing.storage_access import put
from support.doubles import WatchedStorage
from support.house import House

PROFILE = Profile('{"city":"Turin"}')


async def ready() -> tuple[WatchedStorage, OwnAccounts, User, Session]:
    storage, ada = WatchedStorage(), a_user("ada")
    session = a_session(ada)
    await put(storage, ada, session)
    return storage, OwnAccounts(storage, FrozenClock()), ada, session


async def change(storage: Storage, case: str, ada: User) -> OwnAccount | None:
    """Make one change and return the account that people see then."""
    async with storage.transaction() as tx:
        if case == "locale":
            await tx.users.save(replace(ada, locale="de"))
        elif case == "role":
            await tx.users.grant(ada.id, MODERATOR, NOON)
        elif case == "profile":
            await tx.profiles.put(ada.id, PROFILE)
        else:
            await tx.users.delete(ada.id)
    return {
        "locale": OwnAccount(user=replace(ada, locale="de", version=ada.version + 1), profile=None),
        "role": OwnAccount(user=ada.granted(MODERATOR), profile=None),
        "profile": OwnAccount(user=ada, profile=PROFILE),
        "deleted": None,
    }[case]


async def test_a_second_look_needs_no_query() -> None:
    storage, accounts, ada, session = await ready()
    for _ in range(100):
        assert await accounts.account(ada.id) == OwnAccount(user=ada, profile=None)
        assert await accounts.session(session.id) == session
    assert storage.readings == 2


@pytest.mark.parametrize("case", ["locale", "role", "profile", "deleted"])
async def test_a_change_by_this_node_shows_at_once(case: str) -> None:
    storage, accounts, ada, _ = await ready()
    await accounts.account(ada.id)
    expected = await change(storage, case, ada)
    assert await accounts.account(ada.id) == expected


@pytest.mark.parametrize("case", ["locale", "role", "profile", "deleted"])
async def test_a_change_by_another_node_shows_when_the_feed_was_read(case: str) -> None:
    house = House()
    ada = await house.with_user("ada")
    follower = house.follower()
    await follower.once()
    before = await house.accounts.account(ada.id)
    expected = await change(house.other_node, case, ada)
    assert await house.accounts.account(ada.id) == before
    await follower.once()
    assert await house.accounts.account(ada.id) == expected


async def test_a_session_that_ended_is_not_shown() -> None:
    storage, accounts, _, session = await ready()
    assert await accounts.session(session.id) == session
    async with storage.transaction() as tx:
        await tx.sessions.end([session])
    assert await accounts.session(session.id) is None


async def test_a_role_that_was_removed_shows_at_no_account() -> None:
    storage, accounts, ada, _ = await ready()
    async with storage.transaction() as tx:
        await tx.users.grant(ada.id, MODERATOR, NOON)
    assert await accounts.account(ada.id) == OwnAccount(user=ada.granted(MODERATOR), profile=None)
    async with storage.transaction() as tx:
        await tx.roles.remove(MODERATOR)
    assert await accounts.account(ada.id) == OwnAccount(user=ada, profile=None)


async def test_after_a_restart_of_the_feed_everything_is_read_again() -> None:
    storage, accounts, ada, session = await ready()
    await accounts.account(ada.id)
    await accounts.session(session.id)
    async with MemoryStorage(database=storage.database).transaction() as tx:
        await tx.users.delete(ada.id)
    accounts.clear()
    assert (await accounts.account(ada.id), await accounts.session(session.id)) == (None, None)
