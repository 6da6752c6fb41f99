"""Sessions that a transaction holds, and actors that hold their own account and another one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.access.grant_role import GrantRole
from doorward.application.access.remove_role import RemoveRole
from doorward.application.ports.repositories import SessionRepository, UserRepository
from doorward.application.ports.storage import Storage, Transaction
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN, MODERATOR, Role, RoleName
from doorward.domain.errors import RoleMissing
from doorward.domain.ids import UserId
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy, new_session_id
from doorward.testing.builders import a_principal, a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON, ListLog
from doorward.testing.storage_access import found, put, session

pytestmark = pytest.mark.asyncio(loop_scope="function")

ROUND_TRIPS = 10
"""Reads during which another transaction would finish its change if nothing was held."""

SUCCESSOR = RefreshTokenHash(b"s" * 32)


@proves(SessionRepository.lock, "Return")
async def test_a_locked_session_is_read_completely(storage: Storage) -> None:
    ada = a_user()
    hers = a_session(ada)
    await put(storage, ada, hers)
    async with storage.transaction() as tx:
        assert await tx.sessions.lock(hers.id) == hers
        assert await tx.sessions.lock(hers.id) == hers


@proves(SessionRepository.lock, "Return")
async def test_a_missing_session_is_not_locked(storage: Storage) -> None:
    async with storage.transaction() as tx:
        assert await tx.sessions.lock(new_session_id(NOON)) is None


Change = Callable[[Transaction, Session], Awaitable[object]]


@proves(SessionRepository.lock, "Another")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda tx, held: tx.sessions.end([held]), id="ends it"),
        pytest.param(lambda tx, held: tx.sessions.end_all(held.user_id, 1), id="ends all"),
        pytest.param(
            lambda tx, held: tx.sessions.rotate(held.id, held.token_hash, SUCCESSOR, SessionPolicy(), NOON),
            id="rotates its token",
        ),
    ],
)
async def test_a_change_of_a_session_waits_for_its_holder(storage: Storage, concurrent: bool, change: Change) -> None:
    ada = a_user()
    hers = a_session(ada)
    await put(storage, ada, hers)
    held, begun, changed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def second() -> None:
        await held.wait()
        async with storage.transaction() as tx:
            begun.set()
            await change(tx, hers)
            changed.set()

    task = asyncio.ensure_future(second())
    async with storage.transaction() as tx:
        await tx.sessions.lock(hers.id)
        held.set()
        if concurrent:
            await begun.wait()
        for _ in range(ROUND_TRIPS):
            assert await tx.sessions.get(hers.id) == hers
        assert not changed.is_set()
    await task
    assert await session(storage, hers.id) != hers


@proves(SessionRepository.lock, "What is read")
async def test_a_lock_on_a_session_that_is_being_ended_waits_and_finds_nothing(
    storage: Storage, concurrent: bool
) -> None:
    ada = a_user()
    hers = a_session(ada)
    await put(storage, ada, hers)
    ended, begun = asyncio.Event(), asyncio.Event()

    async def second() -> Session | None:
        await ended.wait()
        async with storage.transaction() as tx:
            begun.set()
            return await tx.sessions.lock(hers.id)

    task = asyncio.ensure_future(second())
    async with storage.transaction() as tx:
        await tx.sessions.end([hers])
        ended.set()
        if concurrent:
            await begun.wait()
        for _ in range(ROUND_TRIPS):
            await tx.users.get(ada.id)
        assert not task.done()
    assert await task is None


@proves(UserRepository.lock, "Another transaction")
async def test_admins_who_change_each_other_at_once_do_not_deadlock(storage: Storage) -> None:
    """AZ-07: a deadlock would be a TransactionConflict."""
    ada, bob = a_user("ada", ADMIN, MODERATOR), a_user("bob", ADMIN, MODERATOR)
    hers, his = a_session(ada), a_session(bob)
    await put(storage, ada, bob, hers, his)

    async def change(user_id: UserId, by: Principal) -> None:
        async with storage.transaction() as tx:
            assert (await authorize_change_of(tx, user_id, by, ListLog())).id == user_id
            await tx.users.grant(user_id, MODERATOR, NOON)

    admins = a_principal(ada, hers, any_of(ADMIN)), a_principal(bob, his, any_of(ADMIN))
    await asyncio.gather(
        *(change(user.id, by) for _ in range(5) for user in (ada, bob) for by in admins),
    )


@proves(UserRepository.lock, "Another transaction")
async def test_a_role_is_removed_while_its_holder_grants_it(storage: Storage) -> None:
    """AZ-07: they may deadlock, and then one of them runs again."""
    for number in range(5):
        editor = RoleName(f"editor{number}")
        ada, bob = a_user(f"ada{number}", ADMIN), a_user(f"bob{number}", ADMIN)
        hers, his = a_session(ada), a_session(bob)
        await put(storage, ada, bob, hers, his, Role(name=editor, created_at=NOON))
        grant_role, remove = GrantRole(storage, ListLog()), RemoveRole(storage, ListLog())
        await grant_role(ada.id, editor, NOON, OPERATOR)
        granted, removed = await asyncio.gather(
            grant_role(bob.id, editor, NOON, a_principal(ada, hers, any_of(ADMIN))),
            remove(editor, a_principal(bob, his, any_of(ADMIN))),
            return_exceptions=True,
        )
        assert removed is None
        assert granted is None or isinstance(granted, RoleMissing)
        assert [await found(storage, each.id) for each in (ada, bob)] == [ada, bob]


@proves(UserRepository.lock, "Another transaction")
async def test_the_operator_holds_the_account_that_is_changed(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await authorize_change_of(tx, ada.id, OPERATOR, ListLog()) == ada
