import asyncio
from dataclasses import replace

import pytest

from doorward.application.ports.deleted_users import DeletedUserRepository
from doorward.application.ports.repositories import SessionRepository, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.user import User
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")


@proves(UserRepository.lock, "Return the account")
async def test_a_locked_account_is_read_completely(storage: Storage) -> None:
    ada = replace(a_user("ada", ADMIN, MODERATOR), epoch=2, version=5)
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.users.lock(ada.id) == ada
        assert await tx.users.lock(ada.id) == ada


@proves(UserRepository.lock, "Return the account")
async def test_a_missing_account_is_not_locked(storage: Storage) -> None:
    async with storage.transaction() as tx:
        assert await tx.users.lock(a_user().id) is None


@proves(UserRepository.lock, "Another transaction", "What is read")
async def test_a_lock_on_an_account_waits_for_its_holder_and_reads_what_the_holder_wrote(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    held, read = asyncio.Event(), asyncio.Event()

    async def second() -> User | None:
        await held.wait()
        async with storage.transaction() as tx:
            present = await tx.users.lock(ada.id)
            read.set()
            return present

    task = asyncio.ensure_future(second())
    async with storage.transaction() as tx:
        await tx.users.lock(ada.id)
        held.set()
        await asyncio.sleep(0)
        await tx.users.save(ada.disabled_now())
        await tx.users.grant(ada.id, MODERATOR, NOON)
        assert not read.is_set()
    assert await task == replace(ada.disabled_now().granted(MODERATOR), version=1)


@proves(DeletedUserRepository.lock, "Return the account", "What is read")
async def test_a_lock_on_a_deleted_account_waits_for_its_holder_and_reads_what_the_holder_wrote(
    storage: Storage,
) -> None:
    ada = a_user("ada").deleted_now(NOON)
    await put(storage, ada)
    held, read = asyncio.Event(), asyncio.Event()

    async def second() -> User | None:
        await held.wait()
        async with storage.transaction() as tx:
            present = await tx.deleted_users.lock(ada.id)
            read.set()
            return present

    task = asyncio.ensure_future(second())
    async with storage.transaction() as tx:
        assert await tx.deleted_users.lock(ada.id) == ada
        held.set()
        await asyncio.sleep(0)
        await tx.users.save(ada.disabled_now())
        assert not read.is_set()
    assert await task == replace(ada.disabled_now(), version=1)


@proves(SessionRepository, "Transactions that open")
async def test_opening_a_session_waits_for_the_holder_of_the_account(storage: Storage) -> None:
    """Also one who does not lock it."""
    ada = a_user("ada")
    await put(storage, ada)
    held, opened = asyncio.Event(), asyncio.Event()

    async def second() -> None:
        await held.wait()
        await put(storage, a_session(ada))
        opened.set()

    task = asyncio.ensure_future(second())
    async with storage.transaction() as tx:
        await tx.users.lock(ada.id)
        held.set()
        await asyncio.sleep(0)
        assert await tx.sessions.of_user(ada.id) == []
        assert await tx.sessions.end_all(ada.id, 1) == 0
        assert not opened.is_set()
    await task
